"""The keys that stored secrets are read with: known by their marks, carried only in sealed backups.

A mark tells whether two keys are the same and nothing else about them: scrypt, so that a weak one is not guessed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from msp.backup.errors import BackupError
from msp.config import Settings

ENCRYPTION_KEYS, SECRET_KEY = "encryption-keys", "secret-key"
BEFORE = ".before-restore"


def mark(key: str) -> str:
    """What a key is known by."""
    return hashlib.scrypt(key.encode(), salt=b"guardia key", n=2**14, r=8, p=1, dklen=8).hex()


def told(settings: Settings) -> dict[str, str]:
    """The keys of this installation by the names under which MSP_HOME/secrets keeps them."""
    return {ENCRYPTION_KEYS: ",".join(settings.encryption_keys), SECRET_KEY: settings.secret_key}


def strange(settings: Settings, key_marks: list[str], secret_key_mark: str) -> list[str]:
    """Which settings do not hold the keys that a backup's secrets were made with."""
    here = {mark(key) for key in settings.encryption_keys}
    names = [] if here.issuperset(key_marks) else ["MSP_ENCRYPTION_KEYS"]
    return names if mark(settings.secret_key) == secret_key_mark else [*names, "SECRET_KEY"]


def are_kept(settings: Settings) -> bool:
    """Whether this installation keeps its keys under MSP_HOME/secrets instead of being told them."""
    folder = settings.home / "secrets"
    return all(
        (folder / name).is_file() and (folder / name).read_text().strip() == key for name, key in told(settings).items()
    )


def keep(folder: Path, keys: dict[str, str]) -> list[str]:
    """Write keys into a folder, for us alone; returns which replaced another, which lies beside it then."""
    if unknown := keys.keys() - {ENCRYPTION_KEYS, SECRET_KEY}:
        raise BackupError(f"The backup holds keys of an unknown kind: {', '.join(unknown)}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    replaced = []
    for name, key in keys.items():
        path, fresh = folder / name, folder / f".{name}.restored"
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(key)
        if path.exists() and path.read_text().strip() != key:
            os.replace(path, folder / f"{name}{BEFORE}")
            replaced.append(name)
        os.replace(fresh, path)
    return replaced


def put_back(folder: Path, names: list[str]) -> None:
    """Undo what `keep` replaced."""
    for name in names:
        os.replace(folder / f"{name}{BEFORE}", folder / name)

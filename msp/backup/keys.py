"""The encryption keys of stored secrets: identified by fingerprints, included only in sealed backups.

A fingerprint shows only whether two keys are equal; it uses scrypt, so that a weak key cannot be guessed.
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
    """The fingerprint of a key."""
    return hashlib.scrypt(key.encode(), salt=b"guardia key", n=2**14, r=8, p=1, dklen=8).hex()


def configured(settings: Settings) -> dict[str, str]:
    """This installation's keys, by their names in MSP_HOME/secrets."""
    return {ENCRYPTION_KEYS: ",".join(settings.encryption_keys), SECRET_KEY: settings.secret_key}


def strange(settings: Settings, key_marks: list[str], secret_key_mark: str) -> list[str]:
    """The settings that lack the keys with which a backup's secrets were encrypted."""
    here = {mark(key) for key in settings.encryption_keys}
    names = [] if here.issuperset(key_marks) else ["MSP_ENCRYPTION_KEYS"]
    return names if mark(settings.secret_key) == secret_key_mark else [*names, "SECRET_KEY"]


def are_kept(settings: Settings) -> bool:
    """Whether this installation stores its keys in MSP_HOME/secrets instead of reading them from the environment."""
    folder = settings.home / "secrets"
    return all(
        (folder / name).is_file() and (folder / name).read_text().strip() == key
        for name, key in configured(settings).items()
    )


def keep(folder: Path, keys: dict[str, str]) -> list[str]:
    """Write keys to a folder, readable by this user only; returns those that replaced another (kept as a copy)."""
    if unknown := keys.keys() - {ENCRYPTION_KEYS, SECRET_KEY}:
        raise BackupError(f"The backup contains keys of an unknown kind: {', '.join(unknown)}")
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
    """Undo the replacements of `keep`."""
    for name in names:
        os.replace(folder / f"{name}{BEFORE}", folder / name)

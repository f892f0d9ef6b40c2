"""`msp backup` and `msp restore`: their arguments and output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

from msp import embedded
from msp.backup import archive, restoring, saving
from msp.backup.archive import BackupManifest
from msp.backup.errors import BackupError
from msp.backup.sealing import LEAST_PASSPHRASE, is_sealed
from msp.config import Settings
from msp.kernel import clock


@dataclass(frozen=True)
class Unlocking:
    """Sources of a passphrase; asked for at a terminal if there is none."""

    settings: Settings
    file: str | None

    def given(self) -> str:
        """The configured passphrase, from the setting or its file; empty if there is none."""
        return Path(self.file).read_text().strip() if self.file else self.settings.backup_passphrase

    def to_seal(self, encrypt: bool | None) -> str:
        """The passphrase to seal with, empty for a plain backup; raises BackupError for a weak one."""
        given = self.given()
        if encrypt is False or (encrypt is None and not given):
            return ""
        if not given and sys.stdin.isatty():
            given = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        if len(given) < LEAST_PASSPHRASE:
            raise BackupError(
                f"A passphrase of at least {LEAST_PASSPHRASE} characters is needed: MSP_BACKUP_PASSPHRASE"
            )
        return given

    def to_open(self, path: Path) -> str:
        """The passphrase of a sealed backup; empty for a plain one."""
        with path.open("rb") as handle:
            if not is_sealed(handle.read(32)):
                return ""
        if not (given := self.given()) and sys.stdin.isatty():
            given = click.prompt("Passphrase", hide_input=True, err=True)
        return given


def save(settings: Settings, file: str, *, encrypt: bool | None, passphrase_file: str | None) -> None:
    """Save to a file, or to standard output if it is «-», verify it, and report what was saved."""
    with _errors_as_backup_errors():
        passphrase = Unlocking(settings, passphrase_file).to_seal(encrypt)
        with embedded.running(settings):
            if file == "-":
                made = saving.save(settings, sys.stdout.buffer, passphrase=passphrase, at=clock.now())
                sys.stdout.buffer.flush()
            else:
                made = _save_to_file(settings, Path(file), passphrase)
            saving.note(settings, made)
    _say(f"Saved: {_what(made)}.")
    _report_faults(made)


def check(settings: Settings, file: str, *, passphrase_file: str | None) -> None:
    """Verify a backup and report its content; raises BackupError if it is damaged."""
    with _errors_as_backup_errors():
        manifest = archive.verify(Path(file), Unlocking(settings, passphrase_file).to_open(Path(file)))
    _say(f"Whole, and as it was written: {_what(manifest)}.")
    _report_faults(manifest)


def restore(settings: Settings, file: Path, *, passphrase_file: str | None, replaces: bool, other_keys: bool) -> None:
    """Restore a backup and report what was restored."""
    if not settings.owns_database:
        raise BackupError("DATABASE_URL names the restricted login: restore with the owner's address")
    with _errors_as_backup_errors():
        passphrase = Unlocking(settings, passphrase_file).to_open(file)
        with embedded.running(settings):
            manifest = restoring.restore(
                settings, file, passphrase=passphrase, replaces=replaces, other_keys=other_keys
            )
    _say(f"Restored: {_what(manifest)}.")
    _report_faults(manifest)


def take_keys(settings: Settings, file: Path, folder: Path, *, passphrase_file: str | None) -> None:
    """Extract only the keys from a sealed backup."""
    with _errors_as_backup_errors():
        restoring.take_keys(file, folder, passphrase=Unlocking(settings, passphrase_file).to_open(file))
    _say(f"The keys are in {folder}: name its files in MSP_ENCRYPTION_KEYS_FILE and SECRET_KEY_FILE.")


def _save_to_file(settings: Settings, path: Path, passphrase: str) -> BackupManifest:
    with saving.new_file(path) as target:
        made = saving.save(settings, target, passphrase=passphrase, at=clock.now())
    if archive.verify(path, passphrase) != made:
        raise BackupError(f"{path} does not read back as it was written")
    return made


def _what(manifest: BackupManifest) -> str:
    kept = "with its keys" if manifest.secrets else "without keys"
    return (
        f"the desk of {manifest.made_at} at revision {manifest.revision}, {manifest.rows} rows in "
        f"{len(manifest.tables)} tables, {manifest.files} files of {manifest.file_bytes} bytes, {kept}"
    )


def _report_faults(manifest: BackupManifest) -> None:
    for key in manifest.missing:
        _say(f"The stored file {key} was missing where this was saved.")
    for key in manifest.damaged:
        _say(f"The stored file {key} was damaged where this was saved.")


def _say(line: str) -> None:
    click.echo(line, err=True)  # standard output may be the backup itself


@contextmanager
def _errors_as_backup_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg.OperationalError) as fault:
        raise BackupError(str(fault).strip()) from fault

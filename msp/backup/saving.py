"""Back up an installation while it serves: one database snapshot, then the stored files that it refers to."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg.types.json import Jsonb

from msp.backup import archive, keys, tables
from msp.backup.archive import ArchiveWriter, BackupManifest
from msp.backup.errors import BackupError
from msp.config import Settings, libpq_url
from msp.operations.figures import LAST_BACKUP


def save(settings: Settings, target: IO[bytes], *, passphrase: str, at: datetime) -> BackupManifest:
    """Write a backup of the current state (dated `at`); sealed if a passphrase is given.

    Files are read after the snapshot: a stored file never changes, and is written before its row. Raises BackupError.
    """
    with tables.snapshot(settings) as connection, archive.writing(target, passphrase) as writer:
        manifest = _began(settings, connection, at=at)
        writer.add_json("backup.json", {name: archive.written(manifest)[name] for name in ("format", "made_at")})
        tables.save_tables(connection, writer, manifest)
        _save_files(settings, connection, writer, manifest)
        if passphrase:
            for name, key in keys.configured(settings).items():
                writer.add(f"secrets/{name}", key.encode())
                manifest.secrets.append(name)
        writer.add_json("manifest.json", archive.written(manifest))
    return manifest


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name, readable by us only, once it is complete on disk; never overwrites."""
    if path.exists():
        raise BackupError(f"{path} is there already")
    fresh = path.with_name(f".{path.name}.partial")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def note(settings: Settings, manifest: BackupManifest) -> None:
    """Record the time of the last backup."""
    with psycopg.connect(libpq_url(settings.app_database_url)) as connection:
        connection.execute("set local role msp_system")
        connection.execute(
            "insert into setting (name, value, updated_at) values (%s, %s, %s)"
            " on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at",
            [LAST_BACKUP, Jsonb({"at": manifest.made_at}), datetime.fromisoformat(manifest.made_at)],
        )


def _began(settings: Settings, connection: tables.Connection, *, at: datetime) -> BackupManifest:
    row = connection.execute("select version_num from alembic_version").fetchone()
    if row is None:
        raise BackupError("There is nothing to back up: the database was never migrated")
    return BackupManifest(
        revision=row[0],
        made_at=at.isoformat(),
        postgres=connection.info.server_version // 10000,
        key_marks=[keys.mark(key) for key in settings.encryption_keys],
        secret_key_mark=keys.mark(settings.secret_key),
    )


def _save_files(
    settings: Settings, connection: tables.Connection, writer: ArchiveWriter, manifest: BackupManifest
) -> None:
    """Every stored file; missing or damaged ones are reported and do not stop the backup."""
    folder = settings.home / "files"
    for path in sorted(folder.glob("[0-9a-f][0-9a-f]/*")):
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = _Digesting(file)
            writer.add_stream(f"files/{path.name}", content, size)  # type: ignore[arg-type]  # it only reads
        manifest.files += 1
        manifest.file_bytes += size
        if content.hexdigest() != path.name:
            manifest.damaged[path.name] = content.hexdigest()
    wanted = connection.execute("select distinct storage_key from attachment where storage_key is not null order by 1")
    manifest.missing = [key for (key,) in wanted if not (folder / key[:2] / key).is_file()]


class _Digesting:
    """A file whose SHA-256 is known after it was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._digest.update(block)
        return block

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

"""Restore a backup: everything in one commit, or nothing.

The backup is first read and verified. Then the current schema is renamed, the migrations create an empty one of the
backup's revision, and one transaction fills it, compares it, and drops the renamed schema. Until that commit, any error
or crash leads back to the previous state.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import psycopg
from alembic.script import ScriptDirectory

from msp.backup import archive, keys, tables
from msp.backup.archive import BackupManifest
from msp.backup.errors import BackupError
from msp.config import Settings, libpq_url
from msp.kernel import migrate

FORMER_SCHEMA = "before_restore"  # name of the previous schema until the restore commits


def restore(settings: Settings, path: Path, *, passphrase: str, replaces: bool, other_keys: bool) -> BackupManifest:
    """Replace an empty installation (any, with `replaces`) by a backup, then migrate it to the newest revision.

    Needs the owner's URL, and no running processes. `other_keys` continues if the current keys cannot decrypt the
    backup's secrets. Raises BackupError without having changed anything.
    """
    source = _Source(path, passphrase, archive.verify(path, passphrase))
    _refuse_unknown_revision(source.manifest)
    taken = _keys_to_take(settings, source, other_keys=other_keys)
    with psycopg.connect(libpq_url(settings.database_url), autocommit=True) as owner:
        _refuse_company(settings, owner)
        _undo_cut_off(owner)
        if not replaces and _has_rows(owner):
            raise BackupError("This installation is not empty: restore into an empty one, or say --replace")
        with _empty_schema(owner):
            migrate.upgrade(settings, revision=source.manifest.revision)
            with _files(settings) as files:
                _load(source, owner, files, keys_into=settings.home / "secrets", taken=taken)
        owner.execute("analyze")
    files.forget_others()
    migrate.upgrade(replace(settings, secret_key=taken.get(keys.SECRET_KEY, settings.secret_key)))
    return source.manifest


def take_keys(path: Path, folder: Path, *, passphrase: str) -> None:
    """Write the keys of a sealed backup into a folder, as files for NAME_FILE settings."""
    source = _Source(path, passphrase, archive.verify(path, passphrase))
    if not source.manifest.secrets:
        raise BackupError("This backup carries no keys: only a sealed one does")
    keys.keep(folder, source.keys())


@dataclass(frozen=True)
class _Source:
    """A verified backup."""

    path: Path
    passphrase: str
    manifest: BackupManifest

    def keys(self) -> dict[str, str]:
        """The keys in it."""
        with archive.reading(self.path, self.passphrase) as members:
            found = ((name.partition("/"), content) for name, content in members)
            return {name: content.read().decode() for (kind, _, name), content in found if kind == "secrets"}


def _refuse_unknown_revision(manifest: BackupManifest) -> None:
    known = {script.revision for script in ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions()}
    if manifest.revision not in known:
        raise BackupError(
            f"The backup is of revision {manifest.revision}, which this version does not know: use the version that "
            "made it, or a newer one"
        )


def _keys_to_take(settings: Settings, source: _Source, *, other_keys: bool) -> dict[str, str]:
    manifest = source.manifest
    strange = keys.strange(settings, manifest.key_marks, manifest.secret_key_mark)
    if not strange or other_keys:
        return {}
    if manifest.secrets and keys.are_kept(settings):
        return source.keys()
    names = " and ".join(strange)
    where = (
        "msp restore --keys-to FOLDER takes them out of this backup"
        if manifest.secrets
        else "this backup is not sealed and carries none"
    )
    raise BackupError(
        f"{names} of this installation cannot read the secrets of the backup: set what was set where it was made "
        f"({where}), or say --other-keys and enter connections and passwords again"
    )


def _refuse_company(settings: Settings, owner: tables.Connection) -> None:
    query = "select count(*) from pg_stat_activity where datname = current_database() and usename = %s"
    row = owner.execute(query, [settings.database_login]).fetchone()
    if row and row[0]:
        raise BackupError("The desk is running: stop web, workers and clock (or msp run) before you restore")


def _has_rows(owner: tables.Connection) -> bool:
    """Whether any table has a row, ignoring row-level security."""
    with owner.transaction(force_rollback=True):
        for (table,) in owner.execute(
            "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
            " and relname <> 'alembic_version'"
        ).fetchall():
            owner.execute(f"alter table {table} no force row level security".encode())
            row = owner.execute(f"select exists (select from {table})".encode()).fetchone()  # noqa: S608
            if row and row[0]:
                return True
    return False


@contextmanager
def _empty_schema(owner: tables.Connection) -> Iterator[None]:
    """Provide an empty schema inside the block; the previous one is restored unless the block drops it."""
    with owner.transaction():
        owner.execute(f"alter schema public rename to {FORMER_SCHEMA}".encode())
        owner.execute("create schema public")
        owner.execute("grant usage on schema public to public")  # as in every new database
        _move_extensions(owner, FORMER_SCHEMA, "public")
    try:
        yield
    except BaseException:
        _undo_cut_off(owner)
        raise


def _undo_cut_off(owner: tables.Connection) -> None:
    """Undo an interrupted restore."""
    if owner.execute("select from pg_namespace where nspname = %s", [FORMER_SCHEMA]).fetchone() is None:
        return
    if _has_rows(owner):
        raise BackupError(
            f"A restore was cut off, and the desk was used since: its former data are in the schema {FORMER_SCHEMA}. "
            "Drop the one you do not want, public or that one, manually"
        )
    with owner.transaction():
        _move_extensions(owner, "public", FORMER_SCHEMA)
        owner.execute("drop schema public cascade")
        owner.execute(f"alter schema {FORMER_SCHEMA} rename to public".encode())


def _move_extensions(owner: tables.Connection, here: str, there: str) -> None:
    query = "select quote_ident(extname) from pg_extension where extnamespace = %s::regnamespace"
    for (name,) in owner.execute(query, [here]).fetchall():
        owner.execute(f"alter extension {name} set schema {there}".encode())


def _load(source: _Source, owner: tables.Connection, files: Files, *, keys_into: Path, taken: dict[str, str]) -> None:
    """Fill the empty schema in one transaction; files and keys are in place when it commits."""
    replaced: list[str] = []
    try:
        with owner.transaction():
            loading = tables.load_tables(owner, source.manifest)
            with archive.reading(source.path, source.passphrase) as members:
                for name, content in members:
                    kind, _, rest = name.partition("/")
                    if kind == "tables":
                        loading.add(rest.partition("/")[0], content)
                    elif kind == "files":
                        files.add(rest, content, digest=source.manifest.damaged.get(rest, rest))
            loading.finish()
            files.put_in_place()
            owner.execute(f"drop schema {FORMER_SCHEMA} cascade".encode())
            replaced = keys.keep(keys_into, taken)
    except BaseException:
        keys.put_back(keys_into, replaced)
        raise


@contextmanager
def _files(settings: Settings) -> Iterator[Files]:
    files = Files(settings.home / "files")
    try:
        yield files
    except BaseException:
        files.take_back()
        raise
    finally:
        shutil.rmtree(files.incoming, ignore_errors=True)


class Files:
    """The restored files: staged next to their places until the database is filled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.incoming = folder / "restoring"
        self._names: set[str] = set()
        self._new: list[Path] = []

    def add(self, key: str, content: IO[bytes], *, digest: str) -> None:
        """Write one file; raises BackupError if its SHA-256 is not `digest`."""
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise BackupError(f"The backup contains a file with an invalid name: {key}")
        self.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = hashlib.sha256()
        with os.fdopen(os.open(self.incoming / key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for block in archive.blocks(content):
                found.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if found.hexdigest() != digest:
            raise BackupError(f"The backup changed while it was read: {key}")
        self._names.add(key)

    def put_in_place(self) -> None:
        """Move every file to its final place."""
        for name in self._names:
            place = self._folder / name[:2] / name
            place.parent.mkdir(mode=0o700, exist_ok=True)
            if not place.exists():
                self._new.append(place)
            os.replace(self.incoming / name, place)

    def take_back(self) -> None:
        """Remove the files added by `put_in_place`."""
        for place in self._new:
            place.unlink(missing_ok=True)

    def forget_others(self) -> None:
        """Remove the stored files of the replaced installation."""
        for file in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if file.name not in self._names:
                file.unlink()

"""Copies tables out of a snapshot and into an empty database by COPY, independent of the PostgreSQL version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from msp.backup.archive import PART, ArchiveWriter, BackupManifest, BackupTable, blocks
from msp.backup.errors import BackupError
from msp.config import Settings, libpq_url
from msp.kernel.migrate import LOCK

Connection = psycopg.Connection[TupleRow]

_SAME_TEXT = (
    "select set_config(name, value, true) from (values ('datestyle', 'ISO, YMD'), ('timezone', 'UTC'),"
    " ('intervalstyle', 'postgres'), ('extra_float_digits', '1'), ('bytea_output', 'hex'),"
    " ('synchronize_seqscans', 'off'), ('max_parallel_workers_per_gather', '0'),"
    " ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0')) as given (name, value)"
)
_TABLES = (
    "select c.relname::text from pg_class c where c.relkind in ('r', 'p') and c.relname <> 'alembic_version'"
    " and c.relnamespace = 'public'::regnamespace order by 1"
)
_COLUMNS = (
    "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
    " and attgenerated = '' order by attnum"
)
_NOT_WHOLE = (
    "select c.relname::text from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
    " and (not has_table_privilege(c.oid, 'select') or (c.relrowsecurity and not exists (select from pg_policy p"
    "  where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r')"
    "  and p.polroles @> array['msp_system'::regrole::oid] and pg_get_expr(p.polqual, p.polrelid) = 'true')))"
)


@contextmanager
def snapshot(settings: Settings) -> Iterator[Connection]:
    """One snapshot of the whole database in the system scope; no migration can run meanwhile.

    Uses the restricted login, so that it needs no owner and does not block requests.
    """
    with psycopg.connect(libpq_url(settings.app_database_url), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock_shared(%s)", [LOCK])
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            connection.execute(_SAME_TEXT)
            connection.execute("set local role msp_system")
            hidden = [name for (name,) in connection.execute(_NOT_WHOLE)]
            if hidden:
                raise BackupError(f"These tables cannot be read whole: {', '.join(hidden)}. Run msp migrate")
            yield connection


def save_tables(connection: Connection, archive: ArchiveWriter, manifest: BackupManifest) -> None:
    """Copy every table of the snapshot, then the sequences, which must not be behind it."""
    for (name,) in connection.execute(_TABLES).fetchall():
        columns, cursor = _columns(connection, name), connection.cursor()
        digest, size = hashlib.sha256(), 0
        for number, part in enumerate(_parts(cursor, name, columns)):
            digest.update(part)
            size += len(part)
            archive.add(f"tables/{name}/{number:05}", part)
        manifest.tables[name] = BackupTable(columns, cursor.rowcount, size, digest.hexdigest())
    manifest.sequences = _sequences(connection)


def load_tables(connection: Connection, manifest: BackupManifest) -> Loading:
    """Prepare the tables for loading in the caller's transaction: as the owner, with triggers and policies off."""
    connection.execute(_SAME_TEXT)
    here = {name: _columns(connection, name) for (name,) in connection.execute(_TABLES).fetchall()}
    if here.keys() != manifest.tables.keys():
        odd = ", ".join(sorted(here.keys() ^ manifest.tables.keys()))
        raise BackupError(f"The backup's tables are not those of its revision: {odd}")
    for name, table in manifest.tables.items():
        if set(table.columns) != set(here[name]):
            raise BackupError(f"The backup's columns of {name} are not those of its revision")
    return Loading(connection, manifest)


class Loading:
    """Tables being loaded: unprotected since `load_tables`, protected again by `finish`."""

    def __init__(self, connection: Connection, manifest: BackupManifest) -> None:
        self._connection, self._manifest = connection, manifest
        self._links = connection.execute(
            "select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint"
            " where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0 order by 1, 2"
        ).fetchall()
        self._forced = connection.execute(
            "select oid::regclass::text from pg_class where relforcerowsecurity"
            " and relnamespace = 'public'::regnamespace order by 1"
        ).fetchall()
        for table, link, _definition in self._links:
            self._run(f"alter table {table} drop constraint {link}")
        for (table,) in self._forced:
            self._run(f"alter table {table} no force row level security")
        for name in manifest.tables:
            connection.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(name)))
            connection.execute(sql.SQL("truncate {}").format(sql.Identifier(name)))

    def add(self, name: str, content: IO[bytes]) -> None:
        """Load one part of a table."""
        table = self._manifest.tables[name]
        with self._connection.cursor().copy(_copying(name, table.columns, "from stdin")) as copy:
            for block in blocks(content):
                copy.write(block)

    def finish(self) -> None:
        """Compare every table with the manifest, then restore triggers and policies; raises BackupError."""
        for name, table in self._manifest.tables.items():
            digest, cursor = hashlib.sha256(), self._connection.cursor()
            for part in _parts(cursor, name, table.columns):
                digest.update(part)
            if (cursor.rowcount, digest.hexdigest()) != (table.rows, table.sha256):
                raise BackupError(f"Table {name} did not come back as it was saved")
        for name, value in self._manifest.sequences.items():
            self._connection.execute("select setval(quote_ident(%s)::regclass, %s)", [name, value])
        for name in self._manifest.tables:
            self._connection.execute(sql.SQL("alter table {} enable trigger user").format(sql.Identifier(name)))
        for table, link, definition in self._links:
            self._run(f"alter table {table} add constraint {link} {definition}")
        for (table,) in self._forced:
            self._run(f"alter table {table} force row level security")

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.encode())


def _columns(connection: Connection, table: str) -> list[str]:
    return [name for (name,) in connection.execute(_COLUMNS, [f'public."{table}"'])]


def _parts(cursor: psycopg.Cursor[TupleRow], table: str, columns: list[str]) -> Iterator[bytes]:
    part = bytearray()
    with cursor.copy(_copying(table, columns, "to stdout")) as copy:
        for row in copy:
            part += row
            if len(part) >= PART:
                yield bytes(part)
                part.clear()
    if part:
        yield bytes(part)


def _copying(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("copy {} ({}) {} (encoding 'UTF8')").format(
        sql.Identifier("public", table), names, sql.SQL(direction)
    )


def _sequences(connection: Connection) -> dict[str, int]:
    query = "select sequencename::text, last_value, has_sequence_privilege(format('%I.%I', schemaname, sequencename)"
    query += ", 'select') from pg_sequences where schemaname = 'public'"
    found = connection.execute(query.encode()).fetchall()
    if not all(is_readable for _name, _value, is_readable in found):
        raise BackupError("The sequences cannot be read. Run msp migrate, which gives the right to it")
    return {name: value for name, value, _readable in found if value is not None}

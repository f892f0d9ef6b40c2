"""Checks of PostgreSQL: version, durability, the login's rights, the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from alembic.script import ScriptDirectory

from msp.config import Settings, libpq_url
from msp.doctor.finding import Check, Finding, Level
from msp.kernel import migrate

OLDEST = 15
OLDEST_ROW = 1_500_000_000  # transactions; at about 2,000,000,000 PostgreSQL refuses writes
KEPT_LOG = 1_000_000_000  # bytes retained by an unused replication slot
MOST_USED = 0.8  # share of the allowed connections

Connection = psycopg.Connection[tuple[Any, ...]]


def database_answers(settings: Settings) -> Iterator[Finding]:
    """The database, its version, the login's rights, the schema."""
    try:
        with psycopg.connect(libpq_url(settings.app_database_url), connect_timeout=5) as connection:
            yield from _database(settings, connection)
            connection.rollback()
            yield from _safety(settings, connection)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        fix = "Check DATABASE_URL; msp migrate, with the owner's address, sets the login's password from SECRET_KEY"
        yield Finding("fault", f"the database cannot be used as {settings.database_login}: {reason}", fix)


def _database(settings: Settings, connection: Connection) -> Iterator[Finding]:
    version = connection.info.server_version // 10000
    if version < OLDEST:
        yield Finding("fault", f"PostgreSQL {version} is too old", f"Use {OLDEST} or newer")
    else:
        yield Finding("ok", f"PostgreSQL {version}, as {settings.database_login}")
    row = connection.execute(
        "select rolsuper or rolbypassrls or rolinherit or rolcreaterole from pg_roles where rolname = current_user"
    ).fetchone()
    if row and row[0]:
        yield Finding("fault", f"{settings.database_login} may do more than it should", "Run msp migrate")
    yield from _rights(settings, connection)
    missing = [role for role in migrate.GROUPS if not _may_become(connection, role)]
    if missing:
        yield Finding("fault", f"the login may not take the roles {', '.join(missing)}", "Run msp migrate")
        return
    yield from _shape(connection)


def _rights(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Rights that would bypass row-level security."""
    login, groups = settings.database_login, list(migrate.GROUPS)
    for (role,) in connection.execute(_MIGHTY, [groups]).fetchall():
        fix = f"alter role {role} nosuperuser nobypassrls nologin"
        yield Finding("fault", f"the role {role} is above the policies", fix)
    for (role,) in connection.execute(_MEMBERSHIPS, [groups]).fetchall():
        yield Finding("fault", f"{login} may also be {role}", f"revoke {role} from {login}")
    for (table,) in connection.execute(_READABLE).fetchall():
        fix = f"revoke all on {table} from {login}, public; its owner is who migrates"
        yield Finding("fault", f"{login} may read {table} without a scope", fix)


_MIGHTY = "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls or rolcanlogin)"
_MEMBERSHIPS = (
    "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles l on l.oid = m.member"
    " where l.rolname = current_user and r.rolname <> all(%s)"
)
_READABLE = (
    "select c.relname from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
    " and (c.relowner = current_user::regrole or has_table_privilege(current_user, c.oid, 'select'))"
)


def _safety(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Durability settings, and limits that would stop the database."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
        if row and row[0] == "off":
            fix = f"Set {name} = on in PostgreSQL"
            level: Level = "note" if settings.is_demo else "fault"
            yield Finding(level, f"{name} is off: a power cut loses what was accepted", fix)
    for query, fix in _AILMENTS:
        for (what,) in connection.execute(query.encode()).fetchall():
            yield Finding("fault", what, fix)


_AILMENTS = (
    (
        "select 'the database takes no writes: it is a replica' where pg_is_in_recovery()",
        "Name the primary in DATABASE_URL",
    ),
    (
        "select format('the replication slot %s is unused and holds %s of log back', slot_name,"  # noqa: S608
        " pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))) from pg_replication_slots"
        f" where not active and pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > {KEPT_LOG}",
        "Have its reader back, or drop it: select pg_drop_replication_slot('…')",
    ),
    (
        "select format('archiving of the log fails since %s', last_failed_time::timestamp(0)) from pg_stat_archiver"
        " where last_failed_time > coalesce(last_archived_time, '-infinity')",
        "Correct archive_command: the server's log says why",
    ),
    (
        "select format('row versions are %s transactions old, clean-up does not keep up', age(datfrozenxid))"  # noqa: S608
        f" from pg_database where datname = current_database() and age(datfrozenxid) > {OLDEST_ROW}",
        "End what holds it up (pg_stat_activity, replication slots, pg_prepared_xacts), then vacuum freeze",
    ),
    (
        "select format('the index %s was cut off while it was built', c.relname) from pg_index"
        " join pg_class c on c.oid = indexrelid where not indisvalid and c.relnamespace = 'public'::regnamespace",
        "Run msp migrate, or reindex it concurrently",
    ),
    (
        "select 'a restore was cut off: what was there before lies in the schema before_restore' from pg_namespace"
        " where nspname = 'before_restore'",
        "Run msp restore again: it restores the earlier data and starts again",
    ),
    (
        "select format('%s of %s connections are in use', count(*), current_setting('max_connections'))"  # noqa: S608
        " from pg_stat_activity where backend_type = 'client backend'"
        f" having count(*) > current_setting('max_connections')::int * {MOST_USED}",
        "Raise max_connections, use a pooler in transaction mode, or run fewer processes",
    ),
)


def _may_become(connection: Connection, role: str) -> bool:
    known = "select exists (select from pg_roles where rolname = %s)"
    row = connection.execute(known, [role]).fetchone()
    if not row or not row[0]:
        return False
    row = connection.execute("select pg_has_role(current_user, %s, 'MEMBER')", [role]).fetchone()
    return bool(row and row[0])


def _shape(connection: Connection) -> Iterator[Finding]:
    head = ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head()
    connection.execute("set local role msp_system")
    row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    is_there = bool(row and row[0])
    version = connection.execute("select version_num from alembic_version").fetchone() if is_there else None
    at = version[0] if version else "nothing"
    if at != head:
        yield Finding("fault", f"the tables are at {at}, this version needs {head}", "Run msp migrate")
        return
    yield Finding("ok", f"the tables are at their newest shape ({head})")
    open_tables = connection.execute(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'client_id'"
        " and not a.attisdropped and not (c.relrowsecurity and c.relforcerowsecurity)"
    ).fetchall()
    for (table,) in open_tables:
        yield Finding(
            "fault", f"table {table} does not keep clients apart", "Restore its policy: see docs/architecture.md"
        )


CHECKS: list[Check] = [database_answers]

"""Migrate a database to a revision: roles, the restricted login, then Alembic's steps. Run by the owner only.

The product may serve meanwhile: a step that does not get its locks soon is rolled back and retried.
"""

import logging
import time
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from msp.config import Settings

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parents[2] / "migrations"
GROUPS = ("msp_client", "msp_staff", "msp_staff_some", "msp_system")
LOCK = 0x6D7370  # one migration at a time; backups share the lock, so that no step runs under them
TRIES = 90  # lock retries per step, some five minutes in all
WAITED_IN_VAIN = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)  # requests go first
LONGEST_PAUSE = 3.0  # seconds between two tries


def upgrade(settings: Settings, *, revision: str = "head") -> None:
    """Create roles and login, then migrate to `revision`; waits for a concurrent migration.

    `settings.database_url` must be the owner's, with the right to create roles.
    """
    engine = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as guard:
            guard.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
            _make_roles(guard, settings)
            _migrate(settings, revision)
    finally:
        engine.dispose()


def _migrate(settings: Settings, revision: str) -> None:
    engine = create_engine(settings.database_url)
    try:
        for attempt in range(1, TRIES + 1):
            try:
                _take_steps(engine, revision)
                return
            except OperationalError as failure:
                if not isinstance(failure.orig, WAITED_IN_VAIN) or attempt == TRIES:
                    raise
            log.info("a migration waits for a lock", extra={"attempt": attempt})
            time.sleep(min(0.25 * attempt, LONGEST_PAUSE))
    finally:
        engine.dispose()


def _take_steps(engine: Engine, revision: str) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), revision)
        connection.execute(text("grant select on alembic_version to msp_system"))
        connection.execute(text("grant select on all sequences in schema public to msp_system"))  # for backups
        connection.commit()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this tree, working on the given connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _make_roles(connection: Connection, settings: Settings) -> None:
    raw: psycopg.Connection[tuple[object, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
    app_url = make_url(settings.app_database_url)
    with raw.cursor() as cursor:
        for role in GROUPS:
            _make_role(cursor, role, sql.SQL("nologin"))
        login, database = app_url.username or "", app_url.database or ""
        if app_url.username != make_url(settings.database_url).username:
            _make_role(cursor, login, sql.SQL("login noinherit nosuperuser nobypassrls"))
            cursor.execute(
                sql.SQL("alter role {} with login noinherit password {}").format(
                    sql.Identifier(login), sql.Literal(app_url.password or "")
                )
            )
        for role in GROUPS:
            cursor.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(login)))
            _make_portal_login(cursor, settings, database)
        if not _is_superuser(
            cursor
        ):  # policies apply to the owner too: backfills run as the system (migrations/helpers.py)
            cursor.execute("grant msp_system to current_user")
        names = {"db": sql.Identifier(database), "login": sql.Identifier(login)}
        cursor.execute(sql.SQL("revoke connect, temporary on database {db} from public").format(**names))
        cursor.execute(sql.SQL("grant connect on database {db} to {login}").format(**names))
        cursor.execute(sql.SQL("revoke create on schema public from public"))
        cursor.execute(
            sql.SQL("grant usage on schema public to {}").format(sql.SQL(", ").join(map(sql.Identifier, GROUPS)))
        )


def _make_portal_login(cursor: psycopg.Cursor[tuple[object, ...]], settings: Settings, database: str) -> None:
    """The login of a portal that runs as its own process: only the client role."""
    login = sql.Identifier(settings.portal_login)
    _make_role(cursor, settings.portal_login, sql.SQL("login noinherit nosuperuser nobypassrls"))
    password = sql.Literal(settings.portal_login_password)
    cursor.execute(sql.SQL("alter role {} with login noinherit password {}").format(login, password))
    cursor.execute(sql.SQL("grant msp_client to {}").format(login))
    cursor.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), login))


def _is_superuser(cursor: psycopg.Cursor[tuple[object, ...]]) -> bool:
    row = cursor.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    return bool(row and row[0])


def _make_role(cursor: psycopg.Cursor[tuple[object, ...]], name: str, options: sql.SQL) -> None:
    cursor.execute("select 1 from pg_roles where rolname = %s", [name])
    if cursor.fetchone() is None:
        try:
            cursor.execute(sql.SQL("create role {} {}").format(sql.Identifier(name), options))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # another database of this cluster created the group at the same time

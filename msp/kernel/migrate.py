"""Bring a database to the newest shape: roles, the restricted login, then Alembic's steps. Run by the owner only."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, create_engine, make_url, text

from msp.config import Settings

MIGRATIONS = Path(__file__).parents[2] / "migrations"
GROUPS = ("msp_client", "msp_staff", "msp_staff_some", "msp_system")
_LOCK = 0x6D7370  # one migration at a time, whatever starts it


def upgrade(settings: Settings, *, revision: str = "head") -> None:
    """Make roles and login, then migrate to `revision`; waits for a migration that runs elsewhere.

    Needs `settings.database_url` to be the owner's address, with the right to make roles.
    """
    engine = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as guard:
            guard.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
            _make_roles(guard, settings)
            _migrate(settings, revision)
    finally:
        engine.dispose()


def _migrate(settings: Settings, revision: str) -> None:
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), revision)
            connection.execute(text("grant select on alembic_version to msp_system"))
            connection.commit()
    finally:
        engine.dispose()


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
        names = {"db": sql.Identifier(database), "login": sql.Identifier(login)}
        cursor.execute(sql.SQL("revoke connect, temporary on database {db} from public").format(**names))
        cursor.execute(sql.SQL("grant connect on database {db} to {login}").format(**names))
        cursor.execute(sql.SQL("revoke create on schema public from public"))
        cursor.execute(
            sql.SQL("grant usage on schema public to {}").format(sql.SQL(", ").join(map(sql.Identifier, GROUPS)))
        )


def _make_role(cursor: psycopg.Cursor[tuple[object, ...]], name: str, options: sql.SQL) -> None:
    cursor.execute("select 1 from pg_roles where rolname = %s", [name])
    if cursor.fetchone() is None:
        try:
            cursor.execute(sql.SQL("create role {} {}").format(sql.Identifier(name), options))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # another database of this cluster made the group in the same moment

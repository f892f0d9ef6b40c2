"""The migrated database: same as the models, every tenant table with a policy, no role above the policies."""

from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

import msp.models  # noqa: F401
from msp.config import Settings
from msp.kernel import migrate
from msp.kernel.db import Model, Scope, db, work
from msp.tickets.models import Ticket
from tests.world import World

TABLES = sorted(Model.metadata.tables)
WITH_CLIENT = sorted(name for name, table in Model.metadata.tables.items() if "client_id" in table.c)
MAY_LACK_CLIENT = {  # rows of the provider itself have none; the policies say so (migrations/helpers.py)
    "chat_identity",
    "connection",
    "delivery",
    "event",
    "inbound",
    "macro",
    "notification_preferences",
    "person",
    "stored_answer",
    "ticket_view",
}
SEES_NOTHING = {
    "system": {"msp_client", "msp_staff", "msp_staff_some"},
    "staff": {"msp_client"},
    "shared_staff": {"msp_client"},
}


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def test_models_equal_head(settings: Settings) -> None:
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        command.check(migrate.alembic_config(connection))
    engine.dispose()


def test_migrating_twice_changes_nothing(settings: Settings) -> None:
    migrate.upgrade(settings)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_forces_its_policies(owner: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    query = "select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass"
    assert owner.execute(query, [table]).fetchone() == (True, True)
    access = Model.metadata.tables[table].info["access"]
    rows = owner.execute("select policyname::text from pg_policies where tablename = %s", [table]).fetchall()
    expected = {"msp_client", "msp_staff", "msp_staff_some", "msp_system"} - SEES_NOTHING.get(access, set())
    if access == "tenant_staff":
        expected -= {"msp_client"}
    assert {name for (name,) in rows} == expected


@pytest.mark.parametrize("table", WITH_CLIENT)
def test_the_client_is_never_missing(owner: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    query = "select is_nullable from information_schema.columns where table_name = %s and column_name = 'client_id'"
    nullable = owner.execute(query, [table]).fetchone()
    assert nullable == ("YES" if table in MAY_LACK_CLIENT else "NO",)
    rows = owner.execute(
        "select qual from pg_policies where tablename = %s and policyname = 'msp_client'", [table]
    ).fetchall()
    assert all("current_setting('msp.client_id'" in str(qual) for (qual,) in rows)


@pytest.mark.parametrize("table", WITH_CLIENT)
def test_parents_of_the_same_client_are_referenced_with_it(table: str) -> None:
    """A plain foreign key bypasses policies: a reference to a tenant's row includes the tenant."""
    for key in Model.metadata.tables[table].foreign_key_constraints:
        target = key.referred_table
        if target.name in ("person", "client") or "client_id" not in target.c or table == "delivery":
            continue  # persons may be staff, of no client; a client's own row is its id
        if table == "sla_step" and target.name == "sla_clock":
            continue  # the step also names its ticket with the client
        assert "client_id" in {column.name for column in key.columns}, f"{table} → {target.name}"


def test_the_login_of_the_application_is_nobody_special(
    owner: psycopg.Connection[tuple[object, ...]], settings: Settings
) -> None:
    query = "select rolsuper, rolbypassrls, rolinherit, rolcreaterole from pg_roles where rolname = %s"
    assert owner.execute(query, [settings.database_login]).fetchone() == (False, False, False, False)


def test_without_a_scope_nothing_can_be_read(app: Flask) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.session.execute(text("select 1 from ticket"))
    db.session.remove()


def test_a_client_scope_without_a_client_sees_nothing(app: Flask, world: World) -> None:
    with work(Scope("msp_client")) as session:
        assert session.query(Ticket).count() == 0


def test_a_foreign_row_cannot_be_written(app: Flask, world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), work(Scope.client(world.azcarate.id)) as session:
        session.execute(text("insert into ticket_counter values (:id, 1)"), {"id": world.lozano.id})


@pytest.mark.parametrize("role", ["msp_client", "msp_staff", "msp_staff_some", "msp_system"])
def test_events_are_append_only(app: Flask, world: World, role: str) -> None:
    for statement in ("update event set kind = 'x'", "delete from event"):
        with pytest.raises(ProgrammingError, match="permission denied"), work(Scope(role)) as session:
            session.execute(text(statement))


@pytest.mark.parametrize("role", ["msp_client", "msp_staff", "msp_staff_some"])
def test_what_came_in_from_other_programs_is_read_by_the_desk_alone(app: Flask, world: World, role: str) -> None:
    """Raw messages contain texts of everybody of a client, from any chat."""
    for statement in ("select payload from inbound", "delete from inbound"):
        with pytest.raises(ProgrammingError, match="permission denied"), work(Scope(role)) as session:
            session.execute(text(statement))

"""Search in the database: older tickets are indexed, triggers keep it up to date, scopes limit it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from msp.config import Settings
from msp.kernel import clock, migrate
from msp.kernel.db import Scope, work
from msp.tickets.message_changes import delete_message, edit_message
from msp.tickets.models import Message, Ticket
from tests.databases import as_owner, as_root, own_database
from tests.search.conftest import attached, said
from tests.world import World

ONE = "00000000-0000-7000-8000-00000000000a"
BEFORE = f"""
set session_replication_role = replica;
insert into ticket (id, client_id, number, requester_id, subject, body, status, priority, type, source, created_at,
  updated_at) select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, '{ONE}', n, '{ONE}',
  'Impresión ' || n, '', 'new', 'normal', 'incident', 'slack', now(), now() from generate_series(1, 250) n;
"""
TERM = '[{"ways": ["%s"], "is_exact": false, "ids": []}]'


@pytest.fixture
def fresh(settings: Settings) -> Iterator[Settings]:
    """Settings on a separate empty database, owned by a role that is no superuser."""
    with own_database(settings, "searching") as made:
        yield made


def test_tickets_of_before_are_taken_in_by_an_owner_without_special_rights(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, every = tmp_path / "migrations", migrate.MIGRATIONS
    shutil.copytree(every, before, ignore=shutil.ignore_patterns("00[2-9]*", "__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", before)
    migrate.upgrade(fresh)
    with as_root(fresh) as connection:
        connection.execute(BEFORE.encode())
    monkeypatch.setattr(migrate, "MIGRATIONS", every)
    migrate.upgrade(fresh)
    with as_owner(fresh) as connection:
        connection.execute("set role msp_staff")
        assert len(found(connection, "impresiones")) == 250
        assert len(found(connection, "249")) == 1
        writers = connection.execute("select count(distinct xmin::text) from ticket_search").fetchone()
        assert writers == (3,)  # of 100 tickets each: other transactions do not wait longer
        connection.execute("reset role")
        ours = "select proname from pg_proc where prosecdef and proname like 'search%'"
        unsafe = f"{ours} and not (proconfig::text like '%pg_temp%')"
        assert connection.execute(unsafe).fetchall() == []


def found(connection: object, word: str) -> list[object]:
    query = "select * from search_tickets(%s::jsonb, null, null)"
    return list(connection.execute(query, [TERM % word]).fetchall())  # type: ignore[attr-defined]


def test_what_triggers_add_is_what_a_rebuild_makes(desk: World) -> None:
    with work(Scope.system()) as session:
        ticket = session.query(Ticket).filter_by(subject="Servidor lento").one()
        message = session.query(Message).filter(Message.body.contains("conmutador")).one()
    attached(said(ticket, desk.tomas, "Nota con fichero", is_note=True), "esquema.vsdx")
    gone = said(ticket, None, "Se borra")
    with work(Scope.system()) as session:
        mine = session.get_one(Ticket, ticket.id)
        edit_message(mine, session.get_one(Message, message.id), body="Otro texto", at=clock.now())
        mine.subject, mine.requester_id = "Otro asunto", desk.marta.id
        delete_message(mine, session.get_one(Message, gone.id), at=clock.now())
    with work(Scope.system()) as session:
        words = text("select id, (select string_agg(vector::text, ' ' order by part) from ticket_search s"
                     " where s.ticket_id = t.id) from ticket t order by id")  # fmt: skip
        before = {row[0]: row[1] for row in session.execute(words)}
        session.execute(text("select search_rebuild(id) from ticket"))
        after = {row[0]: row[1] for row in session.execute(words)}
    assert {key: lexemes(value) for key, value in before.items()} == {key: lexemes(v) for key, v in after.items()}
    assert "otro" in after[ticket.id] and "conmutador" not in after[ticket.id] and "borr" not in after[ticket.id]


def lexemes(vector: str) -> set[str]:
    return {each.split(":")[0] for each in vector.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "select * from ticket_search",
        "delete from ticket_search",
        "select search_rebuild(gen_random_uuid())",
        "select search_add(gen_random_uuid(), 'x', 'A')",
        "select * from search_similar(gen_random_uuid(), 3)",
    ],
)
def test_people_of_clients_cannot_reach_what_search_rests_on(desk: World, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), work(Scope.client(desk.lozano.id)) as session:
        session.execute(text(statement))


def test_without_a_scope_nothing_is_found(desk: World) -> None:
    for scope in (Scope("msp_client"), Scope("msp_staff_some")):
        with work(scope) as session:
            query = text("select * from search_tickets(cast(:terms as jsonb), null, null)")
            assert session.execute(query, {"terms": TERM % "impresion"}).all() == []


@pytest.mark.parametrize(
    "word", ["ornitorrinco", "escaner", "#c{azcarate}", "ornitorrinco:D", "impresion'|'ornitorrinco"]
)
def test_no_way_to_write_a_term_reaches_beyond_the_scope(desk: World, word: str) -> None:
    """Also for a caller of the SQL function itself, with foreign ids."""
    terms = f'[{{"ways": ["{word}"], "is_exact": true, "ids": ["#c{desk.azcarate.id}"]}}]'
    terms = terms.replace("{azcarate}", str(desk.azcarate.id))
    with work(Scope.client(desk.lozano.id)) as session:
        query = text("select found_id from search_tickets(cast(:terms as jsonb), null, null)")
        ids: list[UUID] = list(session.scalars(query, {"terms": terms}))
    assert ids == []


def test_staff_of_some_clients_find_theirs_alone(desk: World) -> None:
    for client, count in ((desk.azcarate, 1), (desk.lozano, 5)):
        terms = f'[{{"ways": [], "is_exact": false, "ids": ["#c{desk.azcarate.id}", "#c{desk.lozano.id}"]}}]'
        with work(Scope.staff_some([client.id])) as session:
            query = text("select found_id from search_tickets(cast(:terms as jsonb), null, 100)")
            assert len(session.scalars(query, {"terms": terms}).all()) == count

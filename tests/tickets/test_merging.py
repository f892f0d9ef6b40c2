"""Tickets merged and split: what moves, what follows, what is undone, and what two people do at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from billing.counted_units import completed_tickets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid, Refusal
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.reports.outcome import EXCLUDED
from msp.sla.clocks import clocks_of
from msp.tickets.actions import change_status
from msp.tickets.following import followers_of
from msp.tickets.linking import links_of
from msp.tickets.merging import UNDO_WITHIN, merge, merge_many, undo_merge
from msp.tickets.messages import note, reply
from msp.tickets.models import Attachment, Conversation, Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.splitting import move_messages, received_while_merged, split
from msp.tickets.survivors import surviving_id
from msp.worklog.actions import entries_of, log_time, start_timer, timer_of
from msp.worklog.models import TimeEntry
from tests.notify.channels import Recorder, only
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Program, Programs, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in

PAGE, PORTAL = "/desk/tickets/LOZ-1", "/portal/tickets/LOZ-1"


def opened(world: World, body: str, requester: Person | None = None) -> UUID:
    who = requester or world.marta
    client = world.lozano if who.client_id == world.lozano.id else world.azcarate
    with work(Scope.client(client.id)):
        request = Request(subject=body, body=body, source="portal", priority="urgent")
        return open_ticket(client, requester=who, request=request, at=clock.now())[0].id


@pytest.fixture
def first(world: World) -> UUID:
    """Marta's ticket, with a note, time, a timer and a chat thread."""
    ticket_id = opened(world, "Falla el TPV")
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        ticket = session.get_one(Ticket, ticket_id)
        note(ticket, author=world.tomas, body="Datáfono viejo", at=clock.now())
        for state in ("approved", "billed"):
            at = clock.now() - timedelta(hours=1)
            entry = log_time(
                ticket, person=world.tomas, started_at=at, minutes=15, work_type="remote", note="", at=clock.now()
            )
            entry.state = state
        start_timer(ticket, world.tomas, at=clock.now())
        session.add(
            Conversation(
                id=new_id(), client_id=ticket.client_id, ticket_id=ticket.id, platform="slack", workspace="T0LOZANO1",
                channel="D1", thread="1.1", is_personal=True, reference={}, created_at=clock.now(),
            )
        )  # fmt: skip
    return ticket_id


@pytest.fixture
def second(world: World, first: UUID) -> UUID:
    """Dolores's ticket."""
    return opened(world, "Ningún TPV cobra", world.dolores)


def merged(world: World, source: UUID, target: UUID) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)):
        merge(source, target, at=clock.now(), actor_id=world.tomas.id)


def bodies(ticket_id: UUID) -> list[str]:
    with work(Scope.staff()) as session:
        query = select(Message.body).where(Message.ticket_id == ticket_id).order_by(Message.id)
        return list(session.scalars(query))


def status(ticket_id: UUID) -> tuple[str, str | None]:
    with work(Scope.staff()) as session:
        ticket = session.get_one(Ticket, ticket_id)
        return ticket.status, ticket.closed_as


def states(ticket_id: UUID) -> list[tuple[str, str]]:
    with work(Scope.staff()):
        return sorted((each.kind, each.state) for each in clocks_of(ticket_id))


def test_all_that_belongs_to_a_ticket_moves_except_billed_time(world: World, first: UUID, second: UUID) -> None:
    clock.advance(timedelta(hours=2))  # both targets of the first ticket are breached
    merged(world, first, second)
    assert bodies(first) == [] and len(bodies(second)) == 3
    assert status(first) == ("closed", "merged") and status(second) == ("new", None)
    with work(Scope.staff()) as session:
        assert [each.state for each in entries_of(first)] == ["billed"]
        assert [each.state for each in entries_of(second)] == ["approved"]
        timer = timer_of(world.tomas.id)
        assert timer is not None and timer.ticket_id == second
        [thread] = session.scalars(select(Conversation))
        assert (thread.ticket_id, thread.person_id) == (second, world.marta.id)
        assert [each.name for each in followers_of(second)] == ["Marta Ruiz"]
        for each in clocks_of(first):
            assert (each.state, each.due_at, each.breached_at, each.next_step_at) == ("cancelled", None, None, None)
    assert "cancelled" in EXCLUDED
    with work(Scope.staff()) as session:
        [told] = events(session.get_one(Ticket, first), "ticket.merged")
        assert (told.data["label"], told.visibility) == ("LOZ-2", "public")


def test_a_merged_ticket_is_not_billed_as_completed(world: World, first: UUID, second: UUID) -> None:
    merged(world, first, second)
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        change_status(session.get_one(Ticket, second), "resolved", at=clock.now())
        day = timedelta(days=1)
        found = completed_tickets([world.lozano.id], clock.now() - day, clock.now() + day)
        assert [each.label for each in found] == ["LOZ-2"]


def test_undoing_restores_all_of_it_and_lists_what_came_meanwhile(world: World, first: UUID, second: UUID) -> None:
    before, clocks = bodies(first), states(first)
    merged(world, first, second)
    clock.advance(timedelta(minutes=20))
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        reply(session.get_one(Ticket, second), author=world.tomas, body="Para las dos", at=clock.now())
        undone = undo_merge(first, at=clock.now(), actor_id=world.tomas.id)
        assert [each.body for each in received_while_merged(undone)] == ["Para las dos"]
        moved = [each.id for each in received_while_merged(undone)]
    assert bodies(first) == before and states(first) == clocks and status(first) == ("new", None)
    with work(Scope.staff()) as session:
        assert len(entries_of(first)) == 2 and followers_of(second) == []
        [thread] = session.scalars(select(Conversation))
        assert (thread.ticket_id, thread.person_id) == (first, None)
        due = session.get_one(Ticket, first).due_at
        assert due == session.get_one(Ticket, first).created_at + timedelta(minutes=50)  # 30, and 20 merged
        assert surviving_id(first) == first
        assert move_messages(second, first, moved, at=clock.now()) == 1
    assert bodies(first)[-1] == "Para las dos"


def test_refused_merges(world: World, first: UUID, second: UUID) -> None:
    third, foreign = opened(world, "Impresora"), opened(world, "Ajeno", world.inigo)

    def refused(act: Callable[[], object]) -> str:
        with pytest.raises(Refusal) as told, work(Scope.staff(actor_id=world.tomas.id)):
            act()
        wrong = told.value
        return str(wrong.fields) if isinstance(wrong, Invalid) else wrong.code

    now = clock.now()
    assert "same_ticket" in refused(lambda: merge(first, first, at=now))
    assert "other_client" in refused(lambda: merge(first, foreign, at=now))
    merged(world, first, second)
    assert refused(lambda: merge(first, third, at=now)) == "ticket_is_merged"
    assert refused(lambda: merge(third, first, at=now)) == "target_is_merged"
    assert refused(lambda: merge(second, first, at=now)) == "target_is_merged"  # no cycle
    merged(world, second, third)
    with work(Scope.client(world.lozano.id)):
        assert surviving_id(first) == third
    assert refused(lambda: undo_merge(first, at=now)) == "target_is_merged"
    assert refused(lambda: undo_merge(third, at=now)) == "not_merged"
    assert refused(lambda: undo_merge(second, at=now + UNDO_WITHIN * 2)) == "merge_is_final"
    with pytest.raises(Conflict), work(Scope.staff()) as session:
        change_status(session.get_one(Ticket, first), "open", at=now)
    with pytest.raises(Conflict), work(Scope.staff()) as session:
        note(session.get_one(Ticket, first), author=world.tomas, body="Tarde", at=now)


def test_a_bulk_merge_reports_what_it_could_not_merge(world: World, first: UUID, second: UUID) -> None:
    foreign = opened(world, "Ajeno", world.inigo)
    with work(Scope.staff(actor_id=world.tomas.id)):
        outcome = merge_many([first, foreign, second], second, at=clock.now())
    assert outcome == {first: None, foreign: "other_client", second: "same_ticket"}
    assert status(first) == ("closed", "merged") and status(foreign) == ("new", None)


def test_merges_at_the_same_time_make_no_cycle(app: Flask, world: World, first: UUID, second: UUID) -> None:
    def run(pair: tuple[UUID, UUID]) -> str | None:
        try:
            with app.app_context(), work(Scope.staff(actor_id=world.tomas.id)):
                merge(*pair, at=clock.now())
        except Conflict as refused:
            return refused.code
        return None

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(run, [(first, second), (second, first)] * 2))
        assert sorted(map(str, outcomes)).count("None") == 1
        source = next(each for each in (first, second) if status(each)[1] == "merged")
        with work(Scope.staff()):
            assert len({surviving_id(first), surviving_id(second)}) == 1
            undo_merge(source, at=clock.now())


def test_a_reply_under_way_reaches_the_person_it_was_written_for(world: World, drain: Callable[[], int]) -> None:
    first, second = opened(world, "Falla el TPV"), opened(world, "Ningún TPV cobra", world.dolores)
    portal = Recorder("portal")
    with only(portal):
        with work(Scope.staff(actor_id=world.tomas.id)) as session:
            reply(session.get_one(Ticket, first), author=world.tomas, body="Lo miro", at=clock.now())
        merged(world, first, second)
        with work(Scope.staff(actor_id=world.irene.id)) as session:
            reply(session.get_one(Ticket, second), author=world.irene, body="Para las dos", at=clock.now())
        drain()
    got = [(each.requester_id, each.ticket_id) for each in portal.sent]
    assert got.count((world.marta.id, second)) == 2 and got.count((world.dolores.id, second)) == 1


def test_the_portal_and_the_api_write_on_the_surviving_ticket(
    web: FlaskClient,
    program: Programs,  # noqa: F811
    world: World,
    first: UUID,
    second: UUID,
) -> None:
    merged(world, first, second)
    sign_in(web, world.marta)
    page = web.get(PORTAL).text
    assert "Este ticket continúa en LOZ-2" in page and "<textarea" not in page
    answer = web.post(f"{PORTAL}/reply", data={"body": "Sigue fallando"})
    assert answer.status_code == 303 and answer.location.endswith("/LOZ-2")
    assert web.get("/portal/tickets/LOZ-2").status_code == 200
    said = program(world.marta).post(f"/tickets/{first}/messages", json={"body": "Y ahora también"})
    assert said.get_json()["ticket_id"] == str(second)
    assert bodies(second)[-2:] == ["Sigue fallando", "Y ahora también"] and bodies(first) == []


def test_the_console_compares_merges_and_undoes(web: FlaskClient, world: World, first: UUID, second: UUID) -> None:
    sign_in(web, world.tomas)
    page = web.get(f"{PAGE}/merge?typed=2").text
    assert "Fusionar LOZ-1 con LOZ-2" in page and "Ningún TPV cobra" in page and "Datáfono viejo" in page
    assert web.get(f"{PAGE}/merge?typed=99").status_code == 422
    assert web.post(f"{PAGE}/merge", data={"ticket": "LOZ-2"}).location.endswith("/LOZ-2")
    page = web.get(PAGE).text
    assert "Fusionado con LOZ-2" in page and 'name="body"' not in page
    assert "LOZ-1 se ha fusionado con este ticket" in web.get("/desk/tickets/LOZ-2").text
    assert web.post(f"{PAGE}/unmerge").status_code == 303
    assert "Mensajes recibidos durante la fusión" in web.get(PAGE).text
    assert web.get(f"{PAGE}/received").status_code == 200


def test_the_api_merges_and_splits(staff: Program, world: World, first: UUID, second: UUID) -> None:  # noqa: F811
    assert staff.post(f"/tickets/{first}/merge", json={"number": "LOZ-2"}).get_json()["number"] == "LOZ-2"
    assert staff.get(f"/tickets/{first}").get_json()["closed_as"] == "merged"
    assert staff.post(f"/tickets/{first}/merge", json={"number": "LOZ-2"}).status_code == 409
    assert staff.post(f"/tickets/{first}/unmerge").get_json()["status"] == "new"
    with work(Scope.staff()) as session:
        ids = [str(each) for each in session.scalars(select(Message.id).where(Message.ticket_id == first))]
    sent = {"message_ids": ids[1:], "subject": "El datáfono"}
    made = staff.post(f"/tickets/{first}/split", json=sent)
    assert made.status_code == 201 and made.get_json()["number"] == "LOZ-3"
    assert staff.post(f"/tickets/{first}/split", json=sent).status_code == 422


def test_split_messages_take_their_files_and_leave_the_thread(
    web: FlaskClient, world: World, first: UUID, drain: Callable[[], int]
) -> None:
    with work(Scope.client(world.lozano.id, actor_id=world.marta.id)) as session:
        ticket = session.get_one(Ticket, first)
        message = Message(
            id=new_id(), client_id=ticket.client_id, ticket_id=first, author_id=world.dolores.id, visibility="public",
            channel="portal", body="Y la impresora no imprime", at=clock.now(),
        )  # fmt: skip
        session.add(message)
        session.flush()
        session.add(
            Attachment(
                id=new_id(), client_id=ticket.client_id, message_id=message.id, name="foto.png", size=1, remote={},
                content_type="image/png", created_at=clock.now(),
            )
        )  # fmt: skip
        chosen = message.id
    sign_in(web, world.tomas)
    assert "Y la impresora no imprime" in web.get(f"{PAGE}/split").text
    assert web.post(f"{PAGE}/split", data={"subject": "Impresora"}).status_code == 422
    answer = web.post(f"{PAGE}/split", data={"subject": "Impresora", "message_ids": [str(chosen)]})
    assert answer.location.endswith("/LOZ-2")
    with work(Scope.staff()) as session:
        new = session.scalars(select(Ticket).where(Ticket.number == 2)).one()
        assert (new.requester_id, new.subject, new.due_kind) == (world.dolores.id, "Impresora", "first_response")
        assert [each.relation for each in links_of(new.id)] == ["split_from"]
        [thread] = session.scalars(select(Conversation))
        assert thread.ticket_id == first
        assert session.scalars(select(Attachment.message_id)).all() == [chosen]
        assert len(events(session.get_one(Ticket, first), "ticket.split")) == 1
        everything = session.scalars(select(Message.id).where(Message.ticket_id == first)).all()
    with pytest.raises(Invalid), work(Scope.staff()):
        split(first, everything, subject="Todo", at=clock.now())
    with work(Scope.system()) as session:
        assert session.scalars(select(TimeEntry.ticket_id).distinct()).all() == [first]

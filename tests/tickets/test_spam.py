"""Spam: closed without counting, restored, deleted by administrators; blocked senders are counted instead of stored."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.sla.clocks import clocks_of
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.spam import blocked_senders, check_not_blocked, count_if_blocked, mark_spam, unblock, unmark_spam
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Program, Programs, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in

PAGE = "/desk/tickets/LOZ-1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = Request(subject="Gane dinero", body="Gane dinero ya", source="portal", priority="urgent")
        return open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def test_spam_counts_for_nothing_and_can_be_taken_back(world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        this = session.get_one(Ticket, ticket.id)
        mark_spam(this, at=clock.now())
        assert (this.status, this.closed_as, this.due_at) == ("closed", "spam", None)
        assert {(each.state, each.due_at) for each in clocks_of(this.id)} == {("cancelled", None)}
    clock.advance(timedelta(minutes=10))
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        this = session.get_one(Ticket, ticket.id)
        unmark_spam(this, at=clock.now())
        assert (this.status, this.closed_as) == ("new", None)
        assert this.due_at == this.created_at + timedelta(minutes=40)
    assert [each.visibility for each in events(ticket, "ticket.spam_marked")] == ["internal"]


def test_the_console_marks_blocks_and_unblocks(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    assert "Bloquear a Marta Ruiz" in web.get(PAGE).text
    assert web.post(f"{PAGE}/spam", data={"block": "1"}).status_code == 303
    page = web.get(PAGE).text
    assert "Marcado como spam" in page and f"{PAGE}/delete-spam" not in page
    assert "Marta Ruiz" in web.get("/desk/blocked-senders").text
    assert web.post(f"{PAGE}/delete-spam").status_code == 403
    web.post(f"/desk/blocked-senders/{world.marta.id}/unblock")
    assert "No hay remitentes bloqueados" in web.get("/desk/blocked-senders").text
    assert web.post(f"{PAGE}/not-spam").status_code == 303


def test_an_administrator_deletes_text_and_files(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff()) as session:
        mark_spam(session.get_one(Ticket, ticket.id), at=clock.now())
    sign_in(web, world.ana)
    assert web.post(f"{PAGE}/delete-spam").status_code == 303
    with work(Scope.staff()) as session:
        this = session.get_one(Ticket, ticket.id)
        assert (this.subject, this.body) == ("…", "")
        [message] = session.scalars(select(Message))
        assert message.deleted_at is not None and message.body == ""


def test_messages_of_a_blocked_sender_are_counted_and_not_stored(
    web: FlaskClient,
    staff: Program,  # noqa: F811
    program: Programs,  # noqa: F811
    world: World,
    ticket: Ticket,
) -> None:
    assert staff.post(f"/tickets/{ticket.id}/spam", json={"block": True}).get_json()["closed_as"] == "spam"
    sign_in(web, world.marta)
    assert web.post("/portal/new", data={"body": "Otra vez", "subject": "Más"}).status_code == 403
    api = program(world.marta)
    assert api.post("/tickets", json={"subject": "Más", "body": "Más"}).status_code == 403
    assert api.post(f"/tickets/{ticket.id}/messages", json={"body": "Más"}).status_code == 403
    with work(Scope.client(world.lozano.id)):
        assert count_if_blocked(world.marta.id, at=clock.now())
        assert not count_if_blocked(world.dolores.id, at=clock.now())
    [row] = staff.get("/blocked-senders").get_json()["items"]
    assert (row["name"], row["message_count"]) == ("Marta Ruiz", 4)
    with work(Scope.staff()) as session:
        assert len(session.scalars(select(Message)).all()) == 1
    with work(Scope.client(world.azcarate.id)):
        assert blocked_senders() == []
    with work(Scope.staff()):
        unblock(world.marta.id, at=clock.now())
        check_not_blocked(world.marta, at=clock.now())
    assert api.post("/tickets", json={"subject": "Más", "body": "Más"}).status_code == 201
    assert staff.post(f"/tickets/{ticket.id}/not-spam").get_json()["closed_as"] is None

"""Replies that can be undone: the client sees nothing before they are sent, and undoing restores everything."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent, deliver_one
from msp.macros.actions import add_macro
from msp.macros.definition import MacroValues
from msp.sla.models import Clock
from msp.tickets.by_requester import add_detail
from msp.tickets.events import ActionRequested
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_by_label
from msp.tickets.undoable import set_undo_seconds
from tests.notify.channels import Recorder, only
from tests.world import World, sign_in

REPLY = {"body": "Ya está", "visibility": "public"}


@pytest.fixture
def ticket(world: World, app: Flask) -> Ticket:
    with work(Scope.system()):
        set_undo_seconds(10, of_replies=True)
    request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
    with work(Scope.client(world.lozano.id)):
        made = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]
    settle()
    clock.advance(timedelta(minutes=5))
    return made


def settle() -> None:
    while deliver_one():
        pass


def later(seconds: int) -> None:
    clock.advance(timedelta(seconds=seconds))
    settle()


def fresh(ticket: Ticket) -> Ticket:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id)


def seen_by(scope: Scope) -> list[str]:
    with work(scope) as session:
        return list(session.scalars(select(Message.body).order_by(Message.id)))


def first_response(ticket: Ticket) -> Clock:
    with work(Scope.staff()) as session:
        query = select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == "first_response")
        return session.scalars(query).one()


def asked_of(ticket: Ticket) -> UUID:
    with work(Scope.staff()) as session:
        query = select(StoredEvent.id).where(
            StoredEvent.subject_id == ticket.id, StoredEvent.kind == ActionRequested.kind
        )
        return session.scalars(query.order_by(StoredEvent.seq.desc())).first() or UUID(int=0)


def test_sent_when_the_period_ends(web: FlaskClient, world: World, ticket: Ticket) -> None:
    channel = Recorder("portal")
    with only(channel):
        page = sign_in(web, world.tomas).post(
            "/desk/tickets/LOZ-1/reply", data=REPLY | {"then": "waiting_client"}, follow_redirects=True
        )
        written_at = clock.now()
        assert "data-undo-until" in page.text and "Ya está" in page.text and "Se envía en unos segundos" in page.text
        assert first_response(ticket).met_at == written_at
        later(9)
        assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola."] and channel.sent == []
        assert (fresh(ticket).status, fresh(ticket).assignee_id) == ("new", None)
        later(1)
        settle()
        assert len(channel.sent) == 1
    assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola.", "Ya está"]
    assert (fresh(ticket).status, fresh(ticket).assignee_id) == ("waiting_client", world.tomas.id)
    assert fresh(ticket).paused_at == written_at
    assert web.post(f"/desk/tickets/LOZ-1/undo/{asked_of(ticket)}").status_code == 409


def test_undone_everything_is_as_before_and_the_text_is_a_draft(web: FlaskClient, world: World, ticket: Ticket) -> None:
    before, due = fresh(ticket), first_response(ticket).due_at
    channel = Recorder("portal")
    with only(channel):
        sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/reply", data=REPLY | {"then": "waiting_client"})
        clock.advance(timedelta(seconds=8))
        page = web.post(f"/desk/tickets/LOZ-1/undo/{asked_of(ticket)}", follow_redirects=True)
        assert "Ya está</textarea>" in page.text
        later(60)
        assert channel.sent == []
    after, target = fresh(ticket), first_response(ticket)
    assert (after.status, after.assignee_id, after.due_at) == (before.status, None, before.due_at)
    assert (target.state, target.met_at, target.due_at) == ("running", None, due)
    assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola."]
    assert seen_by(Scope.staff()) == ["Hay cola.", ""]
    timeline = web.get("/desk/tickets/LOZ-1").text
    assert "se deshizo la respuesta" in timeline and "Borrado por" not in timeline


def test_a_macro_waits_for_its_reply(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff()):
        values = MacroValues("Urgente", text_es="Vamos", priority="urgent", minutes=5, status="resolved")
        macro = add_macro(values, by=world.ana, at=clock.now())
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/reply", data=REPLY | {"macro_id": macro.id})
    assert (fresh(ticket).priority, fresh(ticket).status) == ("normal", "new")
    later(10)
    assert (fresh(ticket).priority, fresh(ticket).status) == ("urgent", "resolved")


def test_if_the_client_writes_meanwhile_the_status_is_not_changed(
    web: FlaskClient, world: World, ticket: Ticket
) -> None:
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/reply", data=REPLY | {"then": "waiting_client"})
    clock.advance(timedelta(seconds=3))
    with work(Scope.client(world.lozano.id)):
        add_detail(
            access_by_label("LOZ-1", lock=True),
            author=world.marta,
            body="¿Hay alguien?",
            channel="portal",
            at=clock.now(),
        )
    later(7)
    assert fresh(ticket).status == "open"
    assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola.", "Ya está", "¿Hay alguien?"]


def test_other_actions_are_possible_meanwhile(app: Flask, world: World, ticket: Ticket) -> None:
    tomas = sign_in(app.test_client(), world.tomas)
    tomas.post("/desk/tickets/LOZ-1/reply", data=REPLY)
    tomas.post("/desk/tickets/LOZ-1/reply", data=REPLY | {"body": "Y otra"})
    assert tomas.post("/desk/tickets/LOZ-1/resolve").status_code == 303
    later(10)
    assert fresh(ticket).status == "resolved"
    assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola.", "Ya está", "Y otra"]


def test_the_setting(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.ana)
    assert web.post("/admin/settings/undo", data={"reply_undo_seconds": "61"}).status_code == 422
    assert web.post("/admin/settings/undo", data={"reply_undo_seconds": "0"}).status_code == 303
    web.post("/desk/tickets/LOZ-1/reply", data=REPLY)
    assert seen_by(Scope.client(world.lozano.id)) == ["Hay cola.", "Ya está"]

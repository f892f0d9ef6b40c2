"""Resolving and escalating can be undone for some seconds: nothing is changed or sent before."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent, deliver_one
from msp.tickets.by_requester import add_detail
from msp.tickets.events import ActionDropped, ActionRequested
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_by_label
from tests.world import World, sign_in

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")


@pytest.fixture
def ticket(world: World, app: Flask) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        made = open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]
    settle()
    return made


def settle() -> None:
    """Deliver everything that is due."""
    while deliver_one():
        pass


def fresh(ticket: Ticket) -> Ticket:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id)


def kinds(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        return list(
            session.scalars(
                select(StoredEvent.kind).where(StoredEvent.subject_id == ticket.id).order_by(StoredEvent.seq)
            )
        )


def asked_of(ticket: Ticket) -> UUID:
    with work(Scope.staff()) as session:
        return session.scalars(
            select(StoredEvent.id)
            .where(StoredEvent.subject_id == ticket.id, StoredEvent.kind == ActionRequested.kind)
            .order_by(StoredEvent.seq.desc())
        ).first() or UUID(int=0)


def later(seconds: int) -> None:
    clock.advance(timedelta(seconds=seconds))
    settle()


@pytest.mark.parametrize(("verb", "kind"), [("resolve", "ticket.status_changed"), ("hand-off", "ticket.tier_changed")])
def test_nothing_happens_before_the_time_is_up(
    web: FlaskClient, world: World, ticket: Ticket, verb: str, kind: str
) -> None:
    before = fresh(ticket)
    data = {"tier": "2", "needed": "Revisar la red"} if verb == "hand-off" else {}
    page = sign_in(web, world.tomas).post(f"/desk/tickets/LOZ-1/{verb}", data=data, follow_redirects=True)
    assert "data-undo-until" in page.text and "data-undo-until" in web.get("/desk/team").text
    later(9)
    assert (fresh(ticket).status, fresh(ticket).tier, fresh(ticket).assignee_id) == ("new", before.tier, None)
    assert kind not in kinds(ticket)
    later(1)
    after = fresh(ticket)
    assert (after.status, after.tier) == (("resolved", 1) if verb == "resolve" else ("new", 2))
    assert kinds(ticket).count(kind) == 1 and "data-undo-until" not in web.get("/desk/team").text


def test_set_to_resolved_by_the_dialog_can_be_undone_too(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/set-status", data={"status": "resolved"})
    assert fresh(ticket).status == "new"
    later(10)
    assert fresh(ticket).status == "resolved"


def test_what_is_undone_never_happens(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/resolve")
    web.post("/desk/tickets/LOZ-1/resolve")  # pressed twice
    assert kinds(ticket).count(ActionRequested.kind) == 1
    assert web.post(f"/desk/tickets/LOZ-1/undo/{asked_of(ticket)}").status_code == 303
    later(60)
    assert fresh(ticket).status == "new" and "ticket.status_changed" not in kinds(ticket)
    web.post("/desk/tickets/LOZ-1/resolve")
    later(10)
    assert fresh(ticket).status == "resolved"
    late = web.post(f"/desk/tickets/LOZ-1/undo/{asked_of(ticket)}", headers={"HX-Request": "true"})
    assert late.status_code == 409 and fresh(ticket).status == "resolved"


def test_a_message_of_the_client_meanwhile_keeps_it_open(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/resolve")
    clock.advance(timedelta(seconds=3))
    with work(Scope.client(world.lozano.id)):
        found = access_by_label("LOZ-1", lock=True)
        add_detail(found, author=world.marta, body="Sigue igual", channel="portal", at=clock.now())
    later(7)
    assert fresh(ticket).status == "new" and ActionDropped.kind in kinds(ticket)
    assert "llegó un mensaje nuevo" in web.get("/desk/tickets/LOZ-1").text


def test_the_seconds_are_a_setting(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.ana)
    assert web.post("/admin/settings/undo", data={"undo_seconds": "61"}).status_code == 422
    assert web.post("/admin/settings/undo", data={"undo_seconds": "0"}).status_code == 303
    web.post("/desk/tickets/LOZ-1/hand-off", data={"tier": "2", "needed": "Revisar la red"})
    assert fresh(ticket).tier == 2


def test_clients_hear_nothing_of_what_waits(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/resolve")
    with work(Scope.client(world.lozano.id)) as session:
        assert session.scalars(select(StoredEvent).where(StoredEvent.kind == ActionRequested.kind)).all() == []
    assert sign_in(web, world.nuria).post(f"/desk/tickets/LOZ-1/undo/{asked_of(ticket)}").status_code == 404

"""A ticket from opening to closing: due dates, what pauses the clock, what reopens it."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.sla.clocks import clocks_of
from msp.tickets.actions import change_status, take
from msp.tickets.by_requester import add_detail
from msp.tickets.messages import note, reply
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World

HELP = Request(
    subject="El TPV no cobra", body="El TPV de Getafe no cobra. Hay cola.", source="slack", priority="urgent"
)


def at_utc(hour: int, minute: int) -> datetime:
    return clock.now().replace(hour=hour, minute=minute)


def opened(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=HELP, at=clock.now())
    return ticket


def test_a_new_ticket_is_due_when_the_contract_says(world: World) -> None:
    ticket = opened(world)
    assert (ticket.number, ticket.status, ticket.due_kind) == (1, "new", "first_response")
    assert ticket.due_at == clock.now() + timedelta(minutes=30)
    with work(Scope.staff()):
        assert [each.kind for each in clocks_of(ticket.id)] == ["first_response", "resolution"]


def test_the_answer_of_a_person_meets_the_first_response(world: World) -> None:
    ticket = opened(world)
    clock.advance(timedelta(minutes=10))
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        ticket = session.get_one(Ticket, ticket.id)
        take(ticket, world.tomas, at=clock.now())
        reply(ticket, author=world.tomas, body="Hola, Marta. Lo miro.", at=clock.now())
    assert (ticket.status, ticket.assignee_id, ticket.due_kind) == ("open", world.tomas.id, "resolution")


def test_waiting_for_the_client_holds_the_clock(world: World) -> None:
    ticket = opened(world)
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        ticket = session.get_one(Ticket, ticket.id)
        reply(ticket, author=world.tomas, body="¿Qué pone en la pantalla?", at=clock.now())
        before = ticket.due_at
        change_status(ticket, "waiting_client", at=clock.now())
        assert ticket.due_at is None
    clock.advance(timedelta(minutes=25))
    with work(Scope.client(world.lozano.id)) as session:
        ticket = session.get_one(Ticket, ticket.id)
        add_detail(ticket, author=world.marta, body="Sin conexión", channel="slack", at=clock.now())
    assert ticket.status == "open"
    assert before == at_utc(13, 0)  # closing time: the budget ends with the morning
    assert ticket.due_at == at_utc(15, 25)  # so 25 minutes remain for the afternoon: 16:25 in Madrid


def test_a_resolved_ticket_that_comes_back_goes_on_with_what_was_left(world: World) -> None:
    ticket = opened(world)
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        ticket = session.get_one(Ticket, ticket.id)
        reply(ticket, author=world.tomas, body="Arreglado.", at=clock.now())
        before = ticket.due_at
        change_status(ticket, "resolved", at=clock.now())
    clock.advance(timedelta(minutes=40))
    with work(Scope.client(world.lozano.id)) as session:
        ticket = session.get_one(Ticket, ticket.id)
        add_detail(ticket, author=world.marta, body="Vuelve a fallar", channel="slack", at=clock.now())
    assert before == at_utc(13, 0)
    assert ticket.due_at == at_utc(15, 40)
    assert ticket.resolved_at is None


def test_refusals(world: World) -> None:
    ticket = opened(world)
    with pytest.raises(Invalid), work(Scope.staff()) as session:
        note(session.get_one(Ticket, ticket.id), author=world.tomas, body="  ", at=clock.now())
    with pytest.raises(Conflict), work(Scope.staff()) as session:
        change_status(session.get_one(Ticket, ticket.id), "closed", at=clock.now())


def test_another_client_sees_nothing_and_notes_stay_among_us(world: World, app: Flask) -> None:
    ticket = opened(world)
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        note(session.get_one(Ticket, ticket.id), author=world.tomas, body="Datáfono viejo", at=clock.now())
    with work(Scope.client(world.azcarate.id)) as session:
        assert session.get(Ticket, ticket.id) is None
    with work(Scope.client(world.lozano.id)) as session:
        assert [each.visibility for each in session.query(Message)] == ["public"]

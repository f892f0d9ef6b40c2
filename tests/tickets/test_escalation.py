"""At three quarters and at the breach: told once to who must know, raised to the next tier, on time and also late."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from msp.contracts.ladder import USUAL, rungs
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Event
from msp.notify.models import Notification
from msp.sla.models import Clock, Step
from msp.tickets.actions import Request, change_priority, change_status, open_ticket, reply, take
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Ticket
from tests.world import World

RUNGS = rungs(USUAL, "first_response", timedelta(minutes=30))
URGENT = Request(subject="VPN caída", body="Nadie entra", source="slack", priority="urgent")  # 30 min and 4 h


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=URGENT, at=clock.now())[0]


def kinds(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        rows = session.query(Event).filter(Event.subject_id == ticket.id).order_by(Event.seq)
        return [row.kind for row in rows if row.kind.startswith(("sla.", "ticket.tier"))]


def test_nothing_happens_before_its_moment(ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=22, seconds=29))
    assert take_due_steps() == 0
    clock.advance(timedelta(seconds=1))
    assert take_due_steps() == 1
    assert kinds(ticket) == ["sla.warned"]


def test_the_breach_raises_the_ticket_and_tells_assignee_and_lead(
    world: World, ticket: Ticket, drain: Callable[[], int]
) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        take(session.get_one(Ticket, ticket.id), world.tomas, at=clock.now())
    clock.advance(timedelta(minutes=22, seconds=30))
    assert take_due_steps() == 1
    clock.advance(timedelta(minutes=7, seconds=30))
    assert take_due_steps() == 1
    assert kinds(ticket) == ["sla.warned", "sla.breached", "ticket.tier_changed"]
    drain()
    with work(Scope.staff()) as session:
        after = session.get_one(Ticket, ticket.id)
        assert (after.tier, after.assignee_id) == (2, None)
        heard = {(n.person_id, n.kind) for n in session.query(Notification)}
    assert heard >= {(world.tomas.id, "sla.warned"), (world.tomas.id, "sla.breached"), (world.rosa.id, "sla.breached")}


def test_each_step_is_taken_once_however_often_it_is_asked(ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=40))
    for _ in range(5):
        take_due_steps()
    with work(Scope.staff()) as session:
        assert [step.key for step in session.query(Step).order_by(Step.step)] == [rung.key for rung in RUNGS]
    assert kinds(ticket).count("sla.breached") == 1


def test_a_pause_moves_the_steps(world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        change_status(session.get_one(Ticket, ticket.id), "waiting_client", at=clock.now())
    clock.advance(timedelta(hours=2))
    assert take_due_steps() == 0
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        change_status(session.get_one(Ticket, ticket.id), "open", at=clock.now())
    assert take_due_steps() == 0
    clock.advance(timedelta(minutes=23))
    assert take_due_steps() == 1


def test_an_answer_stops_the_first_clock_and_a_lower_priority_gives_time_back(world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        reply(mine, author=world.tomas, body="Lo miro", at=clock.now())
        change_priority(mine, "low", at=clock.now())
    clock.advance(timedelta(hours=3))
    assert take_due_steps() == 0
    with work(Scope.staff()) as session:
        running = session.query(Clock).filter(Clock.state == "running").one()
        assert (running.kind, running.budget_seconds) == ("resolution", 2400 * 60)


def test_what_came_while_the_desk_was_down_is_done_in_order_and_heard_of_once(
    world: World, ticket: Ticket, drain: Callable[[], int]
) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        take(session.get_one(Ticket, ticket.id), world.tomas, at=clock.now())
    drain()
    clock.advance(timedelta(minutes=90))
    assert take_due_steps() == 2
    assert kinds(ticket) == ["sla.warned", "sla.breached", "ticket.tier_changed"]
    drain()
    with work(Scope.staff()) as session:
        late = [each.data["is_late"] for each in session.query(Event).filter(Event.kind.like("sla.%"))]
        heard = sorted((n.person_id, n.kind) for n in session.query(Notification) if n.kind.startswith("sla."))
    assert late == [True, True]
    assert heard == sorted((person.id, "sla.breached") for person in (world.tomas, world.rosa))


def test_steps_that_came_while_the_desk_was_down_are_marked_late(ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=26))
    take_due_steps()
    with work(Scope.staff()) as session:
        event = session.query(Event).filter(Event.kind == "sla.warned").one()
        assert event.data["is_late"] is True

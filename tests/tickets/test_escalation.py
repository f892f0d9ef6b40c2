"""At three quarters and at the breach: notify the right people once, move to the next tier, on time and also late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from msp.contracts.escalation_policy import DEFAULT_POLICY, PolicyStep, planned_steps
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.notify.models import Notification
from msp.sla.models import Clock, TakenEscalationStep
from msp.tickets.actions import change_priority, change_status, take
from msp.tickets.escalation import take_due_steps
from msp.tickets.escalation_actions import apply_due_steps
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.oncall.desk import add_rota
from tests.tickets.sla_steps import change_terms, events, opened, shown, the
from tests.world import World

PLANNED = planned_steps(DEFAULT_POLICY, "first_response", timedelta(minutes=30))
URGENT = Request(subject="VPN caída", body="Nadie entra", source="slack", priority="urgent")  # 30 min and 4 h


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=URGENT, at=clock.now())[0]


def kinds(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        rows = session.query(StoredEvent).filter(StoredEvent.subject_id == ticket.id).order_by(StoredEvent.seq)
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
        assert [step.key for step in session.query(TakenEscalationStep).order_by(TakenEscalationStep.step)] == [
            planned.key for planned in PLANNED
        ]
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
        late = [each.data["is_late"] for each in session.query(StoredEvent).filter(StoredEvent.kind.like("sla.%"))]
        heard = sorted((n.person_id, n.kind) for n in session.query(Notification) if n.kind.startswith("sla."))
    assert late == [True, True]
    assert heard == sorted((person.id, "sla.breached") for person in (world.tomas, world.rosa))


def test_steps_that_came_while_the_desk_was_down_are_marked_late(ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=26))
    take_due_steps()
    with work(Scope.staff()) as session:
        event = session.query(StoredEvent).filter(StoredEvent.kind == "sla.warned").one()
        assert event.data["is_late"] is True


# ------------------------------------------------------------------- a contract's own escalation policy

OWN = (
    PolicyStep("share", 50, "notify", who=("on_call",), by=("mail",)),
    PolicyStep("before", 5, "raise_priority", clocks=("first_response",)),
    PolicyStep("share", 100, "assign", who=("person:{irene}",)),
    PolicyStep("after", 10, "webhook", webhook_id=UUID(int=7)),
    PolicyStep("after", 20, "notify", who=("lead",), is_urgent=True),
)


@pytest.fixture
def own(world: World) -> Ticket:
    policy = tuple(replace(step, who=tuple(who.format(irene=world.irene.id) for who in step.who)) for step in OWN)
    change_terms(world, escalation_policy=policy)
    return opened(world, priority="high")  # 60 minutes to answer


def test_each_step_does_what_it_says_at_its_moment(world: World, own: Ticket) -> None:
    clock.advance(timedelta(minutes=30))
    take_due_steps()
    [warned] = events(own, "sla.warned")
    assert warned.data["recipients"] == {"who": ["on_call"], "by": ["mail"], "is_urgent": False}
    assert warned.data["steps"] == ["share:50:notify"]
    clock.advance(timedelta(minutes=25))
    take_due_steps()
    assert shown(own).priority == "urgent"  # and its thirty minutes are over: the breach is reached at the same time
    assert shown(own).assignee_id == world.irene.id
    clock.advance(timedelta(minutes=40))
    take_due_steps()
    [call] = events(own, "escalation.webhook")
    assert call.data | {"due_at": ""} == {
        "webhook_id": str(UUID(int=7)),
        "clock": "first_response",
        "step": "after:10:webhook",
        "due_at": "",
        "is_late": True,
    }


def test_a_step_gives_the_ticket_to_whoever_is_on_call(world: World) -> None:
    add_rota(world)
    change_terms(world, escalation_policy=(PolicyStep("share", 50, "assign", who=("on_call",)),))
    ticket = opened(world, priority="high")
    clock.advance(timedelta(minutes=30))
    assert take_due_steps() == 1
    assert shown(ticket).assignee_id == world.irene.id


def test_a_moved_deadline_takes_no_step_twice_and_skips_none(world: World, own: Ticket) -> None:
    clock.advance(timedelta(minutes=30))
    take_due_steps()
    for priority in ("low", "high", "normal"):
        with work(Scope.staff()) as session:
            change_priority(session.get_one(Ticket, own.id), priority, at=clock.now())
        take_due_steps()
    assert len(events(own, "sla.warned")) == 1
    clock.advance(timedelta(hours=3))
    take_due_steps()
    first = the(own, "first_response")
    assert sorted(first.taken) == sorted(
        planned.key for planned in planned_steps(OWN, "first_response", timedelta(hours=1))
    )
    assert len(events(own, "sla.breached")) == 1


def test_an_edited_policy_takes_only_what_is_new(world: World, own: Ticket, drain: Callable[[], int]) -> None:
    clock.advance(timedelta(minutes=31))
    take_due_steps()
    change_terms(world, escalation_policy=(replace(OWN[0], who=("lead",)), PolicyStep("share", 60, "notify")))
    drain()
    assert take_due_steps() == 0
    clock.advance(timedelta(minutes=5))
    assert take_due_steps() == 1
    assert [each.data["steps"] for each in events(own, "sla.warned")] == [["share:50:notify"], ["share:60:notify"]]


def test_one_ticket_in_trouble_does_not_hold_up_the_others(
    world: World, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(world, priority="urgent")
    real = apply_due_steps

    def fail(each: Ticket, *args: Any, **more: Any) -> Any:
        if each.id == ticket.id:
            raise RuntimeError("a step that cannot be taken")
        return real(each, *args, **more)

    monkeypatch.setattr("msp.tickets.escalation.apply_due_steps", fail)
    clock.advance(timedelta(minutes=23))
    take_due_steps()
    assert (kinds(ticket), kinds(other)) == ([], ["sla.warned"])
    monkeypatch.undo()
    assert take_due_steps() == 0  # postponed by a minute
    clock.advance(timedelta(seconds=61))
    assert take_due_steps() == 1

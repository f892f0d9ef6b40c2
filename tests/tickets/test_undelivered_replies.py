"""A target is met at the time of the reply, and owed again with its original due date if the reply was not delivered.

Every contract here has a first response target of 60 minutes and next response targets of 30, at 10:00 on a working
Monday.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Temporary, Unreachable
from msp.sla.models import Clock
from msp.tickets import actions, messages
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Message, Ticket
from msp.tickets.sla_targets import conversation_of
from tests.notify.channels import Recorder, only
from tests.tickets.sla_steps import (
    another_contract,
    change_terms,
    clocks,
    events,
    minutes,
    moved,
    opened,
    shown,
    the,
    wrote,
)
from tests.world import World

Drain = Callable[[], int]
EVERY = dict.fromkeys(PRIORITIES, PriorityTargets(60, 240, next_response_minutes=30))


@pytest.fixture
def way() -> Iterator[Recorder]:
    """The only channel: it refuses everything until configured otherwise."""
    channel = Recorder("slack", always=Unreachable("is_archived"))
    with only(channel):
        yield channel


@pytest.fixture
def ticket(world: World, way: Recorder) -> Ticket:
    change_terms(world, targets=EVERY)
    return opened(world)


def reply(world: World, ticket: Ticket, *, then: str = "") -> UUID:
    """Tomás answers and sets the status at the same instant, as the composer does."""
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        made = messages.reply(mine, author=world.tomas, body="Lo miro", at=clock.now())
        if then:
            actions.change_status(mine, then, at=clock.now())
        return made.id


def send_again(ticket: Ticket, message_id: UUID) -> None:
    with work(Scope.staff()) as session:
        messages.send_again(session.get_one(Ticket, ticket.id), session.get_one(Message, message_id), at=clock.now())


def facts(clock: Clock) -> tuple[str, datetime | None, datetime | None]:
    return clock.state, clock.due_at, clock.met_at


def of_kind(ticket: Ticket, kind: str) -> list[Clock]:
    return [each for each in clocks(ticket) if each.kind == kind]


def later(drain: Drain, count: int) -> None:
    clock.advance(minutes(count))
    drain()


def test_the_first_response_is_met_then_owed_again_as_it_was(world: World, ticket: Ticket, drain: Drain) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    reply(world, ticket)
    assert facts(the(ticket, "first_response")) == ("met", start + minutes(60), start + minutes(10))
    assert shown(ticket).due_kind == "resolution"
    later(drain, 1)
    assert facts(the(ticket, "first_response")) == ("running", start + minutes(60), None)
    assert (shown(ticket).due_kind, shown(ticket).due_at) == ("first_response", start + minutes(60))
    assert [each.data["clock"] for each in events(ticket, "sla.reopened")] == ["first_response"]


def test_a_deadline_that_has_passed_meanwhile_breaches_at_the_next_sweep(
    world: World, ticket: Ticket, drain: Drain, way: Recorder
) -> None:
    start = clock.now()
    way.always = Temporary("no_connection")
    clock.advance(minutes(50))
    reply(world, ticket)
    drain()
    later(drain, 29)
    assert the(ticket, "first_response").state == "met"
    later(drain, 2)
    first = the(ticket, "first_response")
    assert (first.state, first.due_at, first.breached_at) == ("running", start + minutes(60), None)
    take_due_steps()
    assert the(ticket, "first_response").breached_at == start + minutes(60)


def test_an_answer_that_came_late_stays_late(world: World, ticket: Ticket, drain: Drain) -> None:
    start = clock.now()
    clock.advance(minutes(70))
    reply(world, ticket)
    later(drain, 1)
    first = the(ticket, "first_response")
    assert (first.state, first.breached_at) == ("running", start + minutes(60))


def test_sent_again_it_is_met_when_it_arrives(world: World, ticket: Ticket, drain: Drain, way: Recorder) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    made = reply(world, ticket)
    later(drain, 1)
    way.always = None
    clock.advance(minutes(4))
    send_again(ticket, made)
    assert the(ticket, "first_response").state == "running"  # a reply in flight is no answer yet, this time
    later(drain, 1)
    assert facts(the(ticket, "first_response")) == ("met", start + minutes(60), start + minutes(16))
    assert [(each.at, each.data["is_late"]) for each in events(ticket, "sla.met")] == [
        (start + minutes(10), False),
        (start + minutes(16), False),
    ]


def test_another_answer_that_arrived_meets_it_at_its_own_time(
    world: World, ticket: Ticket, drain: Drain, way: Recorder
) -> None:
    start = clock.now()
    way.failures, way.always = [Unreachable("is_archived")], None
    clock.advance(minutes(10))
    first = reply(world, ticket)
    clock.advance(minutes(5))
    second = reply(world, ticket)
    later(drain, 1)
    assert [each.message_id for each in way.tried] == [first, second] and len(way.sent) == 1
    assert facts(the(ticket, "first_response")) == ("met", start + minutes(60), start + minutes(15))
    assert not events(ticket, "sla.reopened")


def test_an_other_answer_that_fails_too_owes_it_again(world: World, ticket: Ticket, drain: Drain) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    reply(world, ticket)
    clock.advance(minutes(5))
    reply(world, ticket)
    later(drain, 1)
    assert facts(the(ticket, "first_response")) == ("running", start + minutes(60), None)


def test_a_later_question_does_not_run_beside_the_older_one(world: World, ticket: Ticket, drain: Drain) -> None:
    """The clock of the older question covers the newer one, and is not reported twice."""
    way = Recorder("slack")
    with only(way):
        reply(world, ticket)
        drain()
        clock.advance(minutes(1))
        asked_at = clock.now()
        wrote(world, ticket)
        clock.advance(minutes(5))
        way.always = Unreachable("is_archived")
        reply(world, ticket)
        clock.advance(minutes(1))
        wrote(world, ticket)
        assert [each.state for each in of_kind(ticket, "next_response")] == ["met", "running"]
        later(drain, 1)
    older, newer = of_kind(ticket, "next_response")
    assert facts(older) == ("running", asked_at + minutes(30), None)
    assert (newer.state, newer.due_at, newer.breached_at) == ("cancelled", None, None)
    assert shown(ticket).due_at == asked_at + minutes(30)


def test_a_question_after_the_failed_first_answer_waits_for_the_first_response(
    world: World, ticket: Ticket, drain: Drain
) -> None:
    start = clock.now()
    reply(world, ticket)
    clock.advance(minutes(5))
    wrote(world, ticket)
    later(drain, 1)
    assert facts(the(ticket, "first_response")) == ("running", start + minutes(60), None)
    assert the(ticket, "next_response").state == "cancelled"


@pytest.mark.parametrize("pausing", [("waiting_client",), ()])
def test_send_and_wait_is_undone_for_the_client_was_never_asked(
    world: World, ticket: Ticket, drain: Drain, pausing: tuple[str, ...]
) -> None:
    start = clock.now()
    change_terms(world, targets=EVERY, pausing=pausing)
    clock.advance(minutes(10))
    reply(world, ticket, then="waiting_client")
    later(drain, 20)
    assert shown(ticket).status == "open" and shown(ticket).paused_at is None
    assert facts(the(ticket, "first_response")) == ("running", start + minutes(60), None)
    assert the(ticket, "resolution").due_at == start + minutes(240)


def test_a_pause_of_another_reason_holds_what_is_owed_again(world: World, ticket: Ticket, drain: Drain) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    reply(world, ticket)
    clock.advance(minutes(5))
    moved(world, ticket, "scheduled")
    later(drain, 10)
    assert facts(the(ticket, "first_response")) == ("paused", None, None)
    moved(world, ticket, "open")
    assert the(ticket, "first_response").due_at == start + minutes(70)


def test_a_finished_ticket_owes_no_answer_until_it_comes_back(
    world: World, ticket: Ticket, drain: Drain, way: Recorder
) -> None:
    way.always = None
    reply(world, ticket)
    drain()
    clock.advance(minutes(1))
    asked_at = clock.now()
    wrote(world, ticket)
    way.always = Unreachable("is_archived")
    clock.advance(minutes(5))
    reply(world, ticket, then="resolved")
    resolved_at = clock.now()
    later(drain, 5)
    assert facts(the(ticket, "next_response"))[::2] == ("cancelled", resolved_at)
    moved(world, ticket, "open")
    assert facts(the(ticket, "next_response")) == ("running", asked_at + minutes(35), None)


def test_finishing_answers_what_a_failed_reply_did_not(world: World, ticket: Ticket, drain: Drain) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    reply(world, ticket)
    clock.advance(minutes(10))
    moved(world, ticket, "resolved")
    later(drain, 1)
    assert facts(the(ticket, "first_response")) == ("met", start + minutes(60), start + minutes(20))


def test_history_tells_the_same_when_the_contract_changes(
    world: World, ticket: Ticket, drain: Drain, way: Recorder
) -> None:
    start = clock.now()
    clock.advance(minutes(10))
    made = reply(world, ticket)
    later(drain, 1)
    with work(Scope.staff()):
        assert [each.is_response for each in conversation_of(ticket.id)] == [False, False]
    other = another_contract(world, PriorityTargets(90, 300, next_response_minutes=20))
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), other, at=clock.now())
    assert facts(the(ticket, "first_response")) == ("running", start + minutes(90), None)
    way.always = None
    send_again(ticket, made)
    later(drain, 2)
    with work(Scope.staff()):
        assert [(each.at, each.is_response) for each in conversation_of(ticket.id)][-1] == (clock.now(), True)
    assert the(ticket, "first_response").met_at == clock.now()


def test_a_target_that_begins_later_sees_when_the_answer_arrived(
    world: World, ticket: Ticket, drain: Drain, way: Recorder
) -> None:
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), None, at=clock.now())
    made = reply(world, ticket)
    later(drain, 5)
    way.always = None
    send_again(ticket, made)
    later(drain, 1)
    other = another_contract(world, PriorityTargets(90, 300, next_response_minutes=20))
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), other, at=clock.now() + timedelta(minutes=1))
    assert the(ticket, "first_response").met_at == clock.now()


def test_without_a_contract_only_the_message_says_so(world: World, ticket: Ticket, drain: Drain) -> None:
    with work(Scope.staff()) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), None, at=clock.now())
    made = reply(world, ticket)
    later(drain, 1)
    with work(Scope.staff()) as session:
        assert session.get_one(Message, made).delivery_state == "failed"
    assert not events(ticket, "sla.reopened")

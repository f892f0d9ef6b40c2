"""SLA clock bugs of other help desks, each test with the product's name and issue number."""

from datetime import UTC, datetime

import pytest

from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets import actions
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Ticket
from tests.tickets.sla_steps import answered, change_terms, clocks, events, minutes, moved, opened, shown, the, wrote
from tests.world import World

SHORT_UPDATES = dict.fromkeys(PRIORITIES, PriorityTargets(60, 240, next_response_minutes=10))


@pytest.fixture
def ticket(world: World) -> Ticket:
    change_terms(world, targets=SHORT_UPDATES)
    return opened(world)


def breaches(ticket: Ticket) -> list[str]:
    return [each.data["clock"] for each in events(ticket, "sla.breached")]


def test_zammad_5177_a_short_next_response_does_not_override_the_first(world: World, ticket: Ticket) -> None:
    clock.advance(minutes(5))
    wrote(world, ticket)
    clock.advance(minutes(40))
    take_due_steps()
    assert (shown(ticket).due_kind, breaches(ticket)) == ("first_response", [])
    assert the(ticket, "first_response").due_at == ticket.created_at + minutes(60)


def test_zammad_3140_nothing_is_broken_while_the_desk_spoke_last(world: World, ticket: Ticket) -> None:
    answered(world, ticket)
    clock.advance(minutes(200))
    take_due_steps()
    assert breaches(ticket) == []
    wrote(world, ticket)
    clock.advance(minutes(5))
    answered(world, ticket)
    clock.advance(minutes(20))
    take_due_steps()
    assert "next_response" not in breaches(ticket)


def test_zammad_5624_a_contract_without_a_next_response_drops_the_one_that_ran(world: World, ticket: Ticket) -> None:
    answered(world, ticket)
    wrote(world, ticket)
    without_updates = {priority: PriorityTargets(60, 240) for priority in PRIORITIES}
    change_terms(world, targets=without_updates)
    with work(Scope.staff()) as session:
        actions.change_priority(session.get_one(Ticket, ticket.id), "high", at=clock.now())
    assert the(ticket, "next_response").state == "cancelled"


def test_chatwoot_10178_the_answer_owed_stops_when_the_ticket_is_resolved(world: World, ticket: Ticket) -> None:
    answered(world, ticket)
    clock.advance(minutes(1))
    wrote(world, ticket)  # «thank you!»
    clock.advance(minutes(1))
    moved(world, ticket, "resolved")
    clock.advance(minutes(600))
    assert take_due_steps() == 0
    assert (breaches(ticket), the(ticket, "next_response").breached_at) == ([], None)


def test_chatwoot_13392_a_clock_counts_working_time_and_none_after_it_is_resolved(world: World, ticket: Ticket) -> None:
    due = the(ticket, "resolution").due_at
    assert due == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # four hours, before lunch
    clock.advance(minutes(30))
    moved(world, ticket, "resolved")
    clock.advance(minutes(24 * 60))
    assert take_due_steps() == 0
    assert {each.state for each in clocks(ticket)} == {"met"}
    moved(world, ticket, "open")
    assert (the(ticket, "resolution").breached_at, the(ticket, "resolution").due_at) == (
        None,
        datetime(2026, 11, 24, 13, 0, tzinfo=UTC),  # 210 minutes were left, on the next morning from 10:30 on
    )

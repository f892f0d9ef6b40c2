"""Reports handle each kind of target: several next responses on one ticket, and fulfilment of requests."""

from datetime import UTC, date, datetime

import pytest

from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.reports.attainment import ReportQuery, figures, lines
from msp.reports.figures import sum_of
from msp.reports.period import month_of
from msp.tickets.models import Ticket
from tests.tickets.sla_steps import answered, change_terms, minutes, moved, opened, wrote
from tests.world import World

NOVEMBER = month_of(date(2026, 11, 1))


@pytest.fixture
def asked_twice(world: World) -> Ticket:
    """Monday: opened at 10:00 and answered at 10:10; asked again at 10:20 and answered at 11:00, 10 minutes late.

    Asked at 11:10 and answered at 11:15; asked at 11:20 and never answered, but resolved at 11:30.
    """
    target = PriorityTargets(60, 480, next_response_minutes=30)
    change_terms(world, targets=dict.fromkeys(PRIORITIES, target))
    ticket = opened(world)
    for length, act in (
        (10, answered), (10, wrote), (40, answered), (10, wrote), (5, answered), (5, wrote), (10, None),
    ):  # fmt: skip
        clock.advance(minutes(length))
        if act:
            act(world, ticket)
    moved(world, ticket, "resolved")
    return ticket


def test_each_answer_that_was_owed_counts(asked_twice: Ticket) -> None:
    with work(Scope.staff()):
        question = ReportQuery(NOVEMBER, clock.now())
        counts = {each.key: dict(each.counts) for each in figures(question, by="kind")}
        late = lines(question, outcomes=["met_late"], limit=5)[0]
    assert counts == {
        "first_response": {"met": 1},
        "next_response": {"met": 1, "met_late": 1, "cancelled": 1},
        "resolution": {"met": 1},
    }
    assert [(each.kind, each.due_at) for each in late] == [("next_response", datetime(2026, 11, 23, 9, 50, tzinfo=UTC))]


def test_an_answer_that_was_overdue_when_the_ticket_was_closed_was_not_kept(world: World) -> None:
    target = PriorityTargets(60, 480, next_response_minutes=30)
    change_terms(world, targets=dict.fromkeys(PRIORITIES, target))
    ticket = opened(world)
    answered(world, ticket)
    wrote(world, ticket)
    clock.advance(minutes(31))
    moved(world, ticket, "resolved")
    with work(Scope.staff()):
        found = figures(ReportQuery(NOVEMBER, clock.now(), {"kind": "next_response"}), by="client")
    assert sum_of(found).counts == {"breached": 1}


def test_requests_are_fulfilled(world: World) -> None:
    target = PriorityTargets(60, 480, fulfilment_minutes=960)
    change_terms(world, targets_of_type={"request": dict.fromkeys(PRIORITIES, target)})
    ticket = opened(world, type="request")
    answered(world, ticket)
    moved(world, ticket, "resolved")
    wrote(world, ticket)
    with work(Scope.staff()):
        question = ReportQuery(NOVEMBER, clock.now())
        counts = {each.key: dict(each.counts) for each in figures(question, by="kind")}
        (again,) = [each for each in lines(question, limit=5)[0] if each.is_reopened]
    assert counts["fulfilment"] == {"running": 1} and "resolution" not in counts
    assert again.kind == "fulfilment"

"""Which targets are at risk: the rule, the desk's own past, scopes, and the number of statements."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, select

from msp.demo import generate
from msp.demo.load import load
from msp.kernel import clock, ttl_cache
from msp.kernel.db import Scope, db, work
from msp.reports.forecast import Accuracy, Forecast, Verdict, Waiting, count_by_hour, forecast
from msp.reports.late_chance import Case, Chance, History, TargetGroup
from msp.reports.outlook import outlook
from msp.reports.targets import lessons, past
from msp.sla.models import Clock
from msp.tickets.actions import change_priority, change_status
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.reports.ticket_history import answer_each_day
from tests.world import World

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CLIENT = UUID(int=1)
ALIKE = TargetGroup("first_response", CLIENT, 3600)


def waiting(number: int, due: int, *, open_for: int) -> Waiting:
    return Waiting(UUID(int=number), ALIKE, 1, None, AT + due * MINUTE, open_for * MINUTE)


def history(*, late: int, met: int) -> History:
    return History([*[Case(ALIKE, 1.5, True)] * late, *[Case(ALIKE, 0.5, True)] * met])


@pytest.mark.parametrize(
    ("why", "past", "verdict"),
    [
        ("no history", history(late=0, met=0), "unknown"),
        ("too little", history(late=20, met=9), "unknown"),
        ("none was late", history(late=0, met=40), "in_time"),
        ("three in ten", history(late=12, met=28), "at_risk"),
        ("fewer", history(late=11, met=29), "in_time"),
    ],
)
def test_the_rule(why: str, past: History, verdict: Verdict) -> None:
    assert [each.verdict for each in forecast([waiting(1, 60, open_for=60)], past, at=AT)] == [verdict], why


def test_the_longer_it_is_open_the_likelier_it_is_late() -> None:
    queue = [
        waiting(2, 90, open_for=60),
        waiting(1, 20, open_for=20),
        waiting(3, 0, open_for=0),
        waiting(4, -5, open_for=0),
    ]
    found = forecast(queue, history(late=30, met=90), at=AT)
    assert [(each.waiting.clock_id.int, each.verdict, each.chance.late) for each in found] == [
        (1, "at_risk", 1.0),
        (2, "in_time", 0.25),
    ]


def test_hours() -> None:
    found = [
        Forecast(waiting(number, due, open_for=60), Chance(late, 30, "kind"))
        for number, due, late in ((1, 10, 0.3), (2, 60, 0.29), (3, 119, None))
    ]
    assert count_by_hour(found, at=AT, hours=2) == [{"at_risk": 1}, {"in_time": 1, "unknown": 1}]


def opened(world: World, at: datetime, *, priority: str = "urgent") -> Ticket:
    wanted = Request(subject="No imprime", body="No imprime.", source="portal", priority=priority)
    with clock.frozen(at), work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=at)[0]


def test_the_desk_s_own_past(world: World) -> None:
    """Until Monday every third answer was late: 20 minutes after it was due."""
    answer_each_day(world, late_every=3)
    at = clock.now()
    fresh = opened(world, at)
    old = opened(world, at - 20 * MINUTE)  # all others were answered after 15 minutes
    with work(Scope.staff()):
        found = outlook(at=at, hours=2)
        assert [(each.label, each.forecast.verdict) for each in found.expected] == [
            (f"LOZ-{old.number}", "unknown"),
            (f"LOZ-{fresh.number}", "at_risk"),
        ]
        chance = found.expected[1].forecast.chance  # the old one was also open when the others were answered
        assert chance.late == pytest.approx(16 / 46) and (chance.cases, chance.group) == (45, "client_target")
        assert (found.tickets, found.tickets_at_risk, found.late_already) == (2, 1, 0)
    with clock.frozen(at + 45 * MINUTE), work(Scope.staff()):
        assert outlook(at=clock.now(), hours=2).late_already == 2


def test_without_history_only_what_is_late_is_said(world: World) -> None:
    opened(world, clock.now())
    opened(world, clock.now() - timedelta(days=3))  # on Friday
    with work(Scope.staff()):
        found = outlook(at=clock.now(), hours=8)
        assert {each.forecast.verdict for each in found.expected} == {"unknown"} and found.late_already == 2
        assert found.accuracy.compared == 0


def test_a_forecast_of_then_told_again_later_is_the_same(world: World) -> None:
    """Targets met, paused, resolved, reopened, cancelled or changed later do not change an earlier forecast."""
    answer_each_day(world, late_every=3)
    then = clock.now()
    tickets = [opened(world, then - number * MINUTE) for number in range(6)]
    with work(Scope.staff()):
        live = [(each.forecast.waiting.clock_id, each.forecast.chance) for each in outlook(at=then, hours=8).expected]
    for number, (ticket, status) in enumerate(zip(tickets, ("resolved", "waiting_client", "open") * 2, strict=True)):
        with clock.frozen(then + (number + 5) * MINUTE), work(Scope.staff(actor_id=world.tomas.id)):
            mine = access_ticket(ticket.id)
            reply(mine, author=world.tomas, body="Lo miro.", at=clock.now())
            change_status(mine, status, at=clock.now())
    for ticket, status in ((tickets[0], "open"), (tickets[1], "open")):
        with clock.frozen(then + 60 * MINUTE), work(Scope.staff(actor_id=world.tomas.id)):
            change_status(access_ticket(ticket.id), status, at=clock.now())
    with clock.frozen(then + 70 * MINUTE), work(Scope.staff(actor_id=world.tomas.id)):
        change_priority(access_ticket(tickets[2].id), "low", at=clock.now())
    with clock.frozen(then + timedelta(days=3)), work(Scope.staff()):
        again = past(at=clock.now()).forecasts(then)
        assert [(each.waiting.clock_id, each.chance) for _, each in again] == live
        kinds = [each.waiting.alike.kind for _, each in again]
        assert sorted(kinds) == ["first_response"] * 6 + ["resolution"] * 6


def test_how_often_it_was_right_is_exact(world: World) -> None:
    """19 mornings with one new ticket each: every third answer was late, every resolution in time.

    On the first four there are fewer than 30 answers, so that all targets count together and nothing is at risk.
    """
    answer_each_day(world, late_every=3)
    with work(Scope.staff()):
        _, found = lessons(at=clock.now())
        late = select(Clock.started_at).where(Clock.kind == "first_response", Clock.met_at > Clock.due_at)
        tested = db.session.scalars(late.where(Clock.started_at >= datetime(2026, 10, 27, tzinfo=UTC))).all()
    assert found == Accuracy(times=19, at_risk=15, at_risk_late=5, in_time=4 + 19, in_time_late=2)
    assert len(tested) == found.at_risk_late + found.in_time_late


def test_narrowing_shows_less(world: World) -> None:
    at = clock.now()
    opened(world, at)
    with work(Scope.staff()):
        assert len(outlook(at=at, hours=8, client_id=world.lozano.id).expected) == 2
        assert outlook(at=at, hours=8, client_id=world.azcarate.id).expected == ()
        assert outlook(at=at, hours=8, tier=2).expected == ()


def test_each_scope_sees_its_own(world: World) -> None:
    """Tickets, history and accuracy exclude clients outside the scope."""
    answer_each_day(world, late_every=3)
    at = clock.now()
    opened(world, at)
    with work(Scope.staff_some([world.azcarate.id])):
        found = outlook(at=at, hours=8)
        assert found.expected == () and found.accuracy == Accuracy()
        assert lessons(at=at)[0].chance(TargetGroup("first_response", world.lozano.id, 1800), 0.0).cases == 0
    with work(Scope.staff_some([world.lozano.id])):
        assert outlook(at=at, hours=8).accuracy.times


def test_an_empty_desk(world: World) -> None:
    with work(Scope.staff()):
        assert outlook(at=clock.now(), hours=8).expected == ()


def test_a_hundred_tickets_take_a_few_statements(world: World) -> None:
    for number in range(100):
        opened(world, clock.now() - number * timedelta(seconds=1))
    assert _statements(expected=200) <= 7
    assert _statements(expected=200) <= 2


def _statements(*, expected: int) -> int:
    statements: list[str] = []
    with work(Scope.staff()) as session:
        session.execute(select(1))
        listen = (db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        event.listen(*listen)
        try:
            assert len(outlook(at=clock.now(), hours=8).expected) == expected
        finally:
            event.remove(*listen)
    return len(statements)


def test_the_demonstration_has_a_forecast_that_can_be_believed(app: Flask) -> None:
    load(generate(clock.now()))
    ttl_cache.clear()
    with work(Scope.staff()):
        found = outlook(at=clock.now(), hours=8)
    assert found.tickets >= 20
    assert 0.1 <= found.tickets_at_risk / found.tickets <= 0.5
    said = found.accuracy
    assert said.at_risk >= 10 and said.in_time >= 40 and said.times == 19
    assert said.at_risk_late / said.at_risk >= 0.4
    assert said.in_time_late / said.in_time <= 0.2

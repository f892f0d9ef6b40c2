"""What will be late at the present pace: the rule as a table of cases, then the queue and the pace from the desk."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from msp.kernel import clock, recent
from msp.kernel.db import Scope, db, work
from msp.reports.forecast import Pace, Paces, Verdict, Waiting, count_by_hour, forecast
from msp.reports.outlook import outlook, paces
from msp.tickets.actions import Request, access_ticket, change_status, open_ticket, reply, take
from msp.tickets.models import Ticket
from tests.world import World

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOMAS, IRENE, ROSA = UUID(int=1), UUID(int=2), UUID(int=3)
MINUTE = timedelta(minutes=1)
LATELY = Paces(
    technicians={TOMAS: Pace(30 * MINUTE, 10), IRENE: Pace(10 * MINUTE, 2)},  # two stretches of Irene's are no pace
    tiers={1: Pace(12 * MINUTE, 40), 3: Pace(5 * MINUTE, 1)},
)


def waiting(number: int, due: int, who: UUID | None, *, tier: int = 1, open_for: int | None = None) -> Waiting:
    """A promise due so many minutes after AT, open for as long unless said otherwise."""
    length = max(due, 0) if open_for is None else open_for
    return Waiting(UUID(int=number), "resolution", tier, who, AT + due * MINUTE, length * MINUTE)


@pytest.mark.parametrize(
    ("why", "queue", "verdicts"),
    [
        ("nothing", [], []),
        ("alone and in time", [waiting(1, 30, TOMAS)], ["in_time"]),
        ("a minute too few", [waiting(1, 29, TOMAS)], ["late"]),
        ("the second waits for the first", [waiting(1, 40, TOMAS), waiting(2, 59, TOMAS)], ["in_time", "late"]),
        ("the second fits", [waiting(1, 40, TOMAS), waiting(2, 60, TOMAS)], ["in_time", "in_time"]),
        ("what is late already goes ahead", [waiting(1, -5, TOMAS), waiting(2, 50, TOMAS)], ["late"]),
        ("due now is late already", [waiting(1, 0, TOMAS)], []),
        ("others' queues do not matter", [waiting(1, 20, ROSA, tier=3), waiting(2, 30, TOMAS)], ["unknown", "in_time"]),
        ("closed meanwhile", [waiting(1, 120, TOMAS, open_for=20)], ["late"]),
        ("nobody has it, the tier has time", [waiting(1, 60, None)], ["unassigned"]),
        ("nobody has it, the tier has not", [waiting(1, 10, None)], ["late"]),
        ("a tier is one queue", [waiting(1, 31, TOMAS), waiting(2, 32, None, open_for=23)], ["in_time", "late"]),
        ("nobody has it, no pace", [waiting(1, 60, None, tier=2)], ["unassigned"]),
        ("too little measured: the tier's pace", [waiting(1, 11, IRENE), waiting(2, 24, IRENE)], ["late", "in_time"]),
        ("nothing measured at all", [waiting(1, 60, ROSA, tier=2)], ["unknown"]),
        ("order of due, not of asking", [waiting(2, 59, TOMAS), waiting(1, 40, TOMAS)], ["in_time", "late"]),
    ],
)  # fmt: skip
def test_the_rule(why: str, queue: list[Waiting], verdicts: list[Verdict]) -> None:
    assert [each.verdict for each in forecast(queue, LATELY, at=AT)] == verdicts, why


def test_a_forecast_says_what_it_rests_on() -> None:
    queue = [waiting(1, -5, TOMAS), waiting(2, 20, TOMAS), waiting(3, 50, IRENE)]
    first, second = forecast(queue, LATELY, at=AT)
    assert (first.ahead, first.pace, first.is_tier_pace, first.needed) == (1, Pace(30 * MINUTE, 10), False, 60 * MINUTE)
    assert (second.ahead, second.pace, second.is_tier_pace) == (0, Pace(12 * MINUTE, 40), True)


def test_hours() -> None:
    found = forecast([waiting(1, 10, TOMAS), waiting(2, 60, TOMAS), waiting(3, 119, None)], LATELY, at=AT)
    assert count_by_hour(found, at=AT, hours=2) == [{"late": 1}, {"in_time": 1, "unassigned": 1}]


def opened(world: World, at: datetime, *, priority: str = "urgent") -> Ticket:
    wanted = Request(subject="No imprime", body="No imprime.", source="portal", priority=priority)
    with clock.frozen(at), work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=at)[0]


@pytest.fixture
def paced(world: World) -> World:
    """On Thursday and Friday Tomás meets a promise each 20 minutes from 10:00 on, four a day."""
    for day in (19, 20):
        for number in range(4):
            at = datetime(2026, 11, day, 9, 0, tzinfo=UTC) + 20 * number * MINUTE
            ticket = opened(world, at - MINUTE, priority="low")
            with clock.frozen(at), work(Scope.staff(actor_id=world.tomas.id)):
                mine = access_ticket(ticket.id)
                take(mine, world.tomas, at=at)
                change_status(mine, "resolved", at=at)
    recent.forget()
    return world


def test_the_pace_is_the_usual_stretch_within_a_day(paced: World) -> None:
    """Both promises of a ticket are met at once, which is one act; and the night between is no stretch."""
    with work(Scope.staff()):
        found = paces(at=clock.now())
    assert found.technicians == {paced.tomas.id: Pace(20 * MINUTE, 6)}
    assert found.tiers == {1: Pace(20 * MINUTE, 6)}


def test_the_next_hours(paced: World) -> None:
    """It is Monday, 10:00 in Madrid: an urgent ticket is to be answered by 10:30 and solved by 17:00."""
    at = clock.now()
    ticket = opened(paced, at)
    with work(Scope.staff(actor_id=paced.tomas.id)):
        take(access_ticket(ticket.id), paced.tomas, at=at)
    second = opened(paced, at - 10 * MINUTE)  # answer due 10:20, nobody has it, Tomás' answer is behind it in the tier
    with work(Scope.staff()):
        near, far = outlook(at=at, hours=2), outlook(at=at, hours=8)
    by_label = [(each.label, each.forecast.waiting.kind, each.forecast.verdict) for each in far.expected]
    assert by_label == [
        ("LOZ-10", "first_response", "unassigned"),
        ("LOZ-9", "first_response", "in_time"),
        ("LOZ-10", "resolution", "unassigned"),
        ("LOZ-9", "resolution", "in_time"),
    ]
    assert [each.label for each in near.expected] == ["LOZ-10", "LOZ-9"] and near.late_already == 0
    assert second.number == 10 and far.expected[0].assignee is None and far.expected[1].assignee == "Tomás Rey"
    with clock.frozen(at + 45 * MINUTE), work(Scope.staff()):
        assert outlook(at=clock.now(), hours=2).late_already == 2


def test_narrowing_shows_less_and_leaves_the_queues(paced: World) -> None:
    at = clock.now()
    opened(paced, at)
    with work(Scope.staff()):
        assert len(outlook(at=at, hours=8, client_id=paced.lozano.id).expected) == 2
        assert outlook(at=at, hours=8, client_id=paced.azcarate.id).expected == ()
        assert outlook(at=at, hours=8, tier=2).expected == ()


def test_each_scope_sees_its_own(paced: World) -> None:
    opened(paced, clock.now())
    with work(Scope.staff_some([paced.azcarate.id])):
        assert outlook(at=clock.now(), hours=8).expected == ()
        assert paces(at=clock.now()).technicians == {}


def test_an_empty_desk(world: World) -> None:
    with work(Scope.staff()):
        assert outlook(at=clock.now(), hours=8).expected == ()


def test_a_hundred_tickets_take_a_few_statements(paced: World) -> None:
    for number in range(100):
        opened(paced, clock.now() - number * timedelta(seconds=1))
    statements: list[str] = []
    with work(Scope.staff()) as session:
        session.execute(select(1))
        listen = (db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        event.listen(*listen)
        try:
            assert len(outlook(at=clock.now(), hours=8).expected) == 200
        finally:
            event.remove(*listen)
    assert len(statements) <= 4


def test_an_answer_alone_is_a_stretch_too(world: World) -> None:
    for number in range(3):
        at = clock.now() + 15 * number * MINUTE
        ticket = opened(world, at, priority="low")
        with clock.frozen(at), work(Scope.staff(actor_id=world.tomas.id)):
            mine = access_ticket(ticket.id)
            take(mine, world.tomas, at=at)
            reply(mine, author=world.tomas, body="Lo miro.", at=at)
    with work(Scope.staff()):
        assert paces(at=clock.now() + timedelta(hours=1)).technicians[world.tomas.id] == Pace(15 * MINUTE, 2)

"""Figures of the two months in two_months.py, calculated by hand from its comments."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import event, func, select

from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.reports.attainment import DIMENSIONS, NONE, ReportQuery, figures, lines
from msp.reports.figures import Figures, sum_of, without_others
from msp.reports.period import ReportPeriod, read_period
from msp.reports.reasons import reasons
from msp.sla.models import Clock
from msp.tickets.by_requester import add_detail
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from tests.reports.two_months import BOTH, NOW, OCTOBER, SEPTEMBER, madrid, opened, tell_two_months
from tests.world import World


@pytest.fixture
def months(world: World) -> World:
    """The fixtures, two months later."""
    tell_two_months(world)
    return world


@pytest.fixture
def seen(months: World) -> Iterator[World]:
    with clock.frozen(NOW), work(Scope.staff()):
        yield months


def asked(period: ReportPeriod, **only: str) -> ReportQuery:
    return ReportQuery(period, clock.now(), only)


def counted(rows: list[Figures]) -> dict[str | None, dict[str, int]]:
    return {row.key: dict(row.counts) for row in rows}


def test_september_by_kind(seen: World) -> None:
    assert counted(figures(asked(SEPTEMBER), by="kind")) == {
        "first_response": {"met": 3, "met_late": 1},
        "resolution": {"met": 2, "running": 1, "paused": 1},
    }
    total = sum_of(figures(asked(SEPTEMBER), by="kind"))
    assert (total.counted, total.excluded, total.total, str(total.attainment)) == (6, 2, 8, "0.833")


def test_october_by_client(seen: World) -> None:
    assert counted(figures(asked(OCTOBER), by="client")) == {
        str(seen.lozano.id): {"met": 2, "met_late": 1, "breached": 2, "running": 1},
        str(seen.azcarate.id): {"running": 2, "no_contract": 1},
    }


def test_months_are_those_of_the_decision(seen: World) -> None:
    assert counted(figures(asked(BOTH), by="month")) == {
        "2026-09": {"met": 5, "met_late": 1},
        "2026-10": {"met": 2, "met_late": 1, "breached": 2, "no_contract": 1},
        None: {"running": 3},
    }


def test_who_met_it_and_who_had_it_at_the_breach(seen: World) -> None:
    tomas, irene = str(seen.tomas.id), str(seen.irene.id)
    assert counted(figures(asked(SEPTEMBER), by="technician")) == {
        tomas: {"met": 4, "paused": 1},
        irene: {"met": 1, "met_late": 1},
        None: {"running": 1},  # the later breach took it from her
    }
    october = counted(figures(asked(OCTOBER), by="technician"))
    assert october[tomas] == {"met": 2, "running": 1}
    assert october[irene] == {"met_late": 1}
    assert october[None] == {"breached": 2, "running": 2, "no_contract": 1}


def test_each_dimension_adds_up_to_everything(seen: World) -> None:
    for period in (SEPTEMBER, OCTOBER, BOTH):
        whole = sum_of(figures(asked(period), by="kind"))
        assert whole.counted + whole.excluded == whole.total == sum(whole.counts.values())
        for by in DIMENSIONS:
            rows = figures(asked(period), by=by)
            assert dict(sum_of(rows).counts) == dict(whole.counts), by
            for row in rows:
                for outcome, number in row.counts.items():
                    behind, all_of_them = lines(asked(period, **{by: row.key or NONE}), outcomes=[outcome], limit=500)
                    assert len(behind) == all_of_them == number, (by, row.key, outcome)
    alive = db.session.execute(select(func.count()).select_from(Clock)).scalar_one()
    assert sum_of(figures(asked(BOTH), by="kind")).total == alive + 1  # every clock, and the ticket without one


def test_filters_narrow(seen: World) -> None:
    only = {"client": str(seen.lozano.id), "priority": "urgent", "kind": "first_response", "tier": "2"}
    assert sum_of(figures(asked(SEPTEMBER, **only), by="client")).counts == {"met_late": 1}
    assert not figures(asked(SEPTEMBER, **only, type="request"), by="client")
    assert sum_of(figures(asked(BOTH, contract=NONE), by="type")).counts == {"no_contract": 1}


def test_the_lines_say_when_and_whose(seen: World) -> None:
    (line,), number = lines(asked(SEPTEMBER), outcomes=["met_late"], limit=5)
    assert (number, line.label, line.kind, line.technician) == (1, "LOZ-2", "first_response", "Irene Navas")
    assert line.due_at == madrid("09-01", "10:30") and line.met_at == madrid("09-01", "11:00")
    first = [each.label for each in lines(asked(BOTH), limit=3)[0]]
    second = [each.label for each in lines(asked(BOTH), limit=3, offset=3)[0]]
    assert first == ["LOZ-6", "LOZ-5", "LOZ-5"] and second[0] == "LOZ-4"


def test_a_reopened_ticket_is_decided_anew(months: World) -> None:
    with clock.frozen(NOW), work(Scope.staff()):
        before = sum_of(figures(asked(SEPTEMBER), by="kind")).of("met")
        label = db.session.execute(select(Ticket.id).where(Ticket.number == 1, Ticket.client_id == months.lozano.id))
        ticket_id = label.scalar_one()
    with clock.frozen(NOW), work(Scope.client(months.lozano.id)):
        add_detail(access_ticket(ticket_id), author=months.marta, body="Otra vez.", channel="portal", at=NOW)
    with clock.frozen(NOW), work(Scope.staff()):
        assert sum_of(figures(asked(SEPTEMBER), by="kind")).of("met") == before - 1
        (line,) = [each for each in lines(asked(SEPTEMBER), limit=50)[0] if each.is_reopened]
        assert (line.label, line.kind, line.outcome) == ("LOZ-1", "resolution", "paused")  # it was resolved


def test_each_scope_sees_its_own(months: World) -> None:
    def labels(scope: Scope) -> set[str]:
        with clock.frozen(NOW), work(scope):
            found = lines(asked(BOTH), limit=500)[0]
            assert sum_of(figures(asked(BOTH), by="client")).total == len(found)
            return {each.label.partition("-")[0] for each in found}

    assert labels(Scope.staff()) == {"LOZ", "AZC"}
    assert labels(Scope.staff_some([months.azcarate.id])) == {"AZC"}
    assert labels(Scope.client(months.lozano.id)) == {"LOZ"}
    with clock.frozen(NOW), work(Scope.client(months.lozano.id)):
        assert not figures(asked(BOTH, client=str(months.azcarate.id)), by="kind")


def test_a_clients_month_is_that_of_its_zone(months: World) -> None:
    """LOZ-3 was answered on 30 September at 18:30 in Madrid: on 1 October where the clock is 12 hours ahead."""
    with work(Scope.system()) as session:
        session.get_one(Client, months.lozano.id).timezone = "Pacific/Kiritimati"
    with clock.frozen(NOW), work(Scope.staff()):
        lozano = {"client": str(months.lozano.id), "kind": "first_response"}
        assert sum_of(figures(asked(SEPTEMBER, **lozano), by="kind")).counts == {"met": 2, "met_late": 1}
        assert sum_of(figures(asked(OCTOBER, **lozano), by="kind")).counts == {"met": 2, "breached": 1}


def test_the_month_of_the_summer_time_change(world: World) -> None:
    """October of 2026 is an hour longer in Madrid: its last minute is 22:59 UTC, September's was 21:59."""
    for at in ("2026-09-30T21:59", "2026-09-30T22:00", "2026-10-31T22:59", "2026-10-31T23:00"):
        ticket = opened(world.lozano, world.marta, madrid("09-29", "09:00"))
        with work(Scope.system()) as session:
            for each in session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)):
                each.state, each.met_at, each.due_at = "met", datetime.fromisoformat(f"{at}+00:00"), NOW
    with clock.frozen(NOW), work(Scope.staff()):
        rows = counted(figures(asked(BOTH), by="month"))
        assert rows == {"2026-09": {"met": 2}, "2026-10": {"met": 4}, None: {"running": 2}}
        assert sum_of(figures(asked(OCTOBER), by="kind")).of("met") == 4


def test_an_empty_desk(world: World) -> None:
    with work(Scope.staff()):
        assert figures(asked(OCTOBER), by="technician") == []
        assert lines(asked(OCTOBER), limit=5) == ([], 0)
        assert sum_of([]).attainment is None


def test_a_hundred_tickets_take_one_statement(world: World) -> None:
    for _ in range(100):
        opened(world.lozano, world.marta, madrid("10-20", "09:00"))
    statements: list[str] = []
    with work(Scope.staff()) as session:
        session.execute(select(1))
        listen = (db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        event.listen(*listen)
        try:
            assert sum_of(figures(asked(OCTOBER), by="technician")).total == 200
            assert lines(asked(OCTOBER), limit=500)[1] == 200
        finally:
            event.remove(*listen)
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (None, None, ReportPeriod(date(2026, 11, 1), date(2026, 11, 30))),
        ("2026-02", None, ReportPeriod(date(2026, 2, 1), date(2026, 2, 28))),
        ("2026-09", "2026-10", BOTH),
        ("2026-10-05", "2026-10-11", ReportPeriod(date(2026, 10, 5), date(2026, 10, 11))),
        (None, "2026-10-11", ReportPeriod(date(2026, 10, 11), date(2026, 10, 11))),
        ("2026-10", "2026-09", None),
        ("2020-01", "2026-10", None),
        ("2026-13", None, None),
        ("yesterday", None, None),
        ("9999-12", None, None),
    ],
)
def test_periods(first: str | None, last: str | None, says: ReportPeriod | None) -> None:
    assert read_period(first, last, today=date(2026, 11, 2)) == says


def test_periods_reach_back() -> None:
    assert OCTOBER.reaching_back(3) == ReportPeriod(date(2026, 8, 1), date(2026, 10, 31))
    assert replace(BOTH).months() == [date(2026, 9, 1), date(2026, 10, 1)]


def test_a_hundred_per_cent_is_said_only_of_all() -> None:
    assert str(Figures(None, {"met": 9999, "breached": 1}).attainment) == "0.999"
    assert Figures(None, {"met": 9999}).attainment == 1


def test_margins_are_business_time_and_trails_those_of_the_deadline(seen: World) -> None:
    found, _ = lines(asked(BOTH, client=str(seen.lozano.id)), limit=50)
    why = reasons(found, at=clock.now())
    left = {(line.label, line.kind): why[line.clock_id].left for line in found if line.clock_id}
    assert left["LOZ-1", "first_response"] == 90  # 2 h less half an hour
    assert left["LOZ-2", "first_response"] == -30
    assert left["LOZ-3", "resolution"] == -120  # due Friday at 18:00, solved on Monday at 10:00
    assert left["LOZ-4", "resolution"] == 16 * 60 - 120  # an hour on 28 Sep, one on 12 Oct, none in between
    assert left["LOZ-5", "first_response"] < -60 * 60
    four = next(line for line in found if line.label == "LOZ-4" and line.kind == "resolution")
    assert four.clock_id is not None
    trail = why[four.clock_id]
    assert any(step.code == "pause" for step in trail.explanation.steps) and trail.contract is not None


def test_lines_and_reasons_take_a_few_statements(world: World) -> None:
    for _ in range(50):
        opened(world.lozano, world.marta, madrid("10-20", "09:00"))
    statements: list[str] = []
    with clock.frozen(NOW), work(Scope.staff()) as session:
        session.execute(select(1))
        listen = (db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        event.listen(*listen)
        try:
            assert len(reasons(lines(asked(OCTOBER), limit=100)[0], at=NOW)) == 100
        finally:
            event.remove(*listen)
    assert len(statements) <= 8


def test_the_others_are_one_row() -> None:
    rows = [
        Figures("a", {"met": 1}),
        Figures("b", {"met": 2}),
        Figures("c", {"breached": 3}),
        Figures(None, {"met": 4}),
    ]
    assert [(each.key, dict(each.counts)) for each in without_others(rows, "b")] == [
        ("b", {"met": 2}),
        (None, {"met": 4}),
        ("others", {"met": 1, "breached": 3}),
    ]

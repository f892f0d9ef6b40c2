"""A finished clock is explained with the calendar as it was; an open one with the current calendar."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from msp.calendars.gaps import missing_in_use, missing_years
from msp.calendars.models import CalendarHoliday
from msp.calendars.queries import access_calendar
from msp.config import Settings
from msp.kernel.db import Scope, db, work
from msp.sla.explanation import explain_clocks
from msp.sla.history import pauses_before
from msp.sla.models import Clock, Pause
from tests.calendars.calendar_changes import work_on_the_bridge
from tests.conftest import MONDAY
from tests.world import World

BEFORE_THE_BRIDGE = datetime(2026, 12, 4, 17, 0, tzinfo=UTC)  # Friday 18:00 in Madrid; Monday and Tuesday are holidays
DUE = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)


def clock(world: World, **more: object) -> Clock:
    values: dict[str, object] = {
        "id": uuid4(),
        "client_id": world.lozano.id,
        "ticket_id": uuid4(),
        "calendar_id": world.calendar.id,
        "kind": "resolution",
        "state": "running",
        "budget_seconds": 7200,
        "started_at": BEFORE_THE_BRIDGE,
        "due_at": DUE,
        "met_at": None,
    }
    return Clock(**(values | more))


def skipped(world: World, one: Clock, pauses: list[Pause] | None = None) -> list[str]:
    with work(Scope.staff()):
        (found,) = explain_clocks([one], pauses or [])
    return [step.name for step in found.steps if step.rule == "holiday"]


def test_a_finished_clock_keeps_the_calendar_that_held(world: World) -> None:
    met = clock(world, state="met", met_at=datetime(2026, 12, 9, 8, 30, tzinfo=UTC))
    open_one = clock(world)
    assert skipped(world, met) == ["Constitución (trasladado)", "Inmaculada Concepción"]
    work_on_the_bridge(world, at=datetime(2026, 12, 10, 9, 0, tzinfo=UTC))
    assert skipped(world, met) == ["Constitución (trasladado)", "Inmaculada Concepción"]
    assert skipped(world, open_one) == []  # recalculated: due on Monday morning


def test_a_change_moments_before_it_stopped_may_not_have_reached_it(world: World) -> None:
    stopped = datetime(2026, 12, 9, 8, 30, tzinfo=UTC)
    work_on_the_bridge(world, at=stopped - timedelta(seconds=1))
    assert len(skipped(world, clock(world, state="met", met_at=stopped))) == 2
    reached = clock(world, state="met", met_at=stopped, due_at=datetime(2026, 12, 7, 9, 0, tzinfo=UTC))
    assert skipped(world, reached) == []


def test_later_pauses_are_none_of_a_stopped_clock(world: World) -> None:
    stopped = MONDAY + timedelta(hours=1)
    met = clock(world, state="met", met_at=stopped)
    spans = [(MONDAY, MONDAY + timedelta(hours=2)), (stopped + timedelta(hours=5), None)]
    assert pauses_before(met, spans) == [(MONDAY, None)]
    assert pauses_before(clock(world), spans) == spans


def test_the_explanation_ends_at_the_deadline_that_was_kept(world: World) -> None:
    pause = Pause(started_at=DUE + timedelta(days=1), ended_at=None, reason="waiting_client")
    met = clock(world, state="met", met_at=datetime(2026, 12, 9, 8, 30, tzinfo=UTC))
    with work(Scope.staff()):
        (found,) = explain_clocks([met], [pause])
    assert found.steps[-1].end == DUE and found.started_at == BEFORE_THE_BRIDGE


@pytest.mark.parametrize(("known", "missing"), [((2026,), [2027]), ((2026, 2027), []), ((), [2026, 2027])])
def test_calendars_in_use_that_miss_holidays(
    world: World, settings: Settings, known: tuple[int, ...], missing: list[int]
) -> None:
    """The doctor asks the database, the page reads the rows: both give the same result."""
    with work(Scope.staff()):
        calendar = access_calendar(world.calendar.id)
        calendar.holidays.clear()
        db.session.flush()
        calendar.holidays.extend(CalendarHoliday(day=date(year, 12, 25), name="Navidad") for year in known)
        db.session.flush()
        assert missing_years(calendar, on=MONDAY.date()) == missing
        raw = db.session.connection().connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        assert [year for _, year in missing_in_use(raw, on=MONDAY.date())] == missing

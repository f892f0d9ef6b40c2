"""Bugs of other help desks in business time, each with the product's name and issue number."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest

from msp.calendars.business_time import deadline, elapsed, explain, is_open, next_opening
from msp.calendars.holidays import seed_holidays
from msp.calendars.working_calendar import WorkingCalendar

pytestmark = pytest.mark.unit

BERLIN, MADRID = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Madrid")
EVERY_SUBSET = [days for size in range(1, 8) for days in combinations(range(7), size)]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


LONG_DAYS = dict.fromkeys(range(7), ((540, 1260),))  # 9-21, all week, as in the report


@pytest.mark.parametrize("region", ["BE", "BY", "HE", "NW", "SN"])
def test_zammad_390_a_day_that_nobody_observes_is_no_holiday(region: str) -> None:
    """St Martin's and the day of mourning came with the feed: 48 hours took six days instead of four."""
    seeded = seed_holidays("DE", region, 2016)
    calendar = WorkingCalendar(timezone="Europe/Berlin", weekly=LONG_DAYS, holidays=seeded)
    assert deadline(calendar, berlin("2016-11-09T23:00"), 48 * 60) == berlin("2016-11-13T21:00")


def test_zammad_390_a_day_that_was_entered_is_named_in_the_trail() -> None:
    """A day off that somebody entered is named in the explanation of the due date."""
    days = {date(2016, 11, 11): "St. Martin", date(2016, 11, 13): "Volkstrauertag"}
    calendar = WorkingCalendar(timezone="Europe/Berlin", weekly=LONG_DAYS, holidays=days)
    trail = explain(calendar, berlin("2016-11-09T23:00"), 48 * 60)
    assert [(step.rule, step.name) for step in trail if step.code == "skipped"] == [
        ("holiday", "St. Martin"),
        ("holiday", "Volkstrauertag"),
    ]
    assert trail[-1].end == berlin("2016-11-15T21:00")


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Atlantic/Canary", "America/Mexico_City", "America/Havana", "UTC"])
def test_zammad_3180_round_the_clock_loses_no_minute_at_midnight(zone: str) -> None:
    """A day that ended at 23:59 was closed for a minute: deadlines past midnight came a minute late."""
    calendar = WorkingCalendar(timezone=zone, weekly=dict.fromkeys(range(7), ((0, 1440),)))
    start = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    for days in (1, 2, 30, 365):
        assert deadline(calendar, start, days * 1440) == start + timedelta(days=days)
        assert elapsed(calendar, start, start + timedelta(days=days)) == timedelta(days=days)
    midnight = datetime(2026, 6, 2, tzinfo=ZoneInfo(zone))
    assert all(is_open(calendar, midnight + timedelta(seconds=n)) for n in range(-120, 120))


@pytest.mark.parametrize("days", EVERY_SUBSET, ids=lambda days: "".join(str(day) for day in days))
def test_osticket_6739_any_set_of_weekdays_counts(days: tuple[int, ...]) -> None:
    """Schedules without Monday and Thursday counted no days, or one: 20 hours of 8-17 are two days and two hours."""
    calendar = WorkingCalendar(timezone="Europe/Madrid", weekly=dict.fromkeys(days, ((480, 1020),)))
    for start in (madrid("2026-06-01T07:00") + timedelta(days=n) for n in range(7)):
        worked = [day for n in range(28) if (day := start + timedelta(days=n)).weekday() in days]
        assert deadline(calendar, start, 20 * 60) == worked[2].replace(hour=10)


@pytest.mark.parametrize(
    ("start", "due", "step"),
    [
        ("2026-01-12T10:00", "2026-01-12T14:00", "2026-01-12T13:00"),
        ("2026-01-12T17:00", "2026-01-13T11:00", "2026-01-13T10:00"),
        ("2026-01-16T17:30", "2026-01-19T11:30", "2026-01-19T10:30"),
        ("2026-01-10T12:00", "2026-01-12T12:00", "2026-01-12T11:00"),
    ],
)
def test_glpi_22678_a_step_before_the_deadline_keeps_its_hour_on_the_next_day(start: str, due: str, step: str) -> None:
    """An hour before the end of four, opened at 17:00: the step was set to 00:00 of the next day, not to 10:00."""
    office = WorkingCalendar(timezone="Europe/Madrid", weekly=dict.fromkeys(range(5), ((480, 1080),)))
    assert deadline(office, madrid(start), 4 * 60) == madrid(due)
    assert deadline(office, madrid(start), 3 * 60) == madrid(step)


@pytest.mark.parametrize("hour", range(24))
def test_glpi_15429_no_step_comes_at_creation_nor_outside_the_calendar(hour: int) -> None:
    """With a calendar that is not 24/7, steps before the end fired at the creation of the ticket."""
    split = WorkingCalendar(timezone="Europe/Madrid", weekly=dict.fromkeys(range(5), ((540, 840), (960, 1140))))
    start = madrid("2026-01-15T00:00") + timedelta(hours=hour)
    due = deadline(split, start, 600)
    for before in (30, 60, 240, 540):
        step = deadline(split, start, 600 - before)
        assert step is not None and due is not None and start < step < due
        assert elapsed(split, step, due) == timedelta(minutes=before)
        assert is_open(split, step - timedelta(seconds=1))


def test_chatwoot_14009_a_lunch_break_is_closed() -> None:
    """8-12 and 13:30-18: a ticket at 12:30 is outside hours, and the break does not use up SLA time."""
    calendar = WorkingCalendar(timezone="America/Sao_Paulo", weekly=dict.fromkeys(range(5), ((480, 720), (810, 1080))))
    day = datetime(2026, 4, 6, tzinfo=ZoneInfo("America/Sao_Paulo"))
    lunch = day.replace(hour=12, minute=30)
    assert not is_open(calendar, lunch)
    assert next_opening(calendar, lunch) == day.replace(hour=13, minute=30)
    assert deadline(calendar, lunch, 30) == day.replace(hour=14)
    assert deadline(calendar, day.replace(hour=11), 90) == day.replace(hour=14)
    assert elapsed(calendar, day, day + timedelta(days=1)) == timedelta(hours=8, minutes=30)
    steps = explain(calendar, day.replace(hour=11), 90)
    assert [(step.code, step.rule, step.minutes) for step in steps] == [
        ("window", "weekly", 60),
        ("skipped", "break", 90),
        ("window", "weekly", 30),
    ]

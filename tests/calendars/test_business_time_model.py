"""Business time against an independent model that decides for every UTC minute whether it is working time.

A random calendar is evaluated once for six days around a day on which clocks or timetables change; then many starts,
budgets and pauses are compared with the result. PROPERTY_CASES sets how many cases a run takes, PROPERTY_SEED which
ones; a failure names the seed of its calendar.
"""

import os
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import compress
from random import Random
from zoneinfo import ZoneInfo

import pytest

from msp.calendars.business_time import Band, Pause, bands, deadline, elapsed, explain, is_open, next_opening
from msp.calendars.working_calendar import Timetable, WorkingCalendar

pytestmark = pytest.mark.unit

CASES = int(os.environ.get("PROPERTY_CASES", "6000"))
SEED = int(os.environ.get("PROPERTY_SEED", "20261125"))
PARTS, CASES_A_CALENDAR, DAYS = 8, 50, 6
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SPAN = DAYS * 1440
Window = tuple[int, int]

# Zones with and without summer time, with odd offsets, half-hour summer time, skipped and repeated midnights.
ZONES = (
    "Europe/Madrid", "Atlantic/Canary", "Europe/London", "America/Mexico_City", "America/Havana", "America/New_York",
    "America/Santiago", "America/St_Johns", "Asia/Kathmandu", "Asia/Beirut", "Africa/Casablanca", "Africa/Cairo",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "UTC",
)  # fmt: skip
ORDINARY = (datetime(2026, 2, 14, tzinfo=UTC), datetime(2011, 12, 27, tzinfo=UTC))  # Samoa had no 30 December 2011


# --- the model: shares nothing with the engine but the calendar's data


@dataclass(frozen=True)
class Minute:
    """One UTC minute as local wall time, and whether the same wall time occurs twice that day."""

    day: date
    minute: int
    fold: int
    is_twice: bool


@cache
def walls(zone_name: str, begin: datetime) -> tuple[Minute, ...]:
    """Every minute of the span as wall time of a zone."""
    local = [(begin + MINUTE * n).astimezone(ZoneInfo(zone_name)) for n in range(SPAN)]
    return tuple(
        Minute(day := at.date(), minute := at.hour * 60 + at.minute, at.fold, is_repeated(zone_name, day, minute))
        for at in local
    )


@cache
def is_repeated(zone_name: str, day: date, minute: int) -> bool:
    """Whether a wall time occurs twice that day."""
    wall = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone_name)) + MINUTE * minute
    first, second = wall.replace(fold=0).utcoffset(), wall.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


def own_windows(calendar: WorkingCalendar, day: date) -> list[Window]:
    if day in calendar.overrides:
        return list(calendar.overrides[day])
    if day in calendar.holiday_names:
        return []
    week = calendar.weekly
    for from_day in sorted(calendar.timetables):
        if from_day <= day:
            week = calendar.timetables[from_day].weekly
    return list(week.get(day.weekday(), ()))


def windows_in_force(calendar: WorkingCalendar, day: date) -> list[Window]:
    today = [(a, min(b, 1440)) for a, b in own_windows(calendar, day)]
    before = day - DAY
    if day in calendar.overrides or (day in calendar.holiday_names and before not in calendar.overrides):
        return today
    return today + [(0, b - 1440) for a, b in own_windows(calendar, before) if b > 1440]


def walk(calendar: WorkingCalendar, begin: datetime) -> bytes:
    """1 for each working minute of the span, else 0."""
    zone, found, day, in_force = calendar.timezone, bytearray(SPAN), date.min, list[Window]()
    for n, at in enumerate(walls(zone, begin)):
        if at.day != day:
            day, in_force = at.day, windows_in_force(calendar, at.day)
        for a, b in in_force:
            after_start = at.minute >= a or (at.is_twice and at.fold == 1 and is_repeated(zone, day, a))
            before_end = at.minute < b or (at.is_twice and at.fold == 0 and b < 1440 and is_repeated(zone, day, b))
            if after_start and before_end:
                found[n] = 1
                break
    return bytes(found)


def priced(calendar: WorkingCalendar, begin: datetime, working: bytes) -> list[Band]:
    """The price band of each minute."""

    def band(n: int, day: date) -> Band:
        if day in calendar.holiday_names and day not in calendar.overrides:
            return "holiday"
        if day.weekday() >= 5:
            return "weekend"
        return "business" if working[n] else "after_hours"

    return [band(n, at.day) for n, at in enumerate(walls(calendar.timezone, begin))]


# --- random calendars and cases


@cache
def beginnings(zone_name: str) -> tuple[datetime, ...]:
    """Spans in which the zone's clocks change in 2026 (or its summer time ended in 2022), and ordinary ones."""
    zone = ZoneInfo(zone_name)
    days = [datetime(year, 1, 1, tzinfo=UTC) + DAY * n for year in (2022, 2026) for n in range(365)]
    changes = [day for day in days if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset()]
    return (*(day - DAY * 3 for day in changes), *ORDINARY)


def some_windows(random: Random) -> tuple[Window, ...]:
    marks = (0, 60, 90, 120, 150, 180, 210, 360, 480, 540, 840, 960, 1140, 1320, 1410)
    ends = (30, 60, 90, 120, 150, 180, 360, 840, 900, 1140, 1380, 1440, 1440, 1590, 1800)
    pairs = [(random.choice(marks), random.choice(ends)) for _ in range(random.choice((0, 1, 1, 2, 2, 3)))]
    return tuple((a, b) for a, b in pairs if a != b)


def some_week(random: Random) -> dict[int, tuple[Window, ...]]:
    if random.random() < 0.1:
        return dict.fromkeys(range(7), ((0, 1440),))
    return {day: some_windows(random) for day in range(7) if random.random() < 0.8}


def some_calendar(random: Random, zone: str, begin: datetime) -> WorkingCalendar:
    days = [(begin + DAY * n).date() for n in range(-1, DAYS + 1)]
    return WorkingCalendar(
        timezone=zone,
        weekly=some_week(random),
        holidays=dict.fromkeys(random.sample(days, random.choice((0, 0, 1, 2))), "x"),
        overrides={day: some_windows(random) for day in random.sample(days, random.choice((0, 0, 1, 2)))},
        timetables={day: Timetable(some_week(random)) for day in random.sample(days, random.choice((0, 1, 1, 2)))},
    )


def some_pauses(random: Random, begin: datetime) -> list[Pause]:
    pairs = [sorted(random.choices(range(SPAN), k=2)) for _ in range(random.choice((0, 0, 1, 2, 3)))]
    return [(begin + MINUTE * a, begin + MINUTE * b) for a, b in pairs]


def held(working: bytes, begin: datetime, pauses: list[Pause]) -> bytes:
    """The minutes in which the clock runs: working time outside of pauses."""
    running = bytearray(working)
    for start, end in pauses:
        assert end is not None
        a, b = (start - begin) // MINUTE, (end - begin) // MINUTE
        running[a:b] = bytes(b - a)
    return bytes(running)


# --- what is compared with the model


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_business_time_agrees_with_the_walk(part: int) -> None:
    for number in range(-(-CASES // (PARTS * CASES_A_CALENDAR))):
        seed = f"{SEED}:{part}:{number}"
        random = Random(seed)
        zone = ZONES[part * 2 + number % 2]
        begin = random.choice(beginnings(zone))
        calendar = some_calendar(random, zone, begin)
        working = walk(calendar, begin)
        prices = priced(calendar, begin, working)
        for _ in range(CASES_A_CALENDAR):
            pauses = some_pauses(random, begin)
            start = random.randrange(SPAN - 720)
            try:
                check_deadline(calendar, begin, start, random.choice((1, 30, 240, 900, 2400)), pauses, working)
                check_elapsed(calendar, begin, start, random.randrange(SPAN - start), pauses, working)
                check_bands(calendar, begin, start, random.randrange(SPAN - start), prices)
                check_opening(calendar, begin, start, working)
                check_seconds(calendar, begin + MINUTE * start, random.randrange(1, 50_000), pauses)
            except AssertionError as wrong:
                wrong.add_note(f"PROPERTY_SEED {seed}: {calendar}, minute {start} from {begin}, pauses {pauses}")
                raise


def check_deadline(
    calendar: WorkingCalendar, begin: datetime, start: int, budget: int, pauses: list[Pause], working: bytes
) -> None:
    running = held(working, begin, pauses)
    at = begin + MINUTE * start
    due = deadline(calendar, at, budget, pauses)
    worked = list(compress(range(SPAN), running))
    used = worked[bisect_left(worked, start) :][:budget]
    if len(used) < budget:
        assert due is None or due > begin + MINUTE * SPAN
        return
    assert due == begin + MINUTE * (used[-1] + 1)
    trail = explain(calendar, at, budget, pauses)
    windows = [step for step in trail if step.code == "window"]
    told = [(step.start - begin) // MINUTE + n for step in windows for n in range(step.minutes)]
    assert told == used
    assert [step.start for step in trail] == sorted(step.start for step in trail)
    for step in trail:
        if step.code == "skipped":
            assert step.end is not None and step.end <= due
            assert not any(working[(step.start - begin) // MINUTE : (step.end - begin) // MINUTE])


def check_elapsed(
    calendar: WorkingCalendar, begin: datetime, start: int, length: int, pauses: list[Pause], working: bytes
) -> None:
    at, until = begin + MINUTE * start, begin + MINUTE * (start + length)
    running = held(working, begin, pauses)
    assert elapsed(calendar, at, until, pauses) == MINUTE * running[start : start + length].count(1)


def check_bands(calendar: WorkingCalendar, begin: datetime, start: int, length: int, prices: list[Band]) -> None:
    at, until = begin + MINUTE * start, begin + MINUTE * (start + length)
    assert bands(calendar, at, until) == dict(Counter(prices[start : start + length]))


def check_opening(calendar: WorkingCalendar, begin: datetime, start: int, working: bytes) -> None:
    assert is_open(calendar, begin + MINUTE * start) == bool(working[start])
    first = working.find(1, start)
    if first >= 0:
        assert next_opening(calendar, begin + MINUTE * start) == begin + MINUTE * first


def check_seconds(calendar: WorkingCalendar, at: datetime, seconds: int, pauses: list[Pause]) -> None:
    at, budget = at + timedelta(seconds=17), timedelta(seconds=seconds)
    due = deadline(calendar, at, budget, pauses)
    if due is not None:
        assert elapsed(calendar, at, due, pauses) == budget

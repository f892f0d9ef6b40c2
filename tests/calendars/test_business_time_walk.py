"""Business time against an independent walk that asks of every UTC minute whether it is a working one.

PROPERTY_CASES sets how many random cases each property takes (200 by default).
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msp.calendars.business_time import bands, deadline, elapsed, explain, is_open, next_opening
from msp.calendars.working_calendar import WorkingCalendar

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Madrid", "Atlantic/Canary", "America/Mexico_City", "America/Havana", "Asia/Kathmandu")
AROUND = ((2026, 3, 27), (2026, 10, 23), (2022, 10, 29), (2022, 4, 2), (2026, 6, 8), (2026, 12, 30))
walked = settings(
    max_examples=int(os.environ.get("PROPERTY_CASES", "200")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# --- the walk: shares nothing with the engine but the calendar's own data


@cache
def repeated(zone: ZoneInfo, day: date, minute: int) -> bool:
    """Whether a wall time comes twice that day."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    first, second = wall.replace(fold=0).utcoffset(), wall.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


@cache
def windows_in_force(calendar: WorkingCalendar, day: date) -> list[tuple[int, int]]:
    def own(of: date) -> list[tuple[int, int]]:
        if of in calendar.overrides:
            return list(calendar.overrides[of])
        return [] if of in calendar.holiday_names else list(calendar.weekly.get(of.weekday(), ()))

    today = [(a, min(b, 1440)) for a, b in own(day)]
    before = day - timedelta(days=1)
    if day in calendar.overrides or (day in calendar.holiday_names and before not in calendar.overrides):
        return today
    return today + [(0, b - 1440) for a, b in own(before) if b > 1440]


@lru_cache(maxsize=8192)
def working(calendar: WorkingCalendar, at: datetime) -> bool:
    zone = ZoneInfo(calendar.timezone)
    local = at.astimezone(zone)
    minute, day = local.hour * 60 + local.minute, local.date()
    in_force = windows_in_force(calendar, day)
    twice = bool(in_force) and repeated(zone, day, minute)
    for a, b in in_force:
        after_start = minute >= a or (twice and local.fold == 1 and repeated(zone, day, a))
        before_end = minute < b or (twice and local.fold == 0 and b < 1440 and repeated(zone, day, b))
        if after_start and before_end:
            return True
    return False


def running(calendar: WorkingCalendar, at: datetime, pauses: list[Any]) -> bool:
    return working(calendar, at) and not any(a <= at and (b is None or at < b) for a, b in pauses)


def minutes_from(start: datetime, count: int) -> Iterator[datetime]:
    return (start + MINUTE * step for step in range(count))


# --- random calendars around the days on which clocks change


@st.composite
def windows(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    marks = st.sampled_from((0, 60, 90, 120, 150, 180, 210, 360, 540, 840, 960, 1140, 1320, 1410))
    ends = st.sampled_from((30, 60, 90, 120, 150, 180, 360, 840, 1140, 1380, 1440, 1590, 1800))
    pairs = st.tuples(marks, ends).filter(lambda pair: pair[0] != pair[1])
    return tuple(draw(st.lists(pairs, max_size=3)))


@st.composite
def situations(draw: st.DrawFn) -> tuple[WorkingCalendar, datetime, list[Any]]:
    begin = datetime(*draw(st.sampled_from(AROUND)), tzinfo=UTC)
    days = [(begin + timedelta(days=n)).date() for n in range(-1, 6)]
    calendar = WorkingCalendar(
        timezone=draw(st.sampled_from(ZONES)),
        weekly=draw(st.dictionaries(st.integers(0, 6), windows(), max_size=7)),
        holidays=draw(st.dictionaries(st.sampled_from(days), st.just("x"), max_size=2)),
        overrides=draw(st.dictionaries(st.sampled_from(days), windows(), max_size=2)),
    )
    minute = st.integers(0, 4 * 1440).map(lambda n: begin + MINUTE * n)
    pairs = draw(st.lists(st.tuples(minute, minute), max_size=3))
    return calendar, draw(minute), [(min(pair), max(pair)) for pair in pairs]


@walked
@given(situations(), st.integers(1, 900))
def test_deadline_and_trail_agree_with_the_walk(situation: Any, budget: int) -> None:
    calendar, start, pauses = situation
    due = deadline(calendar, start, budget, pauses)
    left, walked_to = budget, None
    for at in minutes_from(start, 4 * 1440):
        left -= running(calendar, at, pauses)
        if not left:
            walked_to = at + MINUTE
            break
    if walked_to is None:
        assert due is None or due > start + timedelta(days=4)
        return
    assert due == walked_to
    trail = explain(calendar, start, budget, pauses)
    assert sum(step.minutes for step in trail if step.code == "window") == budget
    assert [step.start for step in trail] == sorted(step.start for step in trail)
    for step in trail:
        if step.code == "window":
            assert running(calendar, step.start, pauses)


@walked
@given(situations(), st.integers(0, 2000))
def test_elapsed_and_bands_agree_with_the_walk(situation: Any, length: int) -> None:
    calendar, start, pauses = situation
    end = start + MINUTE * length
    expected = {"holiday": 0, "weekend": 0, "business": 0, "after_hours": 0}
    spent = 0
    for at in minutes_from(start, length):
        day = at.astimezone(ZoneInfo(calendar.timezone)).date()
        spent += running(calendar, at, pauses)
        if day in calendar.holiday_names and day not in calendar.overrides:
            expected["holiday"] += 1
        elif day.weekday() >= 5:
            expected["weekend"] += 1
        else:
            expected["business" if working(calendar, at) else "after_hours"] += 1
    assert elapsed(calendar, start, end, pauses) == MINUTE * spent
    assert bands(calendar, start, end) == {band: n for band, n in expected.items() if n}


@walked
@given(situations())
def test_openings_agree_with_the_walk(situation: Any) -> None:
    calendar, start, _ = situation
    assert is_open(calendar, start) == working(calendar, start)
    found = next((at for at in minutes_from(start, 3000) if working(calendar, at)), None)
    if found is not None:
        assert next_opening(calendar, start) == found


@walked
@given(situations(), st.integers(1, 50_000))
def test_seconds_inside_a_deadline_are_exact(situation: Any, seconds: int) -> None:
    calendar, start, pauses = situation
    budget = timedelta(seconds=seconds)
    due = deadline(calendar, start + timedelta(seconds=17), budget, pauses)
    if due is not None:
        assert elapsed(calendar, start + timedelta(seconds=17), due, pauses) == budget

"""Business time: deadlines, elapsed time and price bands over a working calendar, with the reasons.

Pure interval arithmetic on UTC instants, one local day at a time. Times are aware datetimes in any zone;
answers are in UTC. A budget is real time inside the calendar, not a difference of wall clocks, and one that
runs out exactly at closing is due at closing. Pauses are (start, end) pairs, end None while a pause is open;
pauses that overlap count once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias

from msp.calendars.working_calendar import LocalDay, Span, WorkingCalendar, local_day

Budget: TypeAlias = int | timedelta
Pause: TypeAlias = tuple[datetime, datetime | None]
Band: TypeAlias = Literal["business", "after_hours", "weekend", "holiday"]

BANDS: tuple[Band, ...] = ("business", "after_hours", "weekend", "holiday")
SEARCH_DAYS = 3660
_NEVER = datetime.max.replace(tzinfo=UTC)
_NO_TIME = timedelta(0)
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DeadlineStep:
    """One step of a deadline's trail, in UTC; the edge turns it into a sentence.

    window: open time used, from start to end (`rule` says whether an override opened it); skipped: a local
    day without open time, or the break between two windows of a day, `rule` saying why; pause: the clock stood
    still (end None: it still does). `name` is that of the holiday, the override or the dated timetable, where it
    has one. `day` is the local date on which the step starts.
    """

    code: Literal["window", "skipped", "pause"]
    day: date
    start: datetime
    end: datetime | None
    rule: Literal["weekly", "override", "holiday", "closed", "break", ""] = ""
    name: str = ""

    @property
    def holiday(self) -> str:
        """The name of the holiday that a day was skipped for; "" for every other step."""
        return self.name if self.rule == "holiday" else ""

    @property
    def minutes(self) -> int:
        """Whole minutes from start to end, part minutes dropped; 0 for an open pause."""
        return (self.end - self.start) // _MINUTE if self.end else 0


def deadline(
    calendar: WorkingCalendar, start: datetime, budget: Budget, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """The UTC instant at which a budget (whole minutes, or a timedelta) is used up, counting from `start`.

    None while any pause is open, and None when the calendar has too little open time in the ten years after
    `start` (a calendar without windows never opens): a ticket must not fail for that. A zero budget is due at
    once. Raises ValueError on a negative budget or a naive datetime.
    """
    left, begun, stops = _length(budget), _utc(start), _merged(pauses)
    if stops and stops[-1][1] is _NEVER:
        return None
    if not left:
        return begun
    for opened, closed in _running(calendar, begun, stops):
        if closed - opened >= left:
            return opened + left
        left -= closed - opened
    return None


def elapsed(calendar: WorkingCalendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
    """Open time from `start` to `end` without the pauses, exact; zero when `end` is not after `start`."""
    until, total = _utc(end), _NO_TIME
    for opened, closed in _running(calendar, _utc(start), _merged(pauses), until=until):
        total += closed - opened
    return total


def bands(calendar: WorkingCalendar, start: datetime, end: datetime) -> dict[Band, int]:
    """Real minutes from `start` to `end` by price band, bands without time left out.

    Holiday beats weekend (Saturday, Sunday), weekend beats business, the rest is after hours; a day with an
    override is no holiday. The bands add up to the whole minutes of the stretch: part minutes go to the band
    with the largest part.
    """
    begun, until = _utc(start), _utc(end)
    exact: dict[Band, timedelta] = {}
    for day in _days(calendar, begun, until):
        stretch = max(day.start, begun), min(day.end, until)
        whole = max(stretch[1] - stretch[0], _NO_TIME)
        business = sum((b - a for a, b in _clipped(day.spans, *stretch)), _NO_TIME)
        for band, length in _banded(day, whole=whole, business=business):
            exact[band] = exact.get(band, _NO_TIME) + length
    return _whole_minutes(exact)


def is_open(calendar: WorkingCalendar, at: datetime) -> bool:
    """Whether the calendar is open at an instant; at the closing instant it is not."""
    return next_opening(calendar, at) == _utc(at)


def next_opening(calendar: WorkingCalendar, at: datetime) -> datetime | None:
    """The first open UTC instant at or after `at`; None when there is none within ten years."""
    for opened, _ in _running(calendar, _utc(at), ()):
        return opened
    return None


def explain(
    calendar: WorkingCalendar, start: datetime, budget: Budget, pauses: Iterable[Pause] = ()
) -> tuple[DeadlineStep, ...]:
    """The trail of a deadline in order of time: windows used, days skipped and why, pauses.

    The windows add up to the budget and the last one ends at the deadline. Under an open pause the trail ends
    with that pause; when no deadline exists otherwise, it is empty.
    """
    begun, stops = _utc(start), _merged(pauses)
    until = deadline(calendar, begun, budget, stops)
    if until is None:
        if not stops or stops[-1][1] is not _NEVER:
            return ()
        until = max(begun, stops[-1][0])
    steps = [step for day in _days(calendar, begun, until) for step in _day_steps(day, begun, until, stops)]
    for paused, resumed in stops:
        if resumed > begun and (paused < until or resumed is _NEVER):
            at = max(paused, begun)
            local = at.astimezone(calendar.zone).date()
            steps.append(DeadlineStep("pause", local, at, None if resumed is _NEVER else resumed))
    return tuple(sorted(steps, key=lambda step: step.start))


def _day_steps(day: LocalDay, begun: datetime, until: datetime, stops: tuple[Span, ...]) -> Iterator[DeadlineStep]:
    if day.spans:
        rule: Literal["weekly", "override"] = "override" if day.rule == "override" else "weekly"
        for span in _clipped(day.spans, begun, until):
            for opened, closed in _without(span, stops):
                yield DeadlineStep("window", day.date, opened, closed, rule, day.name)
        gaps = ((before[1], after[0]) for before, after in pairwise(day.spans))
        for start, end in _clipped(gaps, begun, until):
            if not _is_paused(start, end, stops):
                yield DeadlineStep("skipped", day.date, start, end, "break")
    elif not _is_paused(day.start, day.end, stops):
        reason: Literal["holiday", "override", "closed"] = "closed" if day.rule == "weekly" else day.rule
        name = day.name if day.rule != "weekly" else ""
        yield DeadlineStep("skipped", day.date, max(day.start, begun), min(day.end, until), reason, name)


def _is_paused(start: datetime, end: datetime, stops: tuple[Span, ...]) -> bool:
    return any(paused <= start and end <= resumed for paused, resumed in stops)


def _running(
    calendar: WorkingCalendar, begun: datetime, stops: tuple[Span, ...], *, until: datetime | None = None
) -> Iterator[Span]:
    """Open spans from `begun` on without the stops, in order; until `until`, or for ten years."""
    if until is None and not _may_open(calendar, begun):
        return
    for day in _days(calendar, begun, until):
        for span in _clipped(day.spans, begun, until or _NEVER):
            if stops:
                yield from _without(span, stops)
            else:
                yield span


def _may_open(calendar: WorkingCalendar, begun: datetime) -> bool:
    """Skips the long search if the calendar never opens."""
    if any(calendar.weekly.values()) or any(any(each.weekly.values()) for each in calendar.timetables.values()):
        return True
    last = max((day for day, windows in calendar.overrides.items() if windows), default=None)
    return last is not None and last >= (begun - 2 * _ONE_DAY).date()


def _days(calendar: WorkingCalendar, begun: datetime, until: datetime | None) -> Iterator[LocalDay]:
    """Local days that touch [begun, until), or ten years of them."""
    day = begun.astimezone(calendar.zone).date()
    searched = 0
    while until is not None or searched < SEARCH_DAYS:
        laid_out = local_day(calendar, day)
        if until is not None and laid_out.start >= until:
            return
        yield laid_out
        day += _ONE_DAY
        searched += 1


def _clipped(spans: Iterable[Span], begun: datetime, until: datetime) -> Iterator[Span]:
    for opened, closed in spans:
        opened, closed = max(opened, begun), min(closed, until)
        if opened < closed:
            yield opened, closed


def _without(span: Span, stops: tuple[Span, ...]) -> Iterator[Span]:
    opened, closed = span
    for paused, resumed in stops:
        if resumed <= opened:
            continue
        if paused >= closed:
            break
        if paused > opened:
            yield opened, paused
        opened = resumed
    if opened < closed:
        yield opened, closed


def _merged(pauses: Iterable[Pause]) -> tuple[Span, ...]:
    """Pauses in UTC, sorted and merged; an open one ends at _NEVER; empty and reversed ones are ignored."""
    merged: list[Span] = []
    for paused, resumed in sorted((_utc(a), _NEVER if b in (None, _NEVER) else _utc(b)) for a, b in pauses):
        if merged and paused <= merged[-1][1]:
            latest = _NEVER if _NEVER in (resumed, merged[-1][1]) else max(resumed, merged[-1][1])
            merged[-1] = (merged[-1][0], latest)
        elif paused < resumed:
            merged.append((paused, resumed))
    return tuple(merged)


def _banded(day: LocalDay, *, whole: timedelta, business: timedelta) -> tuple[tuple[Band, timedelta], ...]:
    if day.rule == "holiday":
        return (("holiday", whole),)
    if day.date.weekday() >= _SATURDAY:
        return (("weekend", whole),)
    return (("business", business), ("after_hours", whole - business))


def _whole_minutes(exact: dict[Band, timedelta]) -> dict[Band, int]:
    minutes = {band: exact[band] // _MINUTE for band in BANDS if band in exact}
    spare = sum(exact.values(), _NO_TIME) // _MINUTE - sum(minutes.values())
    for band in sorted(minutes, key=lambda band: exact[band] % _MINUTE, reverse=True)[:spare]:
        minutes[band] += 1
    return {band: amount for band, amount in minutes.items() if amount}


def _length(budget: Budget) -> timedelta:
    length = budget if isinstance(budget, timedelta) else timedelta(minutes=budget)
    if length < _NO_TIME:
        raise ValueError("a budget cannot be negative")
    return length


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC)

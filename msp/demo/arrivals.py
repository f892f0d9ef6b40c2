"""When tickets arrive: mostly office hours, busy Mondays, quiet Augusts, a few nights and weekends."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from msp.demo.worktime import Worktime

_WEEKDAYS = (1.38, 1.12, 1.0, 0.98, 0.82, 0.1, 0.07)
_ROUND_THE_CLOCK_WEEKDAYS = (1.3, 1.1, 1.0, 1.0, 0.95, 0.45, 0.38)
_AUGUST = 0.62
# Relative load of the hours from 0 to 23, local time.
_OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 2, 9, 19, 18, 15, 13, 9, 4, 4, 10, 10, 6, 2, 0, 0, 0, 0)
_ALL_HOURS = (2, 1, 1, 1, 1, 3, 5, 9, 14, 17, 16, 14, 12, 9, 7, 8, 10, 11, 9, 8, 7, 6, 4, 3)
_OUT_OF_HOURS = 0.045


@dataclass(frozen=True)
class Flow:
    """How one client's tickets come in, day by day."""

    worktime: Worktime
    days: tuple[date, ...]
    weights: tuple[float, ...]
    is_round_the_clock: bool


def flow_of(worktime: Worktime, first: date, last: date) -> Flow:
    """Return the flow of a client between two local days, both included."""
    days = tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1))
    sunday = next(day for day in days if day.weekday() == 6)
    is_round_the_clock = worktime.is_open(_instant(worktime, sunday, 4, 0))
    weekdays = _ROUND_THE_CLOCK_WEEKDAYS if is_round_the_clock else _WEEKDAYS
    weights = tuple(
        weekdays[day.weekday()]
        * (_AUGUST if day.month == 8 else 1.0)
        * (1.0 if day.weekday() > 4 or _works_on(worktime, day) else 0.06)
        for day in days
    )
    return Flow(worktime, days, weights, is_round_the_clock)


def arrival(flow: Flow, rng: Random) -> datetime:
    """Return the instant of one ticket."""
    day = rng.choices(flow.days, flow.weights)[0]
    hours = _ALL_HOURS if flow.is_round_the_clock else _OFFICE_HOURS
    at = _at(flow, day, hours, rng)
    if flow.is_round_the_clock or rng.random() < _OUT_OF_HOURS or not _works_on(flow.worktime, day):
        return at
    for _ in range(12):
        if flow.worktime.is_open(at):
            return at
        at = _at(flow, day, hours, rng)
    return at


def _at(flow: Flow, day: date, hours: tuple[int, ...], rng: Random) -> datetime:
    hour = rng.choices(range(24), hours)[0]
    return _instant(flow.worktime, day, hour, rng.randrange(60)) + timedelta(seconds=rng.randrange(60))


def _works_on(worktime: Worktime, day: date) -> bool:
    return worktime.elapsed(_instant(worktime, day, 0, 0), _instant(worktime, day, 23, 59)) > 0


def _instant(worktime: Worktime, day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), worktime.zone).astimezone(UTC)

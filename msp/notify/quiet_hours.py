"""Quiet hours: when a person may be notified outside the console. Pure; instants are aware, results in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 1440
_A_DAY = timedelta(days=1)
_LOOK_AHEAD = 16  # days; at least one weekday is not quiet, so a quiet period ends sooner


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Nightly quiet hours in minutes after midnight of the person's zone, and weekdays (0 is Monday) quiet all day."""

    night: tuple[int, int] | None = None
    days: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if len(self.days) >= 7:
            raise ValueError("some day of the week is not quiet")


def next_allowed_at(quiet: QuietHours, at: datetime, *, timezone: str) -> datetime:
    """The first instant at or after `at` that is not quiet in this zone."""
    moment, zone = at.astimezone(UTC), ZoneInfo(timezone)
    first = moment.astimezone(zone).date() - _A_DAY
    for _ in range(2 * _LOOK_AHEAD):
        over = max((end for start, end in _quiet_periods(quiet, first, zone) if start <= moment < end), default=None)
        if over is None:
            return moment
        moment = over
    raise ValueError("quiet without an end")


def is_quiet(quiet: QuietHours, at: datetime, *, timezone: str) -> bool:
    """Whether it is quiet at an instant; the end of a quiet period is not quiet."""
    return next_allowed_at(quiet, at, timezone=timezone) != at.astimezone(UTC)


def _quiet_periods(quiet: QuietHours, first: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for number in range(_LOOK_AHEAD):
        day = first + number * _A_DAY
        if day.weekday() in quiet.days:
            yield _instant(day, 0, zone), _instant(day, MINUTES_A_DAY, zone)
        if quiet.night is not None:
            start, end = quiet.night
            if start != end:
                yield _instant(day, start, zone), _instant(day, end if end > start else end + MINUTES_A_DAY, zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minute, MINUTES_A_DAY)
    wall = datetime.combine(day + days * _A_DAY, time(minute // 60, minute % 60), zone)
    return wall.astimezone(UTC)

"""Business minutes of the demo's calendars, fast enough to place thousands of messages.

The desk's own engine is msp.calendars; here a calendar is precomputed as a row of windows, so that adding and
subtracting are two look-ups. Minutes are elapsed minutes (daylight saving counts), windows are half-open, and a budget
that ends at closing is due at closing.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msp.demo.world import DemoCalendar


class Worktime:
    """One calendar between two dates, as cumulative business seconds."""

    def __init__(self, calendar: DemoCalendar, first: date, last: date) -> None:
        self.zone = ZoneInfo(calendar.timezone)
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []  # business seconds before each window
        total = 0.0
        for start, end in _windows(calendar, first, last):
            self._starts.append(start)
            self._ends.append(end)
            self._before.append(total)
            total += end - start

    def elapsed(self, since: datetime, until: datetime) -> float:
        """Return the business minutes between two instants."""
        return (self._position(until) - self._position(since)) / 60

    def add(self, at: datetime, minutes: float) -> datetime:
        """Return the instant at which `minutes` of business time have passed since `at`."""
        return self._instant(self._position(at) + minutes * 60)

    def subtract(self, at: datetime, minutes: float) -> datetime:
        """Return the latest open instant from which `minutes` of business time lead to `at`."""
        return self._opening(self._position(at) - minutes * 60)

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at this instant."""
        index = bisect_right(self._starts, at.timestamp()) - 1
        return index >= 0 and at.timestamp() < self._ends[index]

    def local(self, at: datetime) -> datetime:
        """Return the instant in the calendar's own zone."""
        return at.astimezone(self.zone)

    def _position(self, at: datetime) -> float:
        stamp = at.timestamp()
        index = bisect_right(self._starts, stamp) - 1
        if index < 0:
            return 0.0
        return self._before[index] + min(stamp, self._ends[index]) - self._starts[index]

    def _instant(self, position: float) -> datetime:
        index = max(bisect_left(self._before, position) - 1, 0)
        return _utc(self._starts[index] + position - self._before[index])

    def _opening(self, position: float) -> datetime:
        index = max(bisect_right(self._before, position) - 1, 0)
        return _utc(self._starts[index] + position - self._before[index])


def _utc(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _windows(calendar: DemoCalendar, first: date, last: date) -> list[tuple[float, float]]:
    zone = ZoneInfo(calendar.timezone)
    closed = {holiday.day for holiday in calendar.holidays}
    special = {exception.day: exception.windows for exception in calendar.exceptions}
    spans: list[tuple[float, float]] = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        weekly = () if day in closed else calendar.weekly_on(day)[day.weekday()]
        for start, end in special.get(day, weekly):
            spans.append((_stamp(day, start, zone), _stamp(day, end, zone)))
    return spans


def _stamp(day: date, clock: str, zone: ZoneInfo) -> float:
    hour, minute = int(clock[:2]), int(clock[3:])
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()

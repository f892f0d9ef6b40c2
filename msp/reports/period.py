"""The period of a report, as days or months."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = 24  # months
_MARGIN = timedelta(days=1)  # largest UTC offset of any zone


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """First to last day, both included; each client's days are in its own time zone."""

    first: date
    last: date

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The half-open interval of these days in a time zone, in UTC."""
        here = ZoneInfo(zone)
        begun = datetime.combine(self.first, time(), here)
        ended = datetime.combine(self.last + timedelta(days=1), time(), here)
        return begun.astimezone(UTC), ended.astimezone(UTC)

    def widest(self) -> tuple[datetime, datetime]:
        """An interval that contains these days in any time zone."""
        begun, ended = self.bounds("UTC")
        return begun - _MARGIN, ended + _MARGIN

    def months(self) -> list[date]:
        """The first days of its months, in order."""
        found = [self.first.replace(day=1)]
        while (following := _next_month(found[-1])) <= self.last:
            found.append(following)
        return found

    def reaching_back(self, months: int) -> "ReportPeriod":
        """The last months ending with this period's last one, whole except for the end."""
        first = self.last.replace(day=1)
        for _ in range(months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return ReportPeriod(min(first, self.first.replace(day=1)), self.last)


def month_of(day: date) -> ReportPeriod:
    """The calendar month of a day."""
    return ReportPeriod(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def read_period(first: str | None, last: str | None, *, today: date) -> ReportPeriod | None:
    """The period between two days (`2026-10-05`) or months (`2026-10`); the current month if neither is given.

    A single value is that month or day. None for an invalid date, a reversed period or more than two years.
    """
    if not first and not last:
        return month_of(today)
    try:
        begun, ended = _read(first or last or "").first, _read(last or first or "").last
    except ValueError:
        return None
    period = ReportPeriod(begun, ended)
    return period if begun <= ended and (ended - begun).days <= LONGEST * 31 else None


def _read(text: str) -> ReportPeriod:
    if len(text) == len("2026-10"):
        return month_of(_year_kept(date.fromisoformat(f"{text}-01")))
    day = _year_kept(date.fromisoformat(text))
    return ReportPeriod(day, day)


def _year_kept(day: date) -> date:
    """The day; refuses years at the limits of the calendar, where time zones overflow."""
    if not 2000 <= day.year < 2200:
        raise ValueError("beyond the years of any desk")
    return day


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)

"""The days that a report is about, as a reader or a program names them."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = 24  # months
_MARGIN = timedelta(days=1)  # no zone is further than this from UTC


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; each client's days are those of its own time zone."""

    first: date
    last: date

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The half-open stretch of instants that these days are in a time zone, in UTC."""
        here = ZoneInfo(zone)
        begun = datetime.combine(self.first, time(), here)
        ended = datetime.combine(self.last + timedelta(days=1), time(), here)
        return begun.astimezone(UTC), ended.astimezone(UTC)

    def widest(self) -> tuple[datetime, datetime]:
        """Instants before and after which these days are in no time zone."""
        begun, ended = self.bounds("UTC")
        return begun - _MARGIN, ended + _MARGIN

    def months(self) -> list[date]:
        """The first days of the months that it touches, in order."""
        found = [self.first.replace(day=1)]
        while (following := _next_month(found[-1])) <= self.last:
            found.append(following)
        return found

    def reaching_back(self, months: int) -> "Period":
        """The months that end with this period's last one, so many, whole but for the end."""
        first = self.last.replace(day=1)
        for _ in range(months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return Period(min(first, self.first.replace(day=1)), self.last)


def month_of(day: date) -> Period:
    """The whole month around a day."""
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def read_period(first: str | None, last: str | None, *, today: date) -> Period | None:
    """The period between two days (`2026-10-05`) or months (`2026-10`); the present month where neither is named.

    With one of them alone it is that month or day. None for what is no date, is turned round or is over two years.
    """
    if not first and not last:
        return month_of(today)
    try:
        begun, ended = _read(first or last or "").first, _read(last or first or "").last
    except ValueError:
        return None
    period = Period(begun, ended)
    return period if begun <= ended and (ended - begun).days <= LONGEST * 31 else None


def _read(text: str) -> Period:
    if len(text) == len("2026-10"):
        return month_of(_year_kept(date.fromisoformat(f"{text}-01")))
    day = _year_kept(date.fromisoformat(text))
    return Period(day, day)


def _year_kept(day: date) -> date:
    """The day itself; refuses years at the ends of the calendar, where zones leave it."""
    if not 2000 <= day.year < 2200:
        raise ValueError("beyond the years of any desk")
    return day


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)

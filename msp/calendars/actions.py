"""Making and changing calendars."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import available_timezones

from msp.calendars.models import Calendar, CalendarException, CalendarHoliday, CalendarWindow
from msp.calendars.queries import forget_versions
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.ids import new_id

Minutes = tuple[int, int]


def add_calendar(
    *,
    name: str,
    timezone: str,
    weekly: Mapping[int, Sequence[Minutes]],
    at: datetime,
    holidays: Mapping[date, str] | None = None,
    exceptions: Mapping[date, Sequence[Minutes]] | None = None,
    holiday_set: Json | None = None,
    exception_names: Mapping[date, str] | None = None,
) -> Calendar:
    """Add a calendar: windows in minutes of local wall time by weekday (0 is Monday), holidays, exceptions."""
    check(name=name, timezone=timezone, weekly=weekly)
    calendar = Calendar(id=new_id(), name=name.strip(), timezone=timezone, holiday_set=holiday_set or {}, created_at=at)
    db.session.add(calendar)
    _fill(calendar, weekly=weekly, holidays=holidays or {}, exceptions=exceptions or {}, names=exception_names or {})
    db.session.flush()
    return calendar


def edit_calendar(
    calendar: Calendar,
    *,
    name: str,
    timezone: str,
    weekly: Mapping[int, Sequence[Minutes]],
    holidays: Mapping[date, str],
    exceptions: Mapping[date, Sequence[Minutes]],
    holiday_set: Json | None = None,
    exception_names: Mapping[date, str] | None = None,
) -> None:
    """Replace what a calendar says; deadlines that run are derived anew when their clocks next move."""
    check(name=name, timezone=timezone, weekly=weekly)
    calendar.name, calendar.timezone = name.strip(), timezone
    calendar.holiday_set = calendar.holiday_set if holiday_set is None else holiday_set
    calendar.version += 1
    forget_versions()
    for rows in (calendar.windows, calendar.holidays, calendar.exceptions):
        rows.clear()
    db.session.flush()
    _fill(calendar, weekly=weekly, holidays=holidays, exceptions=exceptions, names=exception_names or {})


def check(*, name: str, timezone: str, weekly: Mapping[int, Sequence[Minutes]]) -> None:
    """Raise Invalid for an empty name, an unknown zone, or windows that are empty or overlap."""
    fields = {
        "name": [] if name.strip() else ["required"],
        "timezone": [] if timezone in available_timezones() else ["unknown"],
        "weekly": [] if all(day in range(7) and _apart(windows) for day, windows in weekly.items()) else ["invalid"],
    }
    if any(fields.values()):
        raise Invalid(fields={field: codes for field, codes in fields.items() if codes})


def _apart(windows: Sequence[Minutes]) -> bool:
    ordered = sorted(windows)
    sane = all(0 <= start < 1440 and start < end <= 2880 for start, end in ordered)
    return sane and all(before[1] <= after[0] for before, after in pairwise(ordered))


def _fill(
    calendar: Calendar,
    *,
    weekly: Mapping[int, Sequence[Minutes]],
    holidays: Mapping[date, str],
    exceptions: Mapping[date, Sequence[Minutes]],
    names: Mapping[date, str],
) -> None:
    calendar.windows = [
        CalendarWindow(weekday=day, start_minute=start, end_minute=end)
        for day, windows in weekly.items()
        for start, end in windows
    ]
    calendar.holidays = [CalendarHoliday(day=day, name=name) for day, name in holidays.items()]
    calendar.exceptions = [
        CalendarException(
            day=day, name=names.get(day), windows=[{"start": start, "end": end} for start, end in windows]
        )
        for day, windows in exceptions.items()
    ]

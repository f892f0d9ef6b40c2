"""Create and change calendars. Each change makes a new version and emits an event with what changed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from msp.calendars.events import CalendarRenamed
from msp.calendars.models import Calendar, CalendarException, CalendarHoliday, CalendarTimetable, CalendarWindow
from msp.calendars.place_models import Place
from msp.calendars.queries import to_value
from msp.calendars.revisions import begin, revise
from msp.calendars.working_calendar import Timetable
from msp.kernel import timezones
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id

Minutes = tuple[int, int]
Week = Mapping[int, Sequence[Minutes]]


def add_calendar(
    *,
    name: str,
    timezone: str,
    weekly: Week,
    at: datetime,
    holidays: Mapping[date, str] | None = None,
    exceptions: Mapping[date, Sequence[Minutes]] | None = None,
    holiday_set: Json | None = None,
    exception_names: Mapping[date, str] | None = None,
    timetables: Mapping[date, Timetable] | None = None,
    place: Place | None = None,
    keeps_holidays: bool = True,
) -> Calendar:
    """Add a calendar: windows in minutes of local wall time by weekday (0 is Monday), a place, its own holidays.

    Emits calendar.added.
    """
    check(name=name, timezone=timezone, weekly=weekly, timetables=timetables)
    calendar = Calendar(
        id=new_id(),
        name=name.strip(),
        timezone=timezone,
        holiday_set=holiday_set or {},
        place=place,
        keeps_holidays=keeps_holidays,
        version=1,
        created_at=at,
    )
    db.session.add(calendar)
    _fill(calendar, weekly=weekly, holidays=holidays or {}, exceptions=exceptions or {}, names=exception_names or {})
    calendar.timetables = [_timetable(day, each) for day, each in sorted((timetables or {}).items())]
    db.session.flush()
    begin(calendar, at=at)
    return calendar


def edit_calendar(
    calendar: Calendar,
    *,
    name: str,
    timezone: str,
    weekly: Week,
    holidays: Mapping[date, str],
    exceptions: Mapping[date, Sequence[Minutes]],
    at: datetime,
    holiday_set: Json | None = None,
    exception_names: Mapping[date, str] | None = None,
    timetables: Mapping[date, Timetable] | None = None,
    place: Place | None = None,
    keeps_holidays: bool = True,
) -> bool:
    """Replace a calendar's content (None keeps its dated timetables); returns whether anything changed.

    Emits calendar.changed if so, and calendar.renamed if the name changed.
    """
    check(name=name, timezone=timezone, weekly=weekly, timetables=timetables)
    before, old_name = to_value(calendar), calendar.name
    calendar.name, calendar.timezone = name.strip(), timezone
    calendar.holiday_set = calendar.holiday_set if holiday_set is None else holiday_set
    calendar.place, calendar.keeps_holidays = place, keeps_holidays
    for rows in (calendar.windows, calendar.holidays, calendar.exceptions):
        rows.clear()
    db.session.flush()
    _fill(calendar, weekly=weekly, holidays=holidays, exceptions=exceptions, names=exception_names or {})
    if timetables is not None:
        _replace_timetables(calendar, timetables)
    if calendar.name != old_name:
        emit(CalendarRenamed(name=calendar.name, before=old_name), calendar.id, client_id=None, at=at)
    return revise(calendar, before=before, at=at)


def set_timetable(
    calendar: Calendar,
    *,
    from_day: date,
    weekly: Week,
    at: datetime,
    name: str = "",
    until: date | None = None,
    instead_of: date | None = None,
) -> None:
    """Use another week from a local day on, replacing the timetable that starts there (or on `instead_of`).

    With `until`, its last day, the previous week applies again from the day after. Emits calendar.changed; raises
    Invalid for overlapping windows and an end before the start.
    """
    check(name="-", timezone=calendar.timezone, weekly=weekly)
    if until is not None and until < from_day:
        raise Invalid(fields={"until": ["before_start"]})
    before = to_value(calendar)
    kept = {day: each for day, each in before.timetables.items() if day != instead_of}
    after = {day: each for day, each in kept.items() if until is None or not from_day <= day <= until}
    after[from_day] = Timetable(_week(weekly), name.strip())
    if until is not None:
        back = until + timedelta(days=1)
        after.setdefault(back, _in_force(kept, before.weekly, on=back))
    _replace_timetables(calendar, after)
    revise(calendar, before=before, at=at)


def remove_timetable(calendar: Calendar, from_day: date, *, at: datetime) -> None:
    """Remove a dated timetable; the previous one continues. Emits calendar.changed."""
    before = to_value(calendar)
    _replace_timetables(calendar, {day: each for day, each in before.timetables.items() if day != from_day})
    revise(calendar, before=before, at=at)


def check(*, name: str, timezone: str, weekly: Week, timetables: Mapping[date, Timetable] | None = None) -> None:
    """Raise Invalid for an empty name, an unknown zone, or windows that are empty or overlap."""
    dated = (timetables or {}).values()
    fields = {
        "name": [] if name.strip() else ["required"],
        "timezone": [] if timezones.is_known(timezone) else ["unknown"],
        "weekly": [] if _is_week(weekly) else ["invalid"],
        "timetables": [] if all(_is_week(each.weekly) for each in dated) else ["invalid"],
    }
    if any(fields.values()):
        raise Invalid(fields={field: codes for field, codes in fields.items() if codes})


def _is_week(weekly: Week) -> bool:
    return all(day in range(7) and _apart(windows) for day, windows in weekly.items())


def _apart(windows: Sequence[Minutes]) -> bool:
    ordered = sorted(windows)
    sane = all(0 <= start < 1440 and start < end <= 2880 for start, end in ordered)
    return sane and all(before[1] <= after[0] for before, after in pairwise(ordered))


def _in_force(timetables: Mapping[date, Timetable], weekly: Week, *, on: date) -> Timetable:
    earlier = [day for day in timetables if day <= on]
    return timetables[max(earlier)] if earlier else Timetable(_week(weekly))


def _week(weekly: Week) -> dict[int, tuple[Minutes, ...]]:
    return {day: tuple(windows) for day, windows in weekly.items()}


def _timetable(from_day: date, timetable: Timetable) -> CalendarTimetable:
    windows = [
        {"weekday": day, "start": start, "end": end}
        for day, windows in sorted(timetable.weekly.items())
        for start, end in windows
    ]
    return CalendarTimetable(from_day=from_day, name=timetable.name, windows=windows)


def _replace_timetables(calendar: Calendar, timetables: Mapping[date, Timetable]) -> None:
    calendar.timetables.clear()
    db.session.flush()
    calendar.timetables.extend(_timetable(day, each) for day, each in sorted(timetables.items()))


def _fill(
    calendar: Calendar,
    *,
    weekly: Week,
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

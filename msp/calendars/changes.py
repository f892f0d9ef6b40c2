"""Differences between two versions of a calendar as codes, with the first local day affected. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from msp.calendars.working_calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class CalendarDifference:
    """A difference: `from_day` is the first affected local day, None for all days.

    `what` lists added and removed items of each changed part (timezone, week, timetables, holidays, exceptions): ISO
    days with their names.
    """

    from_day: date | None
    what: dict[str, Any]


def change_between(before: WorkingCalendar, after: WorkingCalendar) -> CalendarDifference | None:
    """The difference between two calendars; None if they are equal."""
    if before == after:
        return None
    what: dict[str, Any] = {}
    if before.timezone != after.timezone:
        what["timezone"] = {"removed": before.timezone, "added": after.timezone}
    if before.weekly != after.weekly:
        what["week"] = {"changed": True}
    days: list[date] = []
    for name, old, new in (
        ("timetables", before.timetables, after.timetables),
        ("holidays", before.holiday_names, after.holiday_names),
        ("exceptions", _exceptions(before), _exceptions(after)),
    ):
        touched = [day for day in old.keys() | new.keys() if old.get(day) != new.get(day)]
        if touched:
            what[name] = _added_and_removed(old, new)
            days += touched
    is_everywhere = "timezone" in what or "week" in what
    return CalendarDifference(None if is_everywhere else min(days), what)


def _exceptions(calendar: WorkingCalendar) -> dict[date, tuple[Any, str]]:
    return {day: (windows, calendar.override_names.get(day, "")) for day, windows in calendar.overrides.items()}


def _added_and_removed(old: Mapping[date, Any], new: Mapping[date, Any]) -> dict[str, dict[str, str]]:
    parts = {
        "added": {day: new[day] for day in new.keys() - old.keys()},
        "removed": {day: old[day] for day in old.keys() - new.keys()},
        "changed": {day: new[day] for day in new.keys() & old.keys() if new[day] != old[day]},
    }
    return {part: {day.isoformat(): _name(days[day]) for day in sorted(days)} for part, days in parts.items() if days}


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[1] if isinstance(value, tuple) else value.name

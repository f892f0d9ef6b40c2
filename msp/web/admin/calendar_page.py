"""Details of one calendar: week overview, next exceptions, preview, change history."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from babel import Locale
from flask import url_for
from flask_babel import get_locale, gettext
from werkzeug.datastructures import MultiDict

from msp.calendars.business_time import deadline, explain
from msp.calendars.events import CalendarChanged, PlaceChanged
from msp.calendars.gaps import missing_years
from msp.calendars.models import Calendar
from msp.calendars.queries import to_value
from msp.calendars.working_calendar import Windows, WorkingCalendar
from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.event_types import Event, read_event
from msp.kernel.events import StoredEvent
from msp.sla.explanation import Explanation
from msp.web.admin import list_queries
from msp.web.admin.calendar_text import days_alike, text_of
from msp.web.admin.forms import whole
from msp.words import formats
from msp.words.deadline_explanations import trail
from msp.words.event_messages import event_message
from msp.words.vocabulary import word

NEXT_SHOWN, CHANGES_SHOWN = 6, 8
MOST_MINUTES = 60 * 24 * 90


def facts(found: Calendar, asked: MultiDict[str, str]) -> Json:
    """Everything shown next to the form."""
    calendar, today = to_value(found), today_in(found)
    return {
        "week": week_bars(week_on(calendar, today)),
        "timetables": timetables(found, calendar, today=today),
        "next_days": next_days(calendar, after=today),
        "preview": preview(calendar, asked),
        "changes": [
            _changed(event, by) for event, by in list_queries.history_of(_subjects(found), limit=CHANGES_SHOWN)
        ],
        "missing": warning(found, today=today),
    }


def today_in(found: Calendar) -> date:
    """The current date in the calendar's zone."""
    return clock.now().astimezone(to_value(found).zone).date()


def warning(found: Calendar, *, today: date) -> str:
    """A warning if holidays of this or next year are missing; empty otherwise."""
    years = missing_years(found, on=today)
    if not years:
        return ""
    named = " · ".join(str(year) for year in years)
    if found.place is None:
        return gettext("There are no holidays for %(years)s.", years=named)
    return gettext("The holidays of %(place)s for %(years)s are not confirmed.", place=found.place.name, years=named)


def week_on(calendar: WorkingCalendar, day: date) -> Mapping[int, Windows]:
    """The week that applies on a day."""
    return (calendar.timetable_on(day) or calendar).weekly


def week_bars(weekly: Mapping[int, Windows]) -> list[Json]:
    """The bars of a week; a window past midnight continues on the next day."""
    bars: dict[int, list[tuple[int, int]]] = {i: [] for i in range(7)}
    for i, windows in weekly.items():
        for start, end in windows:
            bars[i].append((start, min(end, 1440)))
            if end > 1440:
                bars[(i + 1) % 7].append((0, end - 1440))
    return [
        {
            "name": word(i, "weekday"),
            "windows": sorted(bars[i]),
            "text": text_of(weekly.get(i, ()), dash="–") or gettext("closed"),
        }
        for i in range(7)
    ]


def week_words(weekly: Mapping[int, Sequence[tuple[int, int]]]) -> list[str]:
    """A week as short text: "Mon–Fri 9:00–14:00, 16:00–19:00"."""
    names = (get_locale() or Locale("es")).days["format"]["abbreviated"]
    return [
        f"{names[first]}{f'–{names[last]}' if last != first else ''} {text_of(windows, dash='–')}"
        for first, last, windows in days_alike(weekly)
    ]


def timetables(found: Calendar, calendar: WorkingCalendar, *, today: date) -> list[Json]:
    """The weeks of the calendar in order, each with its first day; empty if there is only one."""
    if not calendar.timetables:
        return []
    starts: list[date | None] = [None, *calendar.timetables, None]
    rows = []
    for start, after in pairwise(starts):
        timetable = calendar.timetables[start] if start else None
        until = after - timedelta(days=1) if after else None
        rows.append(
            {
                "name": (timetable.name if timetable else "") or gettext("Usual week"),
                "week": week_words((timetable or calendar).weekly) or [gettext("closed")],
                "from": start,
                "until": until,
                "is_now": (start is None or start <= today) and (until is None or today <= until),
                "is_past": until is not None and until < today,
                "url": url_for("admin.timetable", calendar_id=found.id, from_day=start.isoformat()) if start else None,
            }
        )
    return rows


def next_days(calendar: WorkingCalendar, *, after: date) -> list[Json]:
    """The next days that differ from the week: holidays and exceptions."""
    days = sorted(day for day in calendar.holiday_names.keys() | calendar.overrides.keys() if day >= after)
    return [
        {
            "day": day,
            "name": calendar.override_names.get(day) or calendar.holiday_names.get(day) or "",
            "text": text_of(calendar.overrides.get(day, ()), dash="–") or gettext("closed"),
        }
        for day in days[:NEXT_SHOWN]
    ]


def preview(calendar: WorkingCalendar, asked: MultiDict[str, str]) -> Json:
    """The due date, with its reason, of a target that starts at a local time of the calendar with a given duration."""
    opened = asked.get("opened") or clock.now().astimezone(calendar.zone).strftime("%Y-%m-%dT%H:%M")
    values: dict[str, Any] = {"opened": opened, "minutes": asked.get("minutes") or "240", "lines": [], "due": None}
    if "opened" not in asked:
        return values
    try:
        start = datetime.fromisoformat(opened).replace(tzinfo=calendar.zone)
        budget = timedelta(minutes=min(whole(values["minutes"]), MOST_MINUTES))
        due = deadline(calendar, start, budget)
    except (ValueError, OverflowError):
        return values | {"error": gettext("Enter a date and time, and a target in minutes.")}
    if due is None:
        return values | {"error": gettext("This calendar does not have that many business hours in ten years.")}
    found = Explanation("", budget, calendar.timezone, explain(calendar, start, budget), start)
    return values | {"due": _moment(due, calendar), "lines": trail(found)}


def _moment(due: datetime, calendar: WorkingCalendar) -> str:
    local = due.astimezone(calendar.zone)
    return gettext("%(day)s at %(time)s", day=formats.long_date(local.date()), time=f"{local:%-H:%M}")


def _subjects(found: Calendar) -> list[Any]:
    return [found.id, found.place_id] if found.place_id else [found.id]


def _changed(event: StoredEvent, by: str | None) -> Json:
    return {"at": event.at, "by": by, "lines": _lines(read_event(event.kind, event.data))}


def _lines(event: Event | None) -> list[str]:
    if isinstance(event, PlaceChanged):
        return [_days(event.name, event.data())]
    if not isinstance(event, CalendarChanged):
        return [event_message(event)] if event else []
    parts = {
        "timezone": gettext("Time zone"),
        "week": gettext("Week"),
        "timetables": gettext("Timetables"),
        "holidays": gettext("Holidays"),
        "exceptions": gettext("Days with different hours"),
    }
    return [_days(label, event.what[part]) for part, label in parts.items() if part in event.what]


def _days(label: str, what: Mapping[str, Any]) -> str:
    signs = (("added", "+"), ("removed", formats.MINUS), ("changed", "~"))
    changes = [
        f"{sign} {_listed(what[part])}" for part, sign in signs if isinstance(what.get(part), dict) and what[part]
    ]
    return f"{label}: {', '.join(changes)}" if changes else label


def _listed(days: Mapping[str, str]) -> str:
    shown = [
        f"{formats.day(date.fromisoformat(day), year=True)} {name}".strip() for day, name in list(days.items())[:3]
    ]
    rest = len(days) - len(shown)
    return ", ".join([*shown, gettext("%(num)d more", num=rest)] if rest else shown)

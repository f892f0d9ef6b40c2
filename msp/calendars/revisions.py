"""Stores the versions of a calendar when it changes."""

from datetime import datetime

from msp.calendars.changes import change_between
from msp.calendars.events import CalendarAdded, CalendarChanged
from msp.calendars.models import Calendar, CalendarRevision
from msp.calendars.queries import forget_versions, to_value
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.db import db
from msp.kernel.events import emit


def begin(calendar: Calendar, *, at: datetime) -> None:
    """Store the first version of a new calendar; emits calendar.added."""
    _write(calendar, to_value(calendar), at=at)
    emit(CalendarAdded(name=calendar.name), calendar.id, client_id=None, at=at)


def revise(calendar: Calendar, *, before: WorkingCalendar, at: datetime) -> bool:
    """Store the next version of a calendar that differs from `before`; emits calendar.changed.

    The event carries the version, `from_day` (the first affected local day, None for all days) and what changed.
    Returns whether anything changed.
    """
    db.session.flush()
    after = to_value(calendar)
    change = change_between(before, after)
    if change is None:
        return False
    _keep(calendar, before, at=at)
    calendar.version += 1
    forget_versions()
    _write(calendar, after, at=at)
    event = CalendarChanged(version=calendar.version, from_day=change.from_day, name=calendar.name, what=change.what)
    emit(event, calendar.id, client_id=None, at=at)
    return True


def _keep(calendar: Calendar, before: WorkingCalendar, *, at: datetime) -> None:
    """Store the version that ends now if a process of an older release has not."""
    if db.session.get(CalendarRevision, (calendar.id, calendar.version)) is None:
        _write(calendar, before, at=calendar.created_at)


def _write(calendar: Calendar, value: WorkingCalendar, *, at: datetime) -> None:
    db.session.add(
        CalendarRevision(calendar_id=calendar.id, version=calendar.version, working_calendar=value.to_json(), at=at)
    )
    db.session.flush()

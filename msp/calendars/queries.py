"""Calendars as rows, read into the pure value; kept by id and version, since they change a few times a year."""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import select

from msp.calendars.models import Calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.paging import page_by_id

_known: dict[tuple[UUID, int], WorkingCalendar] = {}


def access_calendar(calendar_id: UUID) -> Calendar:
    """The calendar's row; raises NotFound."""
    calendar = db.session.get(Calendar, calendar_id)
    if calendar is None:
        raise NotFound("calendar")
    return calendar


def all_calendars() -> list[Calendar]:
    """Every calendar by name."""
    return list(db.session.scalars(select(Calendar).order_by(Calendar.name)))


def calendars_page(*, after: UUID | None, limit: int) -> list[Calendar]:
    """Calendars, oldest first, in pages."""
    return page_by_id(select(Calendar), Calendar.id, after=after, limit=limit)


def working_calendar(calendar_id: UUID, *, version: int | None = None) -> WorkingCalendar:
    """The value for a calendar's present version; without `version` that is asked first, once a unit of work."""
    if version is None:
        asked = db.session().info.setdefault("calendar_versions", {})
        if calendar_id not in asked:
            query = select(Calendar.version).where(Calendar.id == calendar_id)
            asked[calendar_id] = db.session.execute(query).scalar_one()
        version = asked[calendar_id]
    known = _known.get((calendar_id, version))
    if known is None:
        known = _known[(calendar_id, version)] = to_value(access_calendar(calendar_id))
    return known


def forget_versions() -> None:
    """Ask anew which versions hold: this unit of work changes a calendar."""
    db.session().info.pop("calendar_versions", None)


def to_value(calendar: Calendar) -> WorkingCalendar:
    """A calendar's rows as the pure value that the rules of business time take."""
    return WorkingCalendar(
        timezone=calendar.timezone,
        weekly=_by_weekday(tuple((w.weekday, w.start_minute, w.end_minute) for w in calendar.windows)),
        holidays={holiday.day: holiday.name for holiday in calendar.holidays},
        overrides={
            exception.day: tuple((window["start"], window["end"]) for window in exception.windows)
            for exception in calendar.exceptions
        },
    )


@lru_cache(maxsize=256)
def _by_weekday(
    windows: tuple[tuple[int, int, int], ...],
) -> dict[int, tuple[tuple[int, int], ...]]:
    days: dict[int, tuple[tuple[int, int], ...]] = {}
    for weekday, start, end in windows:
        days[weekday] = (*days.get(weekday, ()), (start, end))
    return days

"""Reads calendars as values, cached by id and version because they rarely change."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select

from msp.calendars.models import Calendar, CalendarRevision
from msp.calendars.working_calendar import Timetable, Windows, WorkingCalendar
from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.paging import page_by_id

_known: dict[tuple[UUID, int], WorkingCalendar] = {}


def access_calendar(calendar_id: UUID, *, lock: bool = False) -> Calendar:
    """The calendar's row, locked for update; raises NotFound."""
    calendar = db.session.get(Calendar, calendar_id, with_for_update={"of": Calendar} if lock else None)
    if calendar is None:
        raise NotFound("calendar")
    return calendar


def all_calendars() -> list[Calendar]:
    """Every calendar by name."""
    return list(db.session.scalars(select(Calendar).order_by(by_name(Calendar.name))))


def calendars_page(*, after: UUID | None, limit: int) -> list[Calendar]:
    """Calendars, oldest first, in pages."""
    return page_by_id(select(Calendar), Calendar.id, after=after, limit=limit)


def working_calendar(calendar_id: UUID, *, version: int | None = None) -> WorkingCalendar:
    """The content of a calendar in a version; without one, the current version (read once per unit of work)."""
    if version is None:
        asked = db.session().info.setdefault("calendar_versions", {})
        if calendar_id not in asked:
            query = select(Calendar.version).where(Calendar.id == calendar_id)
            asked[calendar_id] = db.session.execute(query).scalar_one()
        version = asked[calendar_id]
    known = _known.get((calendar_id, version))
    if known is None:
        known = _read(calendar_id, version)
        if not db.session().info.get("calendars_change"):
            _known[(calendar_id, version)] = known
    return known


def versions_until(calendar_id: UUID, at: datetime) -> list[int]:
    """The versions until an instant, newest first (the first one if there was none yet); read once per unit of work."""
    known = db.session().info.setdefault("calendar_revisions", {})
    if calendar_id not in known:
        query = select(CalendarRevision.version, CalendarRevision.at).where(CalendarRevision.calendar_id == calendar_id)
        known[calendar_id] = db.session.execute(query.order_by(CalendarRevision.version.desc())).all()
    rows = known[calendar_id]
    return [row.version for row in rows if row.at <= at] or [row.version for row in rows[-1:]]


def forget_versions() -> None:
    """Forget the versions read in this unit of work, because it changes a calendar."""
    db.session().info.pop("calendar_versions", None)
    db.session().info.pop("calendar_revisions", None)
    db.session().info["calendars_change"] = True


def to_value(calendar: Calendar) -> WorkingCalendar:
    """A calendar's rows, with its place's holidays, as the value used by business time."""
    years = calendar.place.years if calendar.place else ()
    public = {holiday.day: holiday.name for year in years for holiday in year.holidays}
    return WorkingCalendar(
        timezone=calendar.timezone,
        weekly=_by_weekday(tuple((w.weekday, w.start_minute, w.end_minute) for w in calendar.windows)),
        holidays=public | {holiday.day: holiday.name for holiday in calendar.holidays},
        overrides={
            exception.day: tuple((window["start"], window["end"]) for window in exception.windows)
            for exception in calendar.exceptions
        },
        override_names={exception.day: exception.name for exception in calendar.exceptions if exception.name},
        timetables={
            each.from_day: Timetable(
                _by_weekday(tuple((w["weekday"], w["start"], w["end"]) for w in each.windows)), each.name
            )
            for each in calendar.timetables
        },
    )


def _read(calendar_id: UUID, version: int) -> WorkingCalendar:
    stored = db.session.scalars(
        select(CalendarRevision.working_calendar).where(
            CalendarRevision.calendar_id == calendar_id, CalendarRevision.version == version
        )
    ).one_or_none()
    return to_value(access_calendar(calendar_id)) if stored is None else WorkingCalendar.from_json(stored)


@lru_cache(maxsize=256)
def _by_weekday(windows: Iterable[tuple[int, int, int]]) -> dict[int, Windows]:
    days: dict[int, Windows] = {}
    for weekday, start, end in windows:
        days[weekday] = (*days.get(weekday, ()), (start, end))
    return days

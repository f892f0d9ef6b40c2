"""The demo's calendars for the years around a day."""

from collections.abc import Iterator
from datetime import date

import holidays

from msp.demo.content.agreements import HOURS, Hours, Windows
from msp.demo.world import DemoCalendar, DemoCalendarException, DemoHoliday, DemoTimetable

_MORNING = (("09:00", "14:00"),)


def build_calendars(today: date) -> tuple[DemoCalendar, ...]:
    """Return every calendar with its holidays and exceptions from last year to next year."""
    years = (today.year - 1, today.year, today.year + 1)
    return tuple(_calendar(hours, years) for hours in HOURS)


def _calendar(hours: Hours, years: tuple[int, ...]) -> DemoCalendar:
    closed = _holidays(hours, years)
    return DemoCalendar(
        key=hours.key,
        name=hours.name,
        timezone=hours.timezone,
        holiday_set=None if hours.region is None else "-".join(filter(None, ("ES", hours.region))),
        weekly=_week(hours, hours.windows),
        timetables=tuple(_timetables(hours, years)),
        town=hours.town,
        holidays=tuple(DemoHoliday(day, name) for day, name in sorted(closed.items())),
        exceptions=tuple(_exceptions(hours, years, closed)),
    )


def _week(hours: Hours, windows: Windows) -> tuple[Windows, ...]:
    return tuple(windows if day < hours.days else () for day in range(7))


def _timetables(hours: Hours, years: tuple[int, ...]) -> Iterator[DemoTimetable]:
    """Summer hours from 15 June to 15 September, each year as its own version."""
    for year in years if hours.summer else ():
        yield DemoTimetable(date(year, 6, 15), "Jornada de verano", _week(hours, hours.summer or ()))
        yield DemoTimetable(date(year, 9, 16), "Jornada de invierno", _week(hours, hours.windows))


def _holidays(hours: Hours, years: tuple[int, ...]) -> dict[date, str]:
    if hours.region is None:
        return {}
    found = holidays.country_holidays("ES", subdiv=hours.region or None, years=years, language="es")
    closed = {day: str(name) for day, name in found.items()}
    for year in years:
        closed |= {date(year, month, day): name for month, day, name in hours.town_days}
    return closed


def _exceptions(hours: Hours, years: tuple[int, ...], closed: dict[date, str]) -> Iterator[DemoCalendarException]:
    days: list[DemoCalendarException] = []
    for year in years:
        for month, day, name in hours.short_days:
            days.append(DemoCalendarException(date(year, month, day), _MORNING, name))
    for exception in sorted(days, key=lambda found: found.day):
        if exception.day.weekday() < 5 and exception.day not in closed:
            yield exception

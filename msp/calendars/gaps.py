"""Years for which a calendar knows no holidays that somebody looked over: nobody would notice before the day itself."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg

from msp.calendars.models import Calendar

_MISSING = """
select c.name, y.year
from calendar c cross join (values (%(this)s), (%(this)s + 1)) y (year)
where c.keeps_holidays
and exists (select from contract k where k.calendar_id = c.id and (k.ends_on is null or k.ends_on >= %(on)s))
and case when c.place_id is null
    then not exists (
        select from calendar_holiday h where h.calendar_id = c.id and extract(year from h.day) = y.year)
    else not exists (
        select from place_year p where p.place_id = c.place_id and p.year = y.year and p.frozen_at is not null)
    end
order by c.name, y.year
"""


def missing_years(calendar: Calendar, *, on: date) -> list[int]:
    """Which of the present and the next year have no frozen holidays; none where the calendar closes on none.

    Without a place, days of the calendar's own in that year are enough.
    """
    if not calendar.keeps_holidays:
        return []
    if calendar.place is None:
        known = {holiday.day.year for holiday in calendar.holidays}
    else:
        known = {year.year for year in calendar.place.years if year.frozen_at is not None}
    return [year for year in (on.year, on.year + 1) if year not in known]


def missing_in_use(connection: psycopg.Connection[Any], *, on: date) -> Iterator[tuple[str, int]]:
    """The same for every calendar of a contract in force on a day or later, by name, for whoever may read it all."""
    yield from connection.execute(_MISSING, {"this": on.year, "on": on})

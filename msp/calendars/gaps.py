"""Years for which a calendar has no verified holidays, which would otherwise be noticed on the day only."""

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
    """This and the next year, if their holidays are not frozen; none if the calendar observes no holidays.

    For a calendar without place, its own holidays in that year are enough.
    """
    if not calendar.keeps_holidays:
        return []
    if calendar.place is None:
        known = {holiday.day.year for holiday in calendar.holidays}
    else:
        known = {year.year for year in calendar.place.years if year.frozen_at is not None}
    return [year for year in (on.year, on.year + 1) if year not in known]


def missing_in_use(connection: psycopg.Connection[Any], *, on: date) -> Iterator[tuple[str, int]]:
    """The missing years of all calendars of contracts active on or after a day, by name; for scopes that see all."""
    yield from connection.execute(_MISSING, {"this": on.year, "on": on})

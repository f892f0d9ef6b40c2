"""The default calendar: Monday to Friday, 9:00 to 18:00, national holidays."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msp.calendars.actions import add_calendar
from msp.calendars.models import Calendar
from msp.calendars.places import place_for
from msp.kernel.errors import Invalid

OPENS, CLOSES = 9 * 60, 18 * 60  # minutes of local wall time
WORKING_DAYS = range(5)


def add_office_hours(*, name: str, country: str, timezone: str, at: datetime) -> Calendar:
    """Add the calendar with the country's holidays of this year and the next; emits `calendar.added`.

    `country` is an ISO 3166-1 code. If no holidays are known for it, the calendar has none and its page shows a
    warning.
    """
    year = at.astimezone(ZoneInfo(timezone)).year
    try:
        place = place_for(country=country, region="", municipality="", years=(year, year + 1), at=at)
    except Invalid:
        place = None
    weekly = dict.fromkeys(WORKING_DAYS, ((OPENS, CLOSES),))
    return add_calendar(name=name, timezone=timezone, weekly=weekly, place=place, at=at)

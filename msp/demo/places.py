"""The places of the demo's calendars: filled from the package, local holidays entered, reviewed and confirmed."""

from datetime import datetime

from msp.calendars.place_models import Place
from msp.calendars.places import Holiday, edit_year, find_place, freeze_year, place_for
from msp.demo import world as told

ISLAND_DAYS = {"Virgen del Pino"}
NOT_YET = "Las Palmas de Gran Canaria"  # its next year is not confirmed: the desk warns


def place_of(calendar: told.DemoCalendar, *, at: datetime) -> Place:
    """The place whose holidays a demo calendar observes; created for the first calendar that names it."""
    country, _, region = (calendar.holiday_set or "").partition("-")
    known = find_place(country, region, calendar.town)
    if known is not None:
        return known
    years = sorted({holiday.day.year for holiday in calendar.holidays})
    place = place_for(country=country, region=region, municipality=calendar.town, years=years, at=at)
    for year in years:
        _enter_town_days(place, calendar, year, at=at)
        if calendar.town != NOT_YET or year <= at.year:
            freeze_year(place, year, at=at)
    return place


def _enter_town_days(place: Place, calendar: told.DemoCalendar, year: int, *, at: datetime) -> None:
    table = place.year(year)
    public = {each.day: Holiday(each.day, each.name, each.scope) for each in (table.holidays if table else ())}
    town = {
        each.day: Holiday(each.day, each.name, "island" if each.name in ISLAND_DAYS else "municipal")
        for each in calendar.holidays
        if each.day.year == year and each.day not in public
    }
    edit_year(place, year, (public | town).values(), at=at)

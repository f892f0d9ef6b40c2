"""Places and their holidays by year: seeded once from a package, verified, edited, frozen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version as package_version
from uuid import UUID

from babel import Locale
from sqlalchemy import select

from msp.calendars.events import PlaceAdded, PlaceChanged, PlaceYearFrozen
from msp.calendars.holidays import REGIONS_OF_SPAIN, seed_holidays
from msp.calendars.models import Calendar
from msp.calendars.place_models import SCOPES, Place, PlaceHoliday, PlaceYear
from msp.calendars.queries import to_value
from msp.calendars.revisions import revise
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.kernel.paging import page_by_id

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of a place: its day, its name, and who declares it (one of SCOPES)."""

    day: date
    name: str
    scope: str = "municipal"


def all_places() -> list[Place]:
    """Every place, by name."""
    return list(db.session.scalars(select(Place).order_by(by_name(Place.name), Place.id)))


def places_page(*, after: UUID | None, limit: int) -> list[Place]:
    """Places, oldest first, in pages."""
    return page_by_id(select(Place), Place.id, after=after, limit=limit)


def access_place(place_id: UUID, *, lock: bool = False) -> Place:
    """The place's row; raises NotFound."""
    place = db.session.get(Place, place_id, with_for_update={"of": Place} if lock else None)
    if place is None:
        raise NotFound("place")
    return place


def find_place(country: str, region: str = "", municipality: str = "") -> Place | None:
    """The existing place, or None."""
    query = select(Place).where(Place.country == country, Place.region == region, Place.municipality == municipality)
    return db.session.scalars(query).one_or_none()


def add_place(*, name: str, country: str, at: datetime, region: str = "", municipality: str = "") -> Place:
    """Add a place: an ISO 3166-1 country, a region of ISO 3166-2 without its prefix, a municipality or island.

    Emits place.added. Raises Conflict for an existing place and Invalid for one without known holidays.
    """
    country, region, municipality = country.strip().upper(), region.strip().upper(), municipality.strip()
    region = region.removeprefix(f"{country}-")
    if not name.strip():
        raise Invalid(fields={"name": ["required"]})
    _seed(country, region, at.year)
    if find_place(country, region, municipality):
        raise Invalid(fields={"municipality": ["in_use"]})
    place = Place(
        id=new_id(), name=name.strip(), country=country, region=region, municipality=municipality, created_at=at
    )
    db.session.add(place)
    db.session.flush()
    emit(PlaceAdded(name=place.name), place.id, client_id=None, at=at)
    return place


def place_for(*, country: str, region: str, municipality: str, years: Iterable[int], at: datetime) -> Place:
    """The place, added if missing, with these years; existing years are not changed."""
    country = country.strip().upper()
    region = region.strip().upper().removeprefix(f"{country}-")
    municipality = municipality.strip()
    place = find_place(country, region, municipality)
    if place is None:
        name = municipality or _region_name(country, region)
        place = add_place(name=name, country=country, region=region, municipality=municipality, at=at)
    for year in years:
        if place.year(year) is None:
            seed_year(place, year, at=at)
    return place


def _region_name(country: str, region: str) -> str:
    """The name of a region or, without one, the country: in Spanish in Spain, in English elsewhere."""
    if region:
        return REGIONS_OF_SPAIN.get(region if country == "ES" else "", f"{country}-{region}")
    return str(Locale("es" if country == "ES" else "en").territories.get(country, country))


def seed_year(place: Place, year: int, *, at: datetime) -> PlaceYear:
    """Fill in the national and regional holidays of a year; existing island and municipal days stay.

    Emits place.changed, and calendar.changed for each calendar of the place; refuses a frozen year.
    """
    found = place.year(year)
    if found is not None and found.frozen_at is not None:
        raise Conflict("year_is_frozen")
    _check_year(year)
    kept = [Holiday(each.day, each.name, each.scope) for each in found.holidays] if found else []
    seeded = _seed(place.country, place.region, year)
    days = {each.day: each for each in seeded} | {each.day: each for each in kept if each.scope not in SCOPES[:2]}
    return _write(place, year, days.values(), source=f"holidays {package_version('holidays')}", at=at)


def edit_year(place: Place, year: int, holidays: Iterable[Holiday], *, at: datetime) -> PlaceYear:
    """Replace the holidays of a year, frozen or not.

    Emits place.changed, and calendar.changed for each calendar of the place; refuses days of another year, duplicate
    days, and unknown scopes.
    """
    _check_year(year)
    wanted = list(holidays)
    if any(each.day.year != year for each in wanted):
        raise Invalid(fields={"holidays": ["other_year"]})
    if len({each.day for each in wanted}) < len(wanted) or any(each.scope not in SCOPES for each in wanted):
        raise Invalid(fields={"holidays": ["invalid"]})
    return _write(place, year, wanted, source=None, at=at)


def freeze_year(place: Place, year: int, *, at: datetime) -> None:
    """Mark a year as verified: afterwards it is edited by hand only. Emits place.year_frozen."""
    found = place.year(year)
    if found is None or not found.holidays:
        raise Conflict("year_is_empty")
    if found.frozen_at is None:
        found.frozen_at = at
        emit(PlaceYearFrozen(name=place.name, year=year), place.id, client_id=None, at=at)


def calendars_of(place: Place) -> list[Calendar]:
    """The calendars that observe the holidays of a place."""
    return list(
        db.session.scalars(select(Calendar).where(Calendar.place_id == place.id).order_by(by_name(Calendar.name)))
    )


def _write(place: Place, year: int, holidays: Iterable[Holiday], *, source: str | None, at: datetime) -> PlaceYear:
    calendars = [(each, to_value(each)) for each in calendars_of(place)]
    found = place.year(year)
    if found is None:
        found = PlaceYear(place_id=place.id, year=year, source="", version=1)
        place.years.append(found)
    before = {each.day: each.name for each in found.holidays}
    found.holidays.clear()
    db.session.flush()
    found.holidays.extend(
        PlaceHoliday(place_id=place.id, day=each.day, year=year, scope=each.scope, name=each.name.strip())
        for each in sorted(holidays, key=lambda each: each.day)
    )
    found.source = found.source if source is None else source
    found.version += 1
    db.session.flush()
    _emit_changes(place, year, before, {each.day: each.name for each in found.holidays}, calendars, at=at)
    return found


def _emit_changes(
    place: Place,
    year: int,
    before: Mapping[date, str],
    after: Mapping[date, str],
    calendars: Iterable[tuple[Calendar, WorkingCalendar]],
    *,
    at: datetime,
) -> None:
    if before == after:
        return
    event = PlaceChanged(
        name=place.name,
        year=year,
        added={day.isoformat(): after[day] for day in sorted(after) if before.get(day) != after[day]},
        removed={day.isoformat(): before[day] for day in sorted(before) if day not in after},
    )
    emit(event, place.id, client_id=None, at=at)
    for calendar, value in calendars:
        revise(calendar, before=value, at=at)


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(fields={"year": ["out_of_range"]})


def _seed(country: str, region: str, year: int) -> list[Holiday]:
    """National days are those of the whole country; the rest are the region's."""
    national = _known(country, None, year, field="country")
    known = _known(country, region, year, field="region") if region else national
    return [Holiday(day, name, "national" if day in national else "regional") for day, name in known.items()]


def _known(country: str, region: str | None, year: int, *, field: str) -> dict[date, str]:
    try:
        return seed_holidays(country, region, year, locale="es" if country == "ES" else "en")
    except ValueError as unknown:
        raise Invalid(fields={field: ["unknown"]}) from unknown

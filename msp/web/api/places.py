"""Places and their public holidays: a table for each year, filled once, looked over, edited, frozen."""

from typing import Any
from uuid import UUID

from msp.calendars import places as verbs
from msp.calendars.place_models import Place
from msp.calendars.places import Holiday, access_place, places_page
from msp.kernel import clock
from msp.kernel.errors import NotFound
from msp.web.api.access import require
from msp.web.api.calendar_shapes import PlaceIn, PlaceOut, PlaceYearIn, PlaceYearOut
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("places", tag="Calendars")


@blueprint.get("/places")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(PlaceOut, "Place"))
def list_places(query_data: dict[str, Any]) -> Answer:
    """Every place with its years (staff)."""
    require("desk")
    limit = query_data["limit"]
    rows = places_page(after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page(rows, limit=limit, key=lambda each: each.id)


@blueprint.post("/places")
@blueprint.input(PlaceIn)
@blueprint.output(PlaceOut, status_code=201)
def create_place(json_data: dict[str, Any]) -> Answer:
    """Add a place and load national and regional holidays of the current year (administrators)."""
    require("administer")
    at = clock.now()
    place = verbs.add_place(**json_data, at=at)
    verbs.seed_year(place, at.year, at=at)
    return settled(place)


@blueprint.get("/places/<uuid:place_id>")
@blueprint.output(PlaceOut)
def read_place(place_id: UUID) -> Answer:
    """One place with its years (staff)."""
    require("desk")
    return access_place(place_id)


@blueprint.put("/places/<uuid:place_id>/years/<int:year>")
@blueprint.input(PlaceYearIn)
@blueprint.output(PlaceYearOut)
def write_year(place_id: UUID, year: int, json_data: dict[str, Any]) -> Answer:
    """Replace the holidays of a year, confirmed or not (administrators)."""
    place = _writable(place_id, year)
    days = [Holiday(each["day"], each["name"], each["scope"]) for each in json_data["holidays"]]
    return settled(verbs.edit_year(place, year, days, at=clock.now()))


@blueprint.post("/places/<uuid:place_id>/years/<int:year>/seed")
@blueprint.output(PlaceYearOut)
def seed_year(place_id: UUID, year: int) -> Answer:
    """Load national and regional holidays; refused if the year is confirmed (administrators)."""
    return settled(verbs.seed_year(_writable(place_id, year), year, at=clock.now()))


@blueprint.post("/places/<uuid:place_id>/years/<int:year>/freeze")
@blueprint.output(PlaceYearOut)
def freeze_year(place_id: UUID, year: int) -> Answer:
    """Confirm a year: updates do not change it any more (administrators)."""
    place = _writable(place_id, year)
    verbs.freeze_year(place, year, at=clock.now())
    return place.year(year)


def _writable(place_id: UUID, year: int) -> Place:
    require("administer")
    if not verbs.FIRST_YEAR <= year <= verbs.LAST_YEAR:
        raise NotFound("year")
    return access_place(place_id, lock=True)

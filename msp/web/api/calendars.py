"""Working calendars: weekly windows, several a day; the holidays of a place; exceptions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import fields, pre_load, validate

from msp.calendars.actions import add_calendar
from msp.calendars.holidays import seed_holidays
from msp.calendars.models import Calendar
from msp.calendars.queries import calendars_page
from msp.calendars.working_calendar import MINUTES_A_DAY, WEEKDAYS, parse_window
from msp.kernel import clock
from msp.kernel.errors import Invalid
from msp.web.api.access import caller, require
from msp.web.api.fields import Instant, Schema, Shown, Text, Whole
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("calendars", tag="Calendars")

Minutes = tuple[int, int]
WINDOW = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 2,
    "maxItems": 2,
    "example": ["09:00", "14:00"],
    "description": "Local wall time from and to; 24:00 is midnight, an end before the start lies on the next day",
}


class Window(fields.Field[Minutes]):
    """A window as ["09:00", "14:00"], in minutes inside."""

    default_error_messages = {"invalid": "invalid"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata=WINDOW, **kwargs)

    def _serialize(self, value: Minutes | None, attr: str | None, obj: Any, **_: Any) -> list[str] | None:
        return None if value is None else [_wall(value[0]), _wall(value[1])]

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Minutes:
        if not isinstance(value, str | list) or not all(isinstance(each, str) for each in value):
            raise self.make_error("invalid")
        try:
            start, end = parse_window(value)
        except ValueError as wrong:
            raise self.make_error("invalid") from wrong
        if start in (end, MINUTES_A_DAY):
            raise self.make_error("invalid")
        return start, end if end > start else end + MINUTES_A_DAY


class Weekly(Schema):
    """The windows of each weekday; a day without any is closed."""

    mon = fields.List(Window(), load_default=list)
    tue = fields.List(Window(), load_default=list)
    wed = fields.List(Window(), load_default=list)
    thu = fields.List(Window(), load_default=list)
    fri = fields.List(Window(), load_default=list)
    sat = fields.List(Window(), load_default=list)
    sun = fields.List(Window(), load_default=list)


class HolidaySet(Schema):
    """A place whose public holidays the calendar starts with; this year's and the next where none are named."""

    country = Text(longest=2, blank=False, required=True, metadata={"description": "ISO 3166-1", "example": "ES"})
    region = Text(longest=6, allow_none=True, metadata={"description": "ISO 3166-2", "example": "MD"})
    years = fields.List(Whole(least=2000, most=2100), validate=validate.Length(max=20, error="too_long"))

    @pre_load
    def split(self, data: Any, **_: Any) -> Any:
        """Also as one code, such as ES-MD."""
        if not isinstance(data, str):
            return data
        country, _dash, region = data.partition("-")
        return {"country": country} | ({"region": region} if region else {})


class Holiday(Schema):
    """A closed day."""

    day = fields.Date(required=True)
    name = Text(longest=200, load_default="")


class CalendarException(Schema):
    """A day with its own windows, which beat the week and the holidays; without windows it is closed."""

    day = fields.Date(required=True)
    windows = fields.List(Window(), load_default=list)


class CalendarIn(Schema):
    """A new calendar; without a name it is called like its zone."""

    name = Text(longest=200, blank=False)
    timezone = Text(longest=64, blank=False, required=True, metadata={"example": "Europe/Madrid"})
    weekly = fields.Nested(Weekly, required=True)
    holiday_set = fields.Nested(HolidaySet, allow_none=True)
    holidays = fields.List(fields.Nested(Holiday), load_default=list)
    exceptions = fields.List(fields.Nested(CalendarException), load_default=list)


class CalendarOut(Shown):
    """A working calendar."""

    id = fields.UUID()
    name = fields.String()
    timezone = fields.String()
    weekly = fields.Nested(Weekly)
    holiday_set = fields.Nested(HolidaySet, allow_none=True)
    holidays = fields.List(fields.Nested(Holiday))
    exceptions = fields.List(fields.Nested(CalendarException))
    version = fields.Integer()
    created_at = Instant()


@blueprint.get("/calendars")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(CalendarOut, "Calendar"))
def list_calendars(query_data: dict[str, Any]) -> Answer:
    """Every calendar (staff)."""
    require("desk")
    limit = query_data["limit"]
    rows = calendars_page(after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page([shown(row) for row in rows], limit=limit, key=lambda each: each["id"])


@blueprint.post("/calendars")
@blueprint.input(CalendarIn)
@blueprint.output(CalendarOut, status_code=201)
def create_calendar(json_data: dict[str, Any]) -> Answer:
    """Add a calendar (administrators). Holidays of `holiday_set` are written down now; those named here beat them."""
    require("administer")
    at = clock.now()
    place = json_data.get("holiday_set")
    named = {each["day"]: each["name"] for each in json_data["holidays"]}
    calendar = add_calendar(
        name=json_data.get("name") or json_data["timezone"],
        timezone=json_data["timezone"],
        weekly={WEEKDAYS.index(day): windows for day, windows in json_data["weekly"].items()},
        holidays=(_seed(place, at) if place else {}) | named,
        exceptions={each["day"]: each["windows"] for each in json_data["exceptions"]},
        holiday_set=place,
        at=at,
    )
    return shown(settled(calendar))


def shown(calendar: Calendar) -> dict[str, Any]:
    """A calendar as the API shows it."""
    weekly: dict[str, list[Minutes]] = {day: [] for day in WEEKDAYS}
    for window in sorted(calendar.windows, key=lambda each: (each.weekday, each.start_minute)):
        weekly[WEEKDAYS[window.weekday]].append((window.start_minute, window.end_minute))
    return {
        "id": calendar.id,
        "name": calendar.name,
        "timezone": calendar.timezone,
        "weekly": weekly,
        "holiday_set": calendar.holiday_set or None,
        "holidays": sorted(calendar.holidays, key=lambda each: each.day),
        "exceptions": [
            {"day": each.day, "windows": [(window["start"], window["end"]) for window in each.windows]}
            for each in sorted(calendar.exceptions, key=lambda each: each.day)
        ],
        "version": calendar.version,
        "created_at": calendar.created_at,
    }


def _seed(place: dict[str, Any], at: datetime) -> dict[date, str]:
    place.setdefault("region", None)
    place.setdefault("years", [at.year, at.year + 1])
    days: dict[date, str] = {}
    for year in place["years"]:
        try:
            days |= seed_holidays(place["country"], place["region"], year, locale=caller().locale)
        except ValueError as unknown:
            raise Invalid(fields={"holiday_set": ["unknown"]}) from unknown
    return days


def _wall(minute: int) -> str:
    minute = minute if minute <= MINUTES_A_DAY else minute - MINUTES_A_DAY
    return f"{minute // 60:02}:{minute % 60:02}"

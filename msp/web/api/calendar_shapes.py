"""How calendars and places look in the API."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, pre_load, validate

from msp.calendars.gaps import missing_years
from msp.calendars.models import Calendar
from msp.calendars.place_models import SCOPES
from msp.calendars.queries import to_value
from msp.calendars.working_calendar import MINUTES_A_DAY, WEEKDAYS, parse_window, to_end_of_day
from msp.kernel import clock
from msp.web.api.fields import Instant, Schema, Shown, TextField, Whole, one_of

Minutes = tuple[int, int]
OWN = "own"
WINDOW = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 2,
    "maxItems": 2,
    "example": ["09:00", "14:00"],
    "description": "Start and end in local time; 24:00 is midnight, and so is an end at 23:59. An end before the start"
    " is on the next day",
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
        return to_end_of_day((start, end if end > start else end + MINUTES_A_DAY))


class Weekly(Schema):
    """Business hours of each weekday; a day without any is closed."""

    mon = fields.List(Window(), load_default=list)
    tue = fields.List(Window(), load_default=list)
    wed = fields.List(Window(), load_default=list)
    thu = fields.List(Window(), load_default=list)
    fri = fields.List(Window(), load_default=list)
    sat = fields.List(Window(), load_default=list)
    sun = fields.List(Window(), load_default=list)


class TimetableShape(Schema):
    """Weekly hours from a date until the next timetable."""

    from_day = fields.Date(required=True)
    name = TextField(longest=120, load_default="", metadata={"example": "Jornada de verano"})
    weekly = fields.Nested(Weekly, required=True)


class HolidaySet(Schema):
    """A place by its codes; a missing place is created, and missing years are loaded."""

    country = TextField(longest=2, blank=False, required=True, metadata={"description": "ISO 3166-1", "example": "ES"})
    region = TextField(longest=6, allow_none=True, metadata={"description": "ISO 3166-2", "example": "MD"})
    municipality = TextField(longest=120, metadata={"description": "Municipality or island", "example": "Getafe"})
    years = fields.List(Whole(least=2000, most=2100), validate=validate.Length(max=20, error="too_long"))

    @pre_load
    def split(self, data: Any, **_: Any) -> Any:
        """Also as one code, such as ES-MD."""
        if not isinstance(data, str):
            return data
        country, _dash, region = data.partition("-")
        return {"country": country} | ({"region": region} if region else {})


class HolidayPlaceOut(Shown):
    """The codes of a calendar's place; see the place for details."""

    country = fields.String()
    region = fields.String(allow_none=True)
    years = fields.List(fields.Integer())


class OwnHoliday(Schema):
    """An additional closed day of a calendar."""

    day = fields.Date(required=True)
    name = TextField(longest=200, load_default="")


class CalendarExceptionShape(Schema):
    """A day with its own hours, which replace the week and the holidays; without hours it is closed."""

    day = fields.Date(required=True)
    windows = fields.List(Window(), load_default=list)
    name = TextField(longest=120, load_default="")


class CalendarChange(Schema):
    """Changes to a calendar; a list replaces the whole list."""

    name = TextField(longest=200, blank=False)
    timezone = TextField(longest=64, blank=False, metadata={"example": "Europe/Madrid"})
    weekly = fields.Nested(Weekly, metadata={"description": "Weekly hours until the first timetable starts"})
    timetables = fields.List(fields.Nested(TimetableShape), validate=validate.Length(max=200, error="too_long"))
    place_id = fields.UUID(allow_none=True, metadata={"description": "The place whose public holidays are closed days"})
    holiday_set = fields.Nested(
        HolidaySet, allow_none=True, metadata={"description": "Alternative to `place_id`: the place by its codes"}
    )
    keeps_holidays = fields.Boolean(
        truthy={True},
        falsy={False},
        metadata={"description": "false: public holidays are working days, without a warning"},
    )
    holidays = fields.List(
        fields.Nested(OwnHoliday), metadata={"description": "Additional closed days of this calendar"}
    )
    exceptions = fields.List(fields.Nested(CalendarExceptionShape))


class CalendarIn(CalendarChange):
    """A new calendar; the default name is its time zone."""

    timezone = TextField(longest=64, blank=False, required=True, metadata={"example": "Europe/Madrid"})
    weekly = fields.Nested(
        Weekly, required=True, metadata={"description": "Weekly hours until the first timetable starts"}
    )


class HolidayOut(Shown):
    """A day on which the calendar is closed."""

    day = fields.Date()
    name = fields.String()
    scope = fields.String(metadata={"description": f"Who declares it: {', '.join(SCOPES)}; or {OWN}"})


class CalendarOut(Shown):
    """A calendar of business hours."""

    id = fields.UUID()
    name = fields.String()
    timezone = fields.String()
    weekly = fields.Nested(Weekly)
    timetables = fields.List(fields.Nested(TimetableShape))
    place_id = fields.UUID(allow_none=True)
    holiday_set = fields.Nested(HolidayPlaceOut, allow_none=True)
    keeps_holidays = fields.Boolean()
    holidays = fields.List(
        fields.Nested(HolidayOut), metadata={"description": "Holidays of the place and additional closed days"}
    )
    missing_years = fields.List(
        fields.Integer(), metadata={"description": "This year and the next, where holidays are not confirmed"}
    )
    exceptions = fields.List(fields.Nested(CalendarExceptionShape))
    version = fields.Integer()
    created_at = Instant()


class PlaceHolidayShape(Schema):
    """A public holiday of a place."""

    day = fields.Date(required=True)
    name = TextField(longest=120, blank=False, required=True)
    scope = one_of(SCOPES, load_default="municipal", metadata={"description": "Who declares it"})


class PlaceYearIn(Schema):
    """All holidays of a year."""

    holidays = fields.List(
        fields.Nested(PlaceHolidayShape), required=True, validate=validate.Length(max=100, error="too_long")
    )


class PlaceYearOut(Shown):
    """The holidays of a place in one year."""

    year = fields.Integer()
    frozen_at = Instant(
        allow_none=True, metadata={"description": "When the year was confirmed; updates do not change it any more"}
    )
    source = fields.String(metadata={"description": "Source of the holidays; empty if entered manually"})
    version = fields.Integer()
    holidays = fields.List(fields.Nested(PlaceHolidayShape))


class PlaceIn(Schema):
    """A new place; the holidays of the current year are loaded."""

    name = TextField(longest=120, blank=False, required=True, metadata={"example": "Getafe"})
    country = TextField(longest=2, blank=False, required=True, metadata={"description": "ISO 3166-1", "example": "ES"})
    region = TextField(longest=9, load_default="", metadata={"description": "ISO 3166-2", "example": "MD"})
    municipality = TextField(longest=120, load_default="", metadata={"description": "Municipality or island"})


class PlaceOut(Shown):
    """A place with the holidays of its years."""

    id = fields.UUID()
    name = fields.String()
    country = fields.String()
    region = fields.String()
    municipality = fields.String()
    years = fields.List(fields.Nested(PlaceYearOut))
    created_at = Instant()


def shown(calendar: Calendar) -> dict[str, Any]:
    """A calendar as the API shows it."""
    calendar_value = to_value(calendar)
    return {
        "id": calendar.id,
        "name": calendar.name,
        "timezone": calendar.timezone,
        "weekly": _week(calendar_value.weekly),
        "timetables": [
            {"from_day": day, "name": each.name, "weekly": _week(each.weekly)}
            for day, each in calendar_value.timetables.items()
        ],
        "place_id": calendar.place_id,
        "holiday_set": _codes(calendar),
        "keeps_holidays": calendar.keeps_holidays,
        "holidays": _holidays(calendar),
        "missing_years": missing_years(calendar, on=clock.now().date()),
        "exceptions": [
            {
                "day": each.day,
                "windows": [(window["start"], window["end"]) for window in each.windows],
                "name": each.name or "",
            }
            for each in sorted(calendar.exceptions, key=lambda each: each.day)
        ],
        "version": calendar.version,
        "created_at": calendar.created_at,
    }


def _week(weekly: Mapping[int, tuple[Minutes, ...]]) -> dict[str, list[Minutes]]:
    return {name: list(weekly.get(i, ())) for i, name in enumerate(WEEKDAYS)}


def _codes(calendar: Calendar) -> dict[str, Any] | None:
    named, place = calendar.holiday_set, calendar.place
    if "country" in named:
        return {"region": None, "years": []} | named
    if place is None:
        return None
    return {"country": place.country, "region": place.region or None, "years": [each.year for each in place.years]}


def _holidays(calendar: Calendar) -> list[dict[str, Any]]:
    own = {each.day: {"day": each.day, "name": each.name, "scope": OWN} for each in calendar.holidays}
    years = calendar.place.years if calendar.place else ()
    public = {
        each.day: {"day": each.day, "name": each.name, "scope": each.scope} for year in years for each in year.holidays
    }
    return [day for _, day in sorted((public | own).items())]


def _wall(minute: int) -> str:
    minute = minute if minute <= MINUTES_A_DAY else minute - MINUTES_A_DAY
    return f"{minute // 60:02}:{minute % 60:02}"

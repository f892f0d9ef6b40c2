"""Working calendars: a week, dated timetables, the holidays of a place, exceptions; and when what would be due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.calendars.actions import add_calendar, edit_calendar
from msp.calendars.business_time import deadline, explain
from msp.calendars.place_models import Place
from msp.calendars.places import access_place, place_for
from msp.calendars.queries import access_calendar, calendars_page, to_value
from msp.calendars.working_calendar import WEEKDAYS, Timetable
from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.sla.explanation import Explanation
from msp.web.api.access import require
from msp.web.api.calendar_shapes import CalendarChange, CalendarIn, CalendarOut, shown
from msp.web.api.fields import Instant, Schema, Shown, WholeInQuery
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.web.api.ticket_shapes import ExplanationOut, explanation_out

blueprint = resource("calendars", tag="Calendars")


class DeadlineQuery(Schema):
    """A start and an SLA target in business minutes."""

    start = Instant(required=True, metadata={"description": "RFC 3339", "example": "2026-11-23T09:00:00Z"})
    minutes = WholeInQuery(least=0, most=129_600, required=True, metadata={"description": "Business minutes"})


class DeadlineOut(Shown):
    """The due date and how it is calculated."""

    due_at = Instant(
        allow_none=True,
        metadata={"description": "null: the calendar does not have that many business hours in ten years"},
    )
    explanation = fields.Nested(ExplanationOut)


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
    """Add a calendar (administrators).

    A place that `holiday_set` names is made where there is none; days named in `holidays` beat those of the place.
    """
    require("administer")
    at = clock.now()
    calendar = add_calendar(
        name=json_data.get("name") or json_data["timezone"],
        timezone=json_data["timezone"],
        weekly=_week(json_data["weekly"]),
        timetables=_timetables(json_data.get("timetables", [])),
        place=_place(json_data, at),
        keeps_holidays=json_data.get("keeps_holidays", True),
        holidays={each["day"]: each["name"] for each in json_data.get("holidays", [])},
        exceptions={each["day"]: each["windows"] for each in json_data.get("exceptions", [])},
        exception_names=_names(json_data.get("exceptions", [])),
        holiday_set=json_data.get("holiday_set"),
        at=at,
    )
    return shown(settled(calendar))


@blueprint.get("/calendars/<uuid:calendar_id>")
@blueprint.output(CalendarOut)
def read_calendar(calendar_id: UUID) -> Answer:
    """One calendar (staff)."""
    require("desk")
    return shown(access_calendar(calendar_id))


@blueprint.patch("/calendars/<uuid:calendar_id>")
@blueprint.input(CalendarChange)
@blueprint.output(CalendarOut)
def change_calendar(calendar_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change a calendar (administrators): its next version. Open deadlines follow, those of finished tickets stay."""
    require("administer")
    at, calendar = clock.now(), access_calendar(calendar_id, lock=True)
    value = to_value(calendar)
    exceptions = json_data.get("exceptions")
    own = {each.day: each.name for each in calendar.holidays}
    names_place = "place_id" in json_data or "holiday_set" in json_data
    edit_calendar(
        calendar,
        name=json_data.get("name", calendar.name),
        timezone=json_data.get("timezone", calendar.timezone),
        weekly=_week(json_data["weekly"]) if "weekly" in json_data else value.weekly,
        timetables=_timetables(json_data["timetables"]) if "timetables" in json_data else None,
        place=_place(json_data, at) if names_place else calendar.place,
        keeps_holidays=json_data.get("keeps_holidays", calendar.keeps_holidays),
        holidays={each["day"]: each["name"] for each in json_data["holidays"]} if "holidays" in json_data else own,
        exceptions=value.overrides if exceptions is None else {each["day"]: each["windows"] for each in exceptions},
        exception_names=value.override_names if exceptions is None else _names(exceptions),
        holiday_set=(json_data.get("holiday_set") or {}) if names_place else None,
        at=at,
    )
    return shown(settled(calendar))


@blueprint.get("/calendars/<uuid:calendar_id>/deadline")
@blueprint.input(DeadlineQuery, **QUERY)
@blueprint.output(DeadlineOut)
def read_deadline(calendar_id: UUID, query_data: dict[str, Any]) -> Answer:
    """When something that starts now and has so many business minutes would be due, and why (staff)."""
    require("desk")
    value = to_value(access_calendar(calendar_id))
    start, budget = query_data["start"], timedelta(minutes=query_data["minutes"])
    steps = explain(value, start, budget)
    return {
        "due_at": deadline(value, start, budget),
        "explanation": explanation_out(Explanation("", budget, value.timezone, steps, start)),
    }


def _week(weekly: Mapping[str, Any]) -> dict[int, Any]:
    return {WEEKDAYS.index(day): tuple(windows) for day, windows in weekly.items()}


def _timetables(given: list[dict[str, Any]]) -> dict[Any, Timetable]:
    timetables = {each["from_day"]: Timetable(_week(each["weekly"]), each["name"]) for each in given}
    if len(timetables) < len(given):
        raise Invalid(fields={"timetables": ["duplicate"]})
    return timetables


def _names(exceptions: list[dict[str, Any]]) -> dict[Any, str]:
    return {each["day"]: each["name"] for each in exceptions if each.get("name")}


def _place(given: Mapping[str, Any], at: datetime) -> Place | None:
    if given.get("place_id"):
        try:
            return access_place(given["place_id"])
        except NotFound as unknown:
            raise Invalid(fields={"place_id": ["unknown"]}) from unknown
    wanted: dict[str, Any] | None = given.get("holiday_set")
    if not wanted:
        return None
    wanted.setdefault("region", None)
    wanted.setdefault("years", [at.year, at.year + 1])
    try:
        return place_for(
            country=wanted["country"],
            region=wanted["region"] or "",
            municipality=wanted.get("municipality", ""),
            years=wanted["years"],
            at=at,
        )
    except Invalid as unknown:
        raise Invalid(fields={"holiday_set": ["unknown"]}) from unknown

"""Administration of business hours: week, place of public holidays, own days off, exceptions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.calendars.actions import add_calendar, edit_calendar
from msp.calendars.models import Calendar
from msp.calendars.place_models import Place
from msp.calendars.places import access_place, all_places
from msp.calendars.queries import access_calendar, all_calendars, to_value
from msp.kernel import clock, timezones
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid, NotFound
from msp.web.admin import calendar_page as page
from msp.web.admin import list_queries
from msp.web.admin.calendar_text import (
    by_day,
    exceptions_of,
    exceptions_text,
    holidays_of,
    holidays_text,
    read_week,
    text_of,
)
from msp.web.admin.forms import Form, identity, refuse_restricted
from msp.web.guards import Answer, is_first_time, needs
from msp.web.shell import shell
from msp.words import formats
from msp.words.refusals import field_messages

USUAL_DAY = "9:00-14:00, 16:00-19:00"
NONE = "none"  # no public holidays at all


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/calendars", "calendars", guard(calendars))
    blueprint.add_url_rule("/calendars/new", "new_calendar", guard(new_calendar))
    blueprint.add_url_rule("/calendars/new", "create_calendar", guard(create_calendar), methods=["POST"])
    blueprint.add_url_rule("/calendars/<uuid:calendar_id>", "calendar", guard(calendar))
    blueprint.add_url_rule("/calendars/<uuid:calendar_id>", "save_calendar", guard(save_calendar), methods=["POST"])


def calendars() -> str:
    """All calendars with a summary of the current week, and a warning where holidays are missing."""
    today = formats.today()
    used, in_use = list_queries.contracts_by_calendar(), list_queries.calendars_in_use(on=today)
    return render_template(
        "admin/calendars.html",
        shell=shell(current="admin.calendars"),
        rows=[_row(each, used.get(each.id, 0), is_in_use=each.id in in_use) for each in all_calendars()],
        new_url=url_for("admin.new_calendar"),
        places_url=url_for("admin.places"),
    )


def _row(found: Calendar, used_by: int, *, is_in_use: bool) -> Json:
    value, today = to_value(found), page.today_in(found)
    return {
        "calendar": found,
        "url": url_for("admin.calendar", calendar_id=found.id),
        "week": page.week_words(page.week_on(value, today)),
        "place": found.place.name if found.place else "",
        "holidays": sum(1 for day in value.holiday_names if day.year >= today.year),
        "missing": page.warning(found, today=today) if is_in_use else "",
        "used_by": used_by,
    }


def new_calendar() -> str:
    """A form prefilled with the usual split shift, without a place."""
    refuse_restricted()
    days = {i: USUAL_DAY if i < 5 else "" for i in range(7)}
    values = {"timezone": "Europe/Madrid", "days": days, "place": ""}
    return _form(None, values, {})


def create_calendar() -> Answer:
    """Add a calendar."""
    refuse_restricted()
    form = Form(request.form)
    value = _read(form)
    if not form.errors and not is_first_time():
        return redirect(url_for("admin.calendars"), 303)
    try:
        _refuse(form)
        added = add_calendar(at=clock.now(), **value)
    except Invalid as wrong:
        return _form(None, _posted(form), form.errors | by_day(wrong)), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.calendar", calendar_id=added.id), 303)


def calendar(calendar_id: UUID) -> str:
    """One calendar: weeks, next exceptions, preview of due dates, change history, form."""
    found = access_calendar(calendar_id)
    return _form(found, _values(found), {})


def save_calendar(calendar_id: UUID) -> Answer:
    """Save a calendar; refused if it was changed since the form was loaded."""
    refuse_restricted()
    found, form = access_calendar(calendar_id, lock=True), Form(request.form)
    if form.text("version") not in ("", str(found.version)):
        flash(gettext("Edited by someone else. These are the current values."), "amber")
        return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)
    value = _read(form)
    try:
        _refuse(form)
        edit_calendar(found, at=clock.now(), **value)
    except Invalid as wrong:
        return _form(found, _posted(form), form.errors | by_day(wrong)), 422
    db.session.flush()
    flash(gettext("Saved. Open SLA targets are recalculated."), "green")
    return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)


def _refuse(form: Form) -> None:
    if form.errors:
        raise Invalid(fields=form.errors)


def _read(form: Form) -> Json:
    """The form's values as arguments of the domain functions; invalid fields are added to the form's errors."""
    weekly = read_week(form)
    exceptions = _parsed(form, "exceptions", exceptions_of, "line_shape") or {}
    place = form.read("place", _place) if form.text("place") != NONE else None
    return {
        "name": form.text("name"),
        "timezone": form.text("timezone"),
        "weekly": weekly,
        "holidays": _parsed(form, "holidays", holidays_of, "line_shape") or {},
        "exceptions": {day: windows for day, (windows, _) in exceptions.items()},
        "exception_names": {day: name for day, (_, name) in exceptions.items() if name},
        "place": place,
        "keeps_holidays": form.text("place") != NONE,
    }


def _place(text: str) -> Place:
    try:
        return access_place(identity(text))
    except NotFound as unknown:
        raise ValueError(text) from unknown


def _parsed(form: Form, name: str, reader: Any, code: str) -> Any:
    try:
        return reader(form.text(name))
    except ValueError:
        form.fault(name, code)
        return None


def _values(found: Calendar) -> Json:
    weekly = to_value(found).weekly
    exceptions = [(each.day, [(w["start"], w["end"]) for w in each.windows], each.name) for each in found.exceptions]
    return {
        "name": found.name,
        "timezone": found.timezone,
        "days": {i: text_of(weekly.get(i, ())) for i in range(7)},
        "holidays": holidays_text({each.day: each.name for each in found.holidays}),
        "exceptions": exceptions_text(exceptions),
        "place": found.place_id or ("" if found.keeps_holidays else NONE),
    }


def _posted(form: Form) -> Json:
    return form.posted.to_dict() | {"days": {i: form.text(f"day_{i}") for i in range(7)}}


def _form(found: Calendar | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "admin/calendar.html",
        shell=shell(current="admin.calendars"),
        calendar=found,
        values=values,
        errors=field_messages(errors),
        timezones=timezones.places(),
        places=[(each.id, each.name) for each in all_places()],
        none=NONE,
        action_url=url_for("admin.save_calendar", calendar_id=found.id) if found else url_for("admin.create_calendar"),
        preview_url=url_for("admin.calendar", calendar_id=found.id) if found else "",
        new_timetable_url=url_for("admin.new_timetable", calendar_id=found.id) if found else "",
        place_url=url_for("admin.place", place_id=found.place_id) if found and found.place_id else "",
        back_url=url_for("admin.calendars"),
        **(page.facts(found, request.args) if found else {}),
    )

"""Dated timetables of a calendar: a week that applies from a day on, such as summer hours."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.calendars.actions import remove_timetable, set_timetable
from msp.calendars.models import Calendar
from msp.calendars.queries import access_calendar, to_value
from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.web.admin.calendar_page import today_in, week_on
from msp.web.admin.calendar_text import by_day, read_week, text_of
from msp.web.admin.forms import Form, day, refuse_restricted
from msp.web.guards import Answer, needs
from msp.web.shell import shell
from msp.words.refusals import field_messages


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    path = "/calendars/<uuid:calendar_id>/timetables"
    blueprint.add_url_rule(f"{path}/new", "new_timetable", guard(new_timetable))
    blueprint.add_url_rule(f"{path}/new", "create_timetable", guard(create_timetable), methods=["POST"])
    blueprint.add_url_rule(f"{path}/<from_day>", "timetable", guard(timetable))
    blueprint.add_url_rule(f"{path}/<from_day>", "save_timetable", guard(save_timetable), methods=["POST"])
    blueprint.add_url_rule(f"{path}/<from_day>/removal", "drop_timetable", guard(drop_timetable), methods=["POST"])


def new_timetable(calendar_id: UUID) -> str:
    """A form prefilled with the current week."""
    refuse_restricted()
    found = access_calendar(calendar_id)
    return _form(found, None, _days(week_on(to_value(found), today_in(found))), {})


def create_timetable(calendar_id: UUID) -> Answer:
    """Add a timetable; if it has a last day, the previous week applies again afterwards."""
    return _saved(calendar_id, None)


def timetable(calendar_id: UUID, from_day: str) -> str:
    """One timetable."""
    found = access_calendar(calendar_id)
    begins = _begins(found, from_day)
    one = to_value(found).timetables[begins]
    return _form(found, begins, _days(one.weekly) | {"name": one.name, "from_day": from_day}, {})


def save_timetable(calendar_id: UUID, from_day: str) -> Answer:
    """Save a timetable, including its first day."""
    return _saved(calendar_id, _begins(access_calendar(calendar_id), from_day))


def drop_timetable(calendar_id: UUID, from_day: str) -> Answer:
    """Delete a timetable; the previous one continues to apply."""
    refuse_restricted()
    found = access_calendar(calendar_id, lock=True)
    remove_timetable(found, _begins(found, from_day), at=clock.now())
    flash(gettext("Removed."), "green")
    return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)


def _saved(calendar_id: UUID, begins: date | None) -> Answer:
    refuse_restricted()
    found, form = access_calendar(calendar_id, lock=True), Form(request.form)
    weekly = read_week(form)
    from_day = form.read("from_day", day, is_required=True)
    until = form.read("until", day)
    try:
        if form.errors or from_day is None:
            raise Invalid(fields=form.errors)
        set_timetable(
            found,
            from_day=from_day,
            until=until,
            weekly=weekly,
            name=form.text("name")[:120],
            instead_of=begins,
            at=clock.now(),
        )
    except Invalid as wrong:
        posted = form.posted.to_dict() | {"days": {i: form.text(f"day_{i}") for i in range(7)}}
        return _form(found, begins, posted, form.errors | by_day(wrong)), 422
    flash(gettext("Saved. Open SLA targets are recalculated."), "green")
    return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)


def _begins(found: Calendar, from_day: str) -> date:
    begins = next((each.from_day for each in found.timetables if each.from_day.isoformat() == from_day), None)
    if begins is None:
        raise NotFound("timetable")
    return begins


def _days(weekly: Mapping[int, Sequence[tuple[int, int]]]) -> dict[str, Any]:
    return {"days": {i: text_of(weekly.get(i, ())) for i in range(7)}}


def _form(found: Calendar, begins: date | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    path: dict[str, Any] = {"calendar_id": found.id}
    if begins is not None:
        path["from_day"] = begins.isoformat()
    return render_template(
        "admin/timetable.html",
        shell=shell(current="admin.calendars"),
        calendar=found,
        is_new=begins is None,
        values=values,
        errors=field_messages(errors),
        action_url=url_for("admin.save_timetable" if begins else "admin.create_timetable", **path),
        remove_url=url_for("admin.drop_timetable", **path) if begins else None,
        back_url=url_for("admin.calendar", calendar_id=found.id),
    )

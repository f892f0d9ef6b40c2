"""Administration of on-call layers: people, shift length, start and hours."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock, timezones
from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.oncall.actions import LayerSettings, add_layer, can_be_on_call, change_layer, remove_layer
from msp.oncall.models import OnCallLayer
from msp.oncall.queries import access_layer
from msp.people.queries import staff
from msp.web.admin.calendar_text import text_of, windows_of
from msp.web.admin.forms import Form, day, identity, refuse_restricted, whole
from msp.web.confirm import confirmation, needs_confirmation
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import forget_on_call, shell
from msp.words import formats
from msp.words.refusals import field_messages

PLACES = 10  # people per layer


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/on-call/new", "new_layer", guard(new_layer))
    blueprint.add_url_rule("/on-call/new", "create_layer", guard(create_layer), methods=["POST"])
    blueprint.add_url_rule("/on-call/<uuid:layer_id>", "layer", guard(layer))
    blueprint.add_url_rule("/on-call/<uuid:layer_id>", "save_layer", guard(save_layer), methods=["POST"])
    blueprint.add_url_rule("/on-call/<uuid:layer_id>/remove", "remove_layer", guard(remove), methods=["POST"])


def new_layer() -> str:
    """An empty form: weekly shifts from next Monday at 8:00."""
    refuse_restricted()
    today = formats.today()
    monday = today + timedelta(days=7 - today.weekday())
    values = {
        "timezone": current_person().timezone, "first_day": monday.isoformat(), "every_days": "7", "handover": "08:00",
    }  # fmt: skip
    return _form(None, values, {})


def create_layer() -> Answer:
    """Create a layer; redisplays the form with errors if fields are refused."""
    refuse_restricted()
    form = Form(request.form)
    try:
        terms = _read(form)
        if is_first_time():
            add_layer(terms, at=clock.now())
    except Invalid as wrong:
        return _form(None, request.form.to_dict(), form.errors | wrong.fields), 422
    return _done(gettext("Added %(name)s to the on-call schedule.", name=terms.name))


def layer(layer_id: UUID) -> str:
    """The form with the stored values."""
    found = access_layer(layer_id)
    return _form(found, _values(found), {})


def save_layer(layer_id: UUID) -> Answer:
    """Save a layer."""
    refuse_restricted()
    found, form = access_layer(layer_id), Form(request.form)
    try:
        change_layer(found, _read(form), at=clock.now())
    except Invalid as wrong:
        return _form(found, request.form.to_dict(), form.errors | wrong.fields), 422
    return _done(gettext("Saved."))


def remove(layer_id: UUID) -> Answer:
    """Delete a layer of the on-call schedule."""
    refuse_restricted()
    found = access_layer(layer_id)
    if needs_confirmation():
        return confirmation(
            gettext("Delete %(name)s", name=found.name),
            gettext("The layer is deleted with all its shifts."),
            button=gettext("Remove"),
            back_url=url_for("admin.layer", layer_id=found.id),
        )
    remove_layer(found, at=clock.now())
    return _done(gettext("Removed %(name)s from the on-call schedule.", name=found.name))


def _done(words: str) -> Response:
    forget_on_call()
    flash(words, "green")
    return redirect(url_for("desk.oncall"), 303)


def _read(form: Form) -> LayerSettings:
    handover = form.read("handover", time.fromisoformat, is_required=True) or time()
    named = [form.read(f"person_{place}", identity) for place in range(PLACES)]
    terms = LayerSettings(
        name=form.text("name"),
        timezone=form.text("timezone"),
        first_day=form.read("first_day", day, is_required=True) or date.min,
        every_days=form.read("every_days", whole, is_required=True) or 0,
        handover=handover.hour * 60 + handover.minute,
        people=[person_id for person_id in named if person_id is not None],
        windows={weekday: form.read(f"day_{weekday}", windows_of) or () for weekday in range(7)},
    )
    if form.errors:
        raise Invalid(fields=form.errors)
    return terms


def _values(found: OnCallLayer) -> Json:
    values: Json = {
        "name": found.name,
        "timezone": found.timezone,
        "first_day": found.first_day.isoformat(),
        "every_days": str(found.every_days),
        "handover": f"{found.handover_minute // 60:02}:{found.handover_minute % 60:02}",
    }
    values |= {f"person_{member.position}": str(member.person_id) for member in found.members}
    hours = {weekday: found.windows.get(str(weekday), []) for weekday in range(7)}
    return values | {f"day_{weekday}": text_of([(a, b) for a, b in spans]) for weekday, spans in hours.items()}


def _form(found: OnCallLayer | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "admin/layer_form.html",
        shell=shell(current="desk.oncall"),
        layer=found,
        values=values,
        errors=field_messages(errors),
        people=[(each.id, each.name) for each in staff() if can_be_on_call(each)],
        places=range(PLACES),
        timezones=timezones.places(),
        action_url=url_for("admin.save_layer", layer_id=found.id) if found else url_for("admin.create_layer"),
        remove_url=url_for("admin.remove_layer", layer_id=found.id) if found else None,
        back_url=url_for("desk.oncall"),
    )

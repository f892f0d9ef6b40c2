"""The on-call page: who is on call now and next, a two-week strip, swaps and absences."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Invalid, NotFound
from msp.notify.channels import media_to
from msp.oncall import actions, queries
from msp.oncall.models import OnCallAbsence, OnCallSwap
from msp.oncall.rota import Layer, Rota, Shift, gaps
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import access_person, staff
from msp.web.desk.oncall_strip import DAYS, Cell, first_day, strip
from msp.web.guards import is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.sharing import refuse_restricted
from msp.web.shell import MenuEntry, add_menu, forget_on_call, shell

LOOK_AHEAD = timedelta(days=DAYS)
Value = TypeVar("Value")


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/on-call", "oncall", needs("desk")(page))
    changing = needs("work_tickets")
    rules = (
        ("/on-call/<uuid:layer_id>/swaps", "swap_oncall", swap),
        ("/on-call/swaps/<uuid:swap_id>/cancel", "cancel_oncall_swap", cancel_swap),
        ("/on-call/absences", "note_absence", note_absence),
        ("/on-call/absences/<uuid:absence_id>/cancel", "cancel_absence", cancel_absence),
    )
    for rule, endpoint, view in rules:
        blueprint.add_url_rule(rule, endpoint, changing(view), methods=["POST"])


def page() -> str:
    """The whole page; gaps in the next two weeks are shown at the top."""
    at = clock.now()
    rota, person = queries.rota(at), current_person()
    people = {each.id: each for each in staff()}
    return render_template(
        "desk/oncall.html",
        shell=shell(current="desk.oncall"),
        duties=_duties(at, rota.layers),
        gaps=[_gap(gap, rota.layers) for gap in gaps(rota, at, at + LOOK_AHEAD)],
        days=_days(rota, at),
        rows=_rows(rota, at, people),
        candidates=[each for each in people.values() if actions.can_be_on_call(each)],
        absent_candidates=[each for each in people.values() if _may_be_noted(each)],
        me=person,
        absences=[_absence(each) for each in queries.absences_from(at)],
        may_change=may(person, "work_tickets") and not person.is_restricted,
        new_layer_url=url_for("admin.new_layer") if _administers(person) else None,
        today=_here(at).date(),
    )


def swap(layer_id: UUID) -> Response:
    """Assign a stretch to the selected person."""
    refuse_restricted()
    if is_first_time():
        layer, at = queries.access_layer(layer_id), clock.now()
        person = access_person(_id("person_id"))
        actions.swap(layer, person, start=max(_instant("start"), at), end=_instant("end"), at=at, by=current_person())
        _tell(gettext("%(name)s covers the shift.", name=person.name))
    return _back()


def cancel_swap(swap_id: UUID) -> Response:
    """Cancel a swap: the scheduled person is on call again."""
    refuse_restricted()
    actions.cancel_swap(queries.access_swap(swap_id), at=clock.now(), by=current_person())
    _tell(gettext("Swap cancelled."))
    return _back()


def note_absence() -> Response:
    """Add an absence of whole days in the absent person's zone; the next in line covers."""
    refuse_restricted()
    if is_first_time():
        person = access_person(_id("person_id"))
        first, last = _day("first_day"), _day("last_day")
        zone = ZoneInfo(person.timezone)
        start, end = _midnight(first, zone), _midnight(last, zone, days_later=1)
        note = request.form.get("note", "")
        actions.note_absence(person, start=start, end=end, note=note, at=clock.now(), by=current_person())
        _tell(gettext("Absence added: the next person covers for %(name)s.", name=person.name))
    return _back()


def cancel_absence(absence_id: UUID) -> Response:
    """Cancel an absence."""
    refuse_restricted()
    actions.cancel_absence(queries.access_absence(absence_id), at=clock.now(), by=current_person())
    _tell(gettext("Absence cancelled."))
    return _back()


def _tell(sentence: str) -> None:
    """Confirm the change, and refresh who is on call for everybody."""
    forget_on_call()
    flash(sentence, "green")


def _back() -> Response:
    return redirect(url_for("desk.oncall"), 303)


def add_to_menu() -> None:
    """The page's menu entry."""
    add_menu(MenuEntry("desk", lazy_gettext("On call"), "phone", "desk.oncall", "desk", 30))


# ---------------------------------------------------------------------- drawing


def _duties(at: datetime, layers: Sequence[Layer]) -> list[Json]:
    found = queries.on_call(at)
    with work(Scope.system()):  # other scopes cannot read how a person can be reached
        media = {each.person.id: media_to(each.person.id) for each in found if each.person is not None}
    return [
        {
            "duty": each,
            "media": sorted(media.get(each.person.id, ())) if each.person else [],
            "edit_url": url_for("admin.layer", layer_id=each.layer_id) if _administers(current_person()) else None,
            "hours": layer.windows,
        }
        for each, layer in zip(found, layers, strict=True)
    ]


def _days(rota: Rota, at: datetime) -> list[Json]:
    start, today = first_day(rota.layers, at), _here(at).date()
    days = [start + timedelta(days=number) for number in range(DAYS)]
    return [{"day": each, "is_today": each == today, "is_weekend": each.weekday() > 4} for each in days]


def _rows(rota: Rota, at: datetime, people: dict[UUID, Person]) -> list[Json]:
    start = first_day(rota.layers, at)
    swaps = queries.swaps_from(at)
    return [
        {"layer": layer, "cells": [[_part(cell, people, swaps, at) for cell in cells] for cells in found]}
        for layer, found in strip(rota, start)
    ]


def _part(cell: Cell, people: dict[UUID, Person], swaps: Sequence[OnCallSwap], at: datetime) -> Json:
    shift = cell.shift
    made = [
        each
        for each in swaps
        if shift.why == "swap" and each.layer_id == shift.layer_id and each.starts_at < shift.end
        and each.ends_at > shift.start
    ]  # fmt: skip
    return {
        "id": f"s-{shift.layer_id.hex[-6:]}-{int(shift.start.timestamp())}",
        "person": people.get(shift.person_id) if shift.person_id else None,
        "instead_of": people.get(shift.instead_of) if shift.instead_of else None,
        "why": shift.why,
        "start": shift.start,
        "end": shift.end,
        "is_whole": cell.is_whole,
        "is_over": shift.end <= at,
        "is_now": shift.start <= at < shift.end,
        "url": url_for("desk.swap_oncall", layer_id=shift.layer_id),
        "cancel_url": url_for("desk.cancel_oncall_swap", swap_id=made[-1].id)
        if made and actions.may_change(current_person(), made[-1].person_id)
        else None,
        "may_give": shift.person_id is not None and actions.may_change(current_person(), shift.person_id),
    }


def _gap(gap: Shift, layers: Sequence[Layer]) -> Json:
    name = next(layer.name for layer in layers if layer.id == gap.layer_id)
    return {"layer": name, "start": gap.start, "end": gap.end}


def _absence(each: OnCallAbsence) -> Json:
    person = access_person(each.person_id)
    zone = ZoneInfo(person.timezone)
    return {
        "person": person,
        "first": each.starts_at.astimezone(zone).date(),
        "last": (each.ends_at - timedelta(minutes=1)).astimezone(zone).date(),
        "note": each.note,
        "cancel_url": url_for("desk.cancel_absence", absence_id=each.id)
        if actions.may_change(current_person(), person.id)
        else None,
    }


def _here(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(current_person().timezone))


def _may_be_noted(each: Person) -> bool:
    return actions.can_be_on_call(each) and actions.may_change(current_person(), each.id)


def _administers(person: Person) -> bool:
    return may(person, "administer") and not person.is_restricted


def _id(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError as wrong:
        raise NotFound("person") from wrong


def _instant(name: str) -> datetime:
    return _read(name, _aware)


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def _midnight(day: date, zone: ZoneInfo, *, days_later: int = 0) -> datetime:
    try:
        return datetime.combine(day + timedelta(days=days_later), time(), zone).astimezone(UTC)
    except OverflowError as wrong:  # at the first and last day of the date type
        raise Invalid(fields={"end": ["invalid"]}) from wrong


def _day(name: str) -> date:
    return _read(name, date.fromisoformat)


def _read(name: str, reads: Callable[[str], Value]) -> Value:
    try:
        return reads(request.form.get(name, ""))
    except ValueError as wrong:
        raise Invalid(fields={name: ["invalid"]}) from wrong

"""Bulk actions of the lists: the bar with its menus, the endpoints, and the panel with the results and «Undo».

Menus of other packages are added with `add_bulk_menu`; their action with `msp.tickets.bulk_actions.add_bulk_action`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, redirect, render_template, request, session
from flask_babel import gettext, ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.errors import Invalid, NotFound
from msp.tickets import bulk
from msp.tickets.bulk import Batch
from msp.tickets.states import PRIORITIES
from msp.web.desk.people import Assignable
from msp.web.guards import needs, page_in_view
from msp.web.request_scope import current_person
from msp.words.per_locale import cached_per_locale
from msp.words.refusals import message
from msp.words.vocabulary import word

COOKIE = "bulk"  # session key: the last batch of this browser and until when its results are shown
SHOWN = timedelta(minutes=10)
COUNTED = ("done", "undone", "unchanged", "refused", "kept")  # states of tickets in the order of the panel
STATUSES = ("open", "waiting_client", "waiting_third_party", "closed")  # chosen by one click; resolved waits for undo


@dataclass(frozen=True, slots=True)
class BulkMenu:
    """A menu of the bar for one action.

    `options` are (value, label as text or HTML); `field` is the name of the action's value that takes the chosen one.
    """

    action: str
    label: Callable[[], str]
    icon: str
    key: str
    field: str
    options: Callable[[], Sequence[tuple[str, str]]]
    describe: Callable[[Json], str]


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What desk/_bulk_result.html shows of the last batch."""

    id: UUID
    title: str
    counts: Sequence[str]
    refused: Sequence[tuple[str, Sequence[str]]]  # a reason and the tickets it applies to
    can_undo: bool


_menus: list[BulkMenu] = []


def add_bulk_menu(menu: BulkMenu) -> None:
    """Add a menu to the bar; one of the same action is replaced."""
    _menus[:] = [*(each for each in _menus if each.action != menu.action), menu]


def add_routes(blueprint: Blueprint) -> None:
    """The routes of bulk actions."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/bulk", "bulk", guard(change), methods=["POST"])
    blueprint.add_url_rule("/bulk/<uuid:batch_id>/undo", "bulk_undo", guard(undo), methods=["POST"])
    blueprint.add_url_rule("/bulk/<uuid:batch_id>/close", "bulk_close", guard(close), methods=["POST"])


def change() -> Response:
    """Apply the chosen action to the selected tickets. The script sends chunks and gets JSON."""
    action, _, chosen = request.form.get("change", "").partition("=")
    at, batch_id = clock.now(), request.form.get("batch", "")
    batch = bulk.change_tickets(
        [_id(each) for each in request.form.getlist("ticket")],
        action,
        _values(action, chosen, at),
        person=current_person(),
        at=at,
        batch_id=_id(batch_id) if batch_id else None,
    )
    session[COOKIE] = {"batch": str(batch.id), "until": (at + SHOWN).isoformat()}
    if _wants_json():
        return jsonify(batch=batch.id)
    return redirect(page_in_view(), 303)


def undo(batch_id: UUID) -> Response:
    """Restore the fields of a batch. The script asks again until nothing is left."""
    limit = bulk.MAX_TICKETS if _wants_json() else bulk.MAX_BATCH
    left = bulk.undo_batch(batch_id, person=current_person(), at=clock.now(), limit=limit)
    if _wants_json():
        return jsonify(left=left)
    return redirect(page_in_view(), 303)


def close(batch_id: UUID) -> Response:
    """Hide the results."""
    if session.get(COOKIE, {}).get("batch") == str(batch_id):
        session.pop(COOKIE)
    return redirect(page_in_view(), 303)


def bulk_result() -> BulkResult | None:
    """The results of this browser's last batch, for some minutes."""
    kept = session.get(COOKIE)
    if not kept or datetime.fromisoformat(kept["until"]) < clock.now():
        return None
    try:
        batch = bulk.read_batch(UUID(kept["batch"]), person=current_person())
    except NotFound:
        return None
    reasons: dict[str, list[str]] = {}
    for each in batch.results:
        if each.refusal is not None:
            reasons.setdefault(message(each.refusal), []).append(each.label)
    counts = [_counted(state, number) for state in COUNTED if (number := batch.count(state))]
    return BulkResult(batch.id, _title(batch), counts, list(reasons.items()), can_undo=batch.count("done") > 0)


def bulk_menus(people: tuple[Assignable, ...], *, me: UUID) -> Markup:
    """The menus of the bar."""
    added = [_draw(menu) for menu in _menus]
    return Markup("").join([_usual_menus(people, me), *added])


@cached_per_locale
def _usual_menus(people: tuple[Assignable, ...], me: UUID) -> Markup:
    drawn = render_template(
        "desk/_bulk_menus.html", people=people, me=me, priorities=PRIORITIES, statuses=STATUSES, menu=None
    )
    return Markup(drawn)  # noqa: S704 (a template of ours)


def _draw(menu: BulkMenu) -> Markup:
    options = [(f"{menu.action}={value}", text) for value, text in menu.options()]
    return Markup(  # noqa: S704 (a template of ours)
        render_template("desk/_bulk_menus.html", menu=menu, options=options)
    )


def _values(action: str, chosen: str, at: datetime) -> dict[str, Any]:
    """The values of the action, from the button and the fields of its menu."""
    fields = {"assign": "assignee_id", "priority": "priority", "status": "status"}
    fields |= {menu.action: menu.field for menu in _menus}
    values: dict[str, Any] = {fields[action]: chosen} if action in fields else {}
    if action in ("add_tags", "remove_tags"):
        values["tags"] = request.form.get("tags", "").split(",")
    if values.get("status") == "scheduled" and (typed := request.form.get("scheduled_for", "")):
        values["scheduled_for"] = _local(typed, at)
    return values


def _local(typed: str, at: datetime) -> datetime:
    """An instant that was entered in the person's time zone."""
    try:
        entered = datetime.fromisoformat(typed)
        return entered.replace(tzinfo=ZoneInfo(current_person().timezone)).astimezone(at.tzinfo)
    except (ValueError, OverflowError) as wrong:
        raise Invalid(fields={"scheduled_for": ["invalid"]}) from wrong


def _counted(state: str, number: int) -> str:
    return {
        "done": lambda: ngettext("%(num)d changed", "%(num)d changed", number),
        "undone": lambda: ngettext("%(num)d restored", "%(num)d restored", number),
        "unchanged": lambda: ngettext("%(num)d had it already", "%(num)d had it already", number),
        "refused": lambda: ngettext("%(num)d not changed", "%(num)d not changed", number),
        "kept": lambda: ngettext("%(num)d not restored", "%(num)d not restored", number),
    }[state]()


def _title(batch: Batch) -> str:
    menu = next((each for each in _menus if each.action == batch.action), None)
    if menu is not None:
        return menu.describe(batch.value)
    value = batch.value
    if batch.action == "assign":
        name = value.get("name")
        return gettext("Assigned to %(name)s", name=name) if name else gettext("Unassigned")
    if batch.action == "priority":
        return gettext("Priority: %(priority)s", priority=word(value["priority"], "priority"))
    if batch.action in ("add_tags", "remove_tags"):
        tags = ", ".join(value["tags"])
        added = batch.action == "add_tags"
        return gettext("Tags added: %(tags)s", tags=tags) if added else gettext("Tags removed: %(tags)s", tags=tags)
    return gettext("Status: %(status)s", status=word(value["status"], "status"))


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as wrong:
        raise NotFound("ticket") from wrong

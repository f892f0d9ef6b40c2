"""The actions that can be applied to many tickets: how their values are read, and the function that each one calls.

Other packages add theirs to ACTIONS with `add_bulk_action` (macros, merging).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.kernel.db import Json
from msp.kernel.errors import Invalid, NotFound
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import actions, undoable
from msp.tickets.models import Ticket
from msp.tickets.schedule import check_schedule
from msp.tickets.states import PRIORITIES, STATUSES

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action on many tickets.

    `read` checks the values once and raises Invalid; `store` is what is kept of them as JSON, for descriptions. `apply`
    changes one locked ticket, and may return JSON that is kept for its undo.
    """

    read: Callable[[Values, datetime], Any]
    store: Callable[[Any], Json]
    apply: Callable[[Ticket, Any, Person, datetime], Json | None]


ACTIONS: dict[str, BulkAction] = {}


def add_bulk_action(name: str, action: BulkAction) -> None:
    """Add an action, or replace that of the same name."""
    ACTIONS[name] = action


def _read_assignee(values: Values, _at: datetime) -> Person | None:
    chosen = values.get("assignee_id")
    if not chosen:
        return None
    try:
        person = access_person(UUID(str(chosen)))
    except (NotFound, ValueError) as wrong:
        raise Invalid(fields={"assignee_id": ["unknown"]}) from wrong
    if not person.is_staff or not person.active:
        raise Invalid(fields={"assignee_id": ["not_staff"]})
    return person


def _assign(ticket: Ticket, assignee: Person | None, person: Person, at: datetime) -> None:
    actions.assign(ticket, assignee, at=at, actor_id=person.id)


def _read_priority(values: Values, _at: datetime) -> str:
    return _one_of(values, "priority", PRIORITIES)


def _change_priority(ticket: Ticket, priority: str, person: Person, at: datetime) -> None:
    actions.change_priority(ticket, priority, at=at, actor_id=person.id)


def _read_status(values: Values, at: datetime) -> tuple[str, datetime | None]:
    status = _one_of(values, "status", STATUSES)
    scheduled_for: datetime | None = values.get("scheduled_for") if status == "scheduled" else None
    if status == "scheduled":
        check_schedule(scheduled_for, at=at)
    return status, scheduled_for


def _change_status(ticket: Ticket, wanted: tuple[str, datetime | None], person: Person, at: datetime) -> None:
    status, scheduled_for = wanted
    actions.change_status(ticket, status, at=at, actor_id=person.id, scheduled_for=scheduled_for)


def _resolve(ticket: Ticket, _value: None, person: Person, at: datetime) -> Json | None:
    """Resolve after the undo period, as the button of a ticket does."""
    if ticket.status == "resolved":
        return None
    pending = undoable.ask(ticket, "resolve", person=person, at=at)
    return {"asked": str(pending.id)} if pending else None


def _read_tags(values: Values, _at: datetime) -> tuple[str, ...]:
    given = values.get("tags") or ()
    tags = tuple(dict.fromkeys(text for each in given if (text := str(each).strip())))
    if not tags:
        raise Invalid(fields={"tags": ["required"]})
    if wrong := actions.wrong_tags(tags):
        raise Invalid(fields={"tags": wrong})
    return tags


def _add_tags(ticket: Ticket, tags: tuple[str, ...], person: Person, at: datetime) -> None:
    actions.edit(ticket, at=at, actor_id=person.id, tags=list(dict.fromkeys([*ticket.tags, *tags])))


def _remove_tags(ticket: Ticket, tags: tuple[str, ...], person: Person, at: datetime) -> None:
    actions.edit(ticket, at=at, actor_id=person.id, tags=[each for each in ticket.tags if each not in tags])


def _one_of(values: Values, name: str, known: tuple[str, ...]) -> str:
    chosen = values.get(name)
    if chosen not in known:
        raise Invalid(fields={name: ["unknown" if chosen else "required"]})
    return str(chosen)


add_bulk_action(
    "assign",
    BulkAction(
        _read_assignee,
        lambda who: {"assignee_id": str(who.id), "name": who.name} if who else {"assignee_id": None},
        _assign,
    ),
)
add_bulk_action("priority", BulkAction(_read_priority, lambda priority: {"priority": priority}, _change_priority))
add_bulk_action("status", BulkAction(_read_status, lambda wanted: {"status": wanted[0]}, _change_status))
add_bulk_action("resolve", BulkAction(lambda _values, _at: None, lambda _value: {"status": "resolved"}, _resolve))
add_bulk_action("add_tags", BulkAction(_read_tags, lambda tags: {"tags": list(tags)}, _add_tags))
add_bulk_action("remove_tags", BulkAction(_read_tags, lambda tags: {"tags": list(tags)}, _remove_tags))

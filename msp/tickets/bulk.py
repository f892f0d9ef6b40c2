"""One action on many tickets: a result for each ticket, and an undo that restores their fields.

A call changes one chunk of a batch in its own transaction, each ticket in a savepoint: what one ticket refuses does not
stop the others. Tickets are locked in the order of their ids. `BulkChange` keeps fields before and after; an undo
restores them by the same functions, unless they were changed since. Messages that were sent are not undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from msp.clients.models import Client
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid, NotFound, Refusal
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import actions, undoable
from msp.tickets.bulk_actions import ACTIONS, BulkAction, Values
from msp.tickets.bulk_models import BulkChange
from msp.tickets.label import Label
from msp.tickets.locking import lock_tickets
from msp.tickets.models import Ticket

MAX_TICKETS = 100  # in one call
MAX_BATCH = 1000  # in all calls of a batch
FIELDS = ("status", "scheduled_for", "tier", "priority", "type", "tags", "assignee_id")


@dataclass(frozen=True, slots=True)
class TicketResult:
    """What became of a ticket: `done`, `unchanged` (it already had the value), `refused`, `undone`, or `kept`.

    The refusal says why it was refused, or kept (not undone).
    """

    ticket_id: UUID
    label: str
    state: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A bulk action, what it set, and the results of its tickets."""

    id: UUID
    action: str
    value: Json
    results: Sequence[TicketResult]

    def count(self, state: str) -> int:
        """The number of tickets in a state."""
        return sum(1 for each in self.results if each.state == state)


def change_tickets(
    ticket_ids: Sequence[UUID],
    action: str,
    values: Values,
    *,
    person: Person,
    at: datetime,
    batch_id: UUID | None = None,
) -> Batch:
    """Apply an action to tickets and return the results of these; `batch_id` continues a batch of the same action.

    Raises NotFound if one of the tickets is outside the scope, before anything is changed, and Invalid for a value
    that no ticket can have, and for no or too many tickets.
    """
    if action not in ACTIONS:
        raise Invalid(fields={"action": ["unknown"]})
    if not 0 < len(ticket_ids) <= MAX_TICKETS:
        raise Invalid(fields={"ticket_ids": ["too_many" if ticket_ids else "required"]})
    known = _known_tickets(batch_id, action, person, adding=len(ticket_ids)) if batch_id else set()
    tickets = [each for each in lock_tickets(ticket_ids).values() if each.id not in known]
    applied = ACTIONS[action]
    value = applied.read(values, at)
    batch = Batch(batch_id or new_id(), action, applied.store(value), results := [])
    for ticket in tickets:
        changed = BulkChange(
            batch_id=batch.id,
            ticket_id=ticket.id,
            client_id=ticket.client_id,
            person_id=person.id,
            action=action,
            value=batch.value,
            at=at,
        )
        label = ticket.label
        _change(ticket, changed, applied, value, person)
        db.session.add(changed)
        results.append(_result(changed, label))
    db.session.flush()
    return batch


def read_batch(batch_id: UUID, *, person: Person) -> Batch:
    """A person's batch with the results of its tickets; raises NotFound for another person's."""
    rows = db.session.execute(
        select(BulkChange, Client.code, Ticket.number)
        .join(Ticket, Ticket.id == BulkChange.ticket_id)
        .join(Client, Client.id == BulkChange.client_id)
        .where(BulkChange.batch_id == batch_id, BulkChange.person_id == person.id)
        .order_by(BulkChange.ticket_id)
    ).all()
    if not rows:
        raise NotFound("batch")
    first: BulkChange = rows[0][0]
    results = [_result(changed, str(Label(code, number))) for changed, code, number in rows]
    return Batch(batch_id, first.action, first.value, results)


def undo_batch(batch_id: UUID, *, person: Person, at: datetime, limit: int = MAX_TICKETS) -> int:
    """Restore the fields of up to `limit` tickets of a person's batch; returns how many are left.

    A ticket whose fields were changed since keeps them, with the reason in its result. Raises NotFound for a batch of
    another person.
    """
    found = list(
        db.session.scalars(
            select(BulkChange)
            .where(BulkChange.batch_id == batch_id, BulkChange.person_id == person.id)
            .order_by(BulkChange.ticket_id)
        )
    )
    if not found:
        raise NotFound("batch")
    waiting = [each for each in found if each.after and each.undone_at is None and each.undo_refusal is None]
    tickets = lock_tickets(each.ticket_id for each in waiting[:limit])
    for changed in waiting[:limit]:
        _undo(tickets[changed.ticket_id], changed, person, at)
    db.session.flush()
    return max(0, len(waiting) - limit)


def _known_tickets(batch_id: UUID, action: str, person: Person, *, adding: int) -> set[UUID]:
    """The tickets that a batch has already changed: a call that is sent twice has one effect."""
    query = select(BulkChange.ticket_id, BulkChange.person_id, BulkChange.action)
    rows = db.session.execute(query.where(BulkChange.batch_id == batch_id)).all()
    if not rows or any(row.person_id != person.id for row in rows):
        raise NotFound("batch")
    if any(row.action != action for row in rows) or len(rows) + adding > MAX_BATCH:
        raise Invalid(fields={"ticket_ids": ["too_many"]})
    return {row.ticket_id for row in rows}


def _change(ticket: Ticket, changed: BulkChange, action: BulkAction, value: Any, person: Person) -> None:
    before = _fields_of(ticket)
    try:
        with db.session.begin_nested():
            kept = action.apply(ticket, value, person, changed.at)
    except Refusal as refusal:
        changed.refusal = _stored(refusal)
        return
    after = _fields_of(ticket)
    names = [name for name in FIELDS if before[name] != after[name]]
    if kept:
        changed.before, changed.after = before, kept
    elif names:
        changed.before, changed.after = {name: before[name] for name in names}, {name: after[name] for name in names}


def _undo(ticket: Ticket, changed: BulkChange, person: Person, at: datetime) -> None:
    try:
        with db.session.begin_nested():
            if changed.after and "asked" in changed.after:
                _undo_pending(ticket, changed, person, at)
            else:
                _restore(ticket, changed.before or {}, expected=changed.after or {}, person=person, at=at)
        changed.undone_at = at
    except Refusal as refusal:
        changed.undo_refusal = _stored(refusal)


def _undo_pending(ticket: Ticket, changed: BulkChange, person: Person, at: datetime) -> None:
    """Cancel an action that waits; if it was performed, restore status and assignee."""
    before = changed.before or {}
    try:
        undoable.undo(ticket, UUID((changed.after or {})["asked"]), person=person, at=at)
    except Conflict:
        was_assigned = before["assignee_id"] is None and ticket.assignee_id == person.id
        names = ("status", "scheduled_for", "assignee_id") if was_assigned else ("status", "scheduled_for")
        wanted = {name: before[name] for name in names}
        _restore(ticket, wanted, expected={"status": "resolved"}, person=person, at=at)


def _restore(ticket: Ticket, wanted: Json, *, expected: Json, person: Person, at: datetime) -> None:
    now = _fields_of(ticket)
    if any(now[name] != value for name, value in expected.items() if name in now):
        raise Conflict("changed_since")
    by: dict[str, Any] = {"at": at, "actor_id": person.id}
    if "status" in wanted or "scheduled_for" in wanted:
        status, wakes = wanted.get("status", ticket.status), wanted.get("scheduled_for")
        scheduled_for = datetime.fromisoformat(wakes) if wakes else None
        actions.change_status(ticket, status, scheduled_for=scheduled_for, is_undo=True, **by)
    if "tier" in wanted:
        actions.change_tier(ticket, wanted["tier"], **by)
    if "priority" in wanted:
        actions.change_priority(ticket, wanted["priority"], **by)
    actions.edit(ticket, **by, **{name: wanted[name] for name in ("type", "tags") if name in wanted})
    if "assignee_id" in wanted:
        assignee = access_person(UUID(wanted["assignee_id"])) if wanted["assignee_id"] else None
        actions.assign(ticket, assignee, **by)


def _fields_of(ticket: Ticket) -> Json:
    return {
        "status": ticket.status,
        "scheduled_for": ticket.scheduled_for.isoformat() if ticket.scheduled_for else None,
        "tier": ticket.tier,
        "priority": ticket.priority,
        "type": ticket.type,
        "tags": list(ticket.tags),
        "assignee_id": str(ticket.assignee_id) if ticket.assignee_id else None,
    }


def _stored(refusal: Refusal) -> Json:
    return {
        "code": refusal.code,
        "params": {name: str(value) for name, value in refusal.params.items()},
        "fields": getattr(refusal, "fields", {}),
    }


def _read_refusal(stored: Json) -> Refusal:
    if stored["fields"]:
        return Invalid(stored["code"], fields=stored["fields"])
    return Refusal(stored["code"], **stored["params"])


def _result(changed: BulkChange, label: str) -> TicketResult:
    if changed.refusal or changed.undo_refusal:
        refusal = _read_refusal(changed.undo_refusal or changed.refusal or {})
        return TicketResult(changed.ticket_id, label, "kept" if changed.undo_refusal else "refused", refusal)
    state = "undone" if changed.undone_at else "done" if changed.after else "unchanged"
    return TicketResult(changed.ticket_id, label, state)

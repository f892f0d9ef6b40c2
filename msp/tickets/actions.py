"""Changes of a ticket by the desk: each updates its clocks and emits an event; none commits.

Callers pass `at`, one instant for the whole change (aware UTC). Concurrent changes are detected when the unit of work
is flushed: the version column raises a conflict.
"""

from datetime import datetime
from uuid import UUID

from msp.contracts.models import Contract
from msp.kernel.db import current_scope
from msp.kernel.errors import Conflict, Invalid
from msp.people.models import Person
from msp.tickets import sla_targets
from msp.tickets.accepting import accept_hand_offs
from msp.tickets.events import (
    TicketAssigned,
    TicketContractChanged,
    TicketEdited,
    TicketPriorityChanged,
    TicketRescheduled,
    TicketStatusChanged,
    TicketTierChanged,
    emit_ticket_event,
)
from msp.tickets.models import Ticket
from msp.tickets.schedule import check_schedule
from msp.tickets.states import FINISHED, PRIORITIES, may_move

MAX_TAGS, MAX_TAG = 50, 50  # tags of a ticket, and characters of a tag
MAX_TIER = 3


def assign(
    ticket: Ticket,
    assignee: Person | None,
    *,
    at: datetime,
    actor_id: UUID | None = None,
) -> None:
    """Assign the ticket to a member of staff, or to no one; emits `ticket.assigned`.

    A person who assigns it to themselves accepts its hand-off.
    """
    if assignee is not None and (not assignee.is_staff or not assignee.active):
        raise Invalid(fields={"assignee_id": ["not_staff"]})
    after = assignee.id if assignee else None
    if ticket.assignee_id == after:
        return
    before, ticket.assignee_id = ticket.assignee_id, after
    event = TicketAssigned(before=before, after=after, name=assignee.name if assignee else None)
    emit_ticket_event(ticket, event, at=at, actor_id=actor_id)
    if after is not None and after == (actor_id or current_scope().actor_id):
        accept_hand_offs(ticket, after, at=at)


def take(ticket: Ticket, person: Person, *, at: datetime) -> None:
    """Assign the ticket to oneself, which opens a new ticket; refuses one that another person has taken meanwhile."""
    if ticket.assignee_id not in (None, person.id):
        raise Conflict("ticket_taken")
    assign(ticket, person, at=at, actor_id=person.id)
    if ticket.status == "new":
        change_status(ticket, "open", at=at, actor_id=person.id)


def change_status(
    ticket: Ticket,
    status: str,
    *,
    at: datetime,
    actor_id: UUID | None = None,
    scheduled_for: datetime | None = None,
    is_undo: bool = False,
) -> None:
    """Change the status: pauses, resumes, stops or reopens the clocks; emits `ticket.status_changed`.

    Only this function writes a status. `scheduled` needs the time at which the ticket is opened again
    (msp/tickets/schedule.py); the time may be changed. Raises Invalid for a time that is missing, past, or more than
    MOST_SCHEDULED away. An undo may go back to any earlier status.
    """
    before = ticket.status
    if status == "scheduled":
        check_schedule(scheduled_for, at=at)
    if before == status and ticket.scheduled_for == scheduled_for:
        return
    if before == status == "scheduled" and scheduled_for is not None:
        ticket.scheduled_for = scheduled_for
        emit_ticket_event(ticket, TicketRescheduled(scheduled_for=scheduled_for), at=at, actor_id=actor_id)
        return
    if before == status:
        return
    if ticket.closed_as is not None:
        raise Conflict("ticket_is_merged" if ticket.closed_as == "merged" else "ticket_is_spam")
    if not is_undo and not may_move(before, status):
        raise Conflict("status_move_refused", before=before, after=status)
    ticket.status = status
    sla_targets.on_status(ticket, before, at=at, actor_id=actor_id, is_undo=is_undo)
    ticket.resolved_at = (ticket.resolved_at or at) if status in FINISHED else None
    ticket.closed_at = at if status == "closed" else None
    ticket.scheduled_for = scheduled_for if status == "scheduled" else None
    event = TicketStatusChanged(before=before, after=status, scheduled_for=ticket.scheduled_for)
    emit_ticket_event(ticket, event, at=at, actor_id=actor_id)


def change_priority(ticket: Ticket, priority: str, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Change the priority: open clocks follow its targets from history; emits `ticket.priority_changed`."""
    if priority not in PRIORITIES:
        raise Invalid(fields={"priority": ["unknown"]})
    if ticket.priority == priority:
        return
    before, ticket.priority = ticket.priority, priority
    emit_ticket_event(ticket, TicketPriorityChanged(before=before, after=priority), at=at, actor_id=actor_id)
    sla_targets.on_terms_changed(ticket, reason="priority", at=at, actor_id=actor_id)


def raise_priority(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Raise the priority by one; does nothing at the highest."""
    place = PRIORITIES.index(ticket.priority)
    change_priority(ticket, PRIORITIES[max(place - 1, 0)], at=at, actor_id=actor_id)


def change_contract(ticket: Ticket, contract: Contract | None, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Set another contract of the same client, or none: open clocks are recomputed from history with its SLA targets.

    Emits `ticket.contract_changed`. Refuses a contract of another client.
    """
    if contract is not None and contract.client_id != ticket.client_id:
        raise Invalid(fields={"contract_id": ["unknown"]})
    after = contract.id if contract else None
    if ticket.contract_id == after:
        return
    before, ticket.contract_id = ticket.contract_id, after
    event = TicketContractChanged(before=before, after=after, name=contract.name if contract else None)
    emit_ticket_event(ticket, event, at=at, actor_id=actor_id)
    sla_targets.on_terms_changed(ticket, reason="contract", at=at, actor_id=actor_id)


def change_tier(
    ticket: Ticket,
    tier: int,
    *,
    at: datetime,
    actor_id: UUID | None = None,
    reason: str | None = None,
    hand_off_id: UUID | None = None,
) -> None:
    """Move the ticket to the queue of another tier and remove its assignee. Emits `ticket.tier_changed`."""
    if not 1 <= tier <= MAX_TIER:
        raise Invalid(fields={"tier": ["unknown"]})
    if ticket.tier == tier:
        return
    before, ticket.tier = ticket.tier, tier
    event = TicketTierChanged(before=before, after=tier, reason=reason, hand_off_id=hand_off_id)
    emit_ticket_event(ticket, event, at=at, actor_id=actor_id)
    assign(ticket, None, at=at, actor_id=actor_id)


def edit(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None, **changes: object) -> None:
    """Change fields of EDITABLE; emits `ticket.edited` with the names of what changed."""
    changed = {name: value for name, value in changes.items() if getattr(ticket, name) != value}
    if not changed:
        return
    if wrong := wrong_tags(changed.get("tags", ())):
        raise Invalid(fields={"tags": wrong})
    for name, value in changed.items():
        setattr(ticket, name, value)
    emit_ticket_event(ticket, TicketEdited(fields=tuple(sorted(changed))), at=at, actor_id=actor_id)
    if "type" in changed:
        sla_targets.on_terms_changed(ticket, reason="type", at=at, actor_id=actor_id)


def wrong_tags(tags: object) -> list[str]:
    """The errors in a ticket's tags."""
    given = list(tags) if isinstance(tags, list | tuple) else []
    if len(given) > MAX_TAGS:
        return ["too_many"]
    return ["too_long"] if any(len(str(each)) > MAX_TAG for each in given) else []

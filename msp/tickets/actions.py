"""The verbs of a ticket. Each changes it, keeps its clocks right, and emits what happened; none commits.

Callers pass `at`, one instant for the whole verb (aware UTC). A lost race between two people shows itself when the unit
of work is written: the version column turns it into a conflict.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from msp.clients.models import Client
from msp.contracts.models import Contract
from msp.contracts.queries import promise_of
from msp.kernel.bulk_insert import insert_pending
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.sla import clocks as sla
from msp.tickets import sla_targets
from msp.tickets.held_replies import check_seen
from msp.tickets.models import LEVELS, TYPES, Message, Ticket
from msp.tickets.numbers import opening
from msp.tickets.schedule import check_schedule
from msp.tickets.small_talk import is_small_talk_reply
from msp.tickets.states import FINISHED, PRIORITIES, may_move
from msp.tickets.ticket_events import emit_ticket_event

MAX_SUBJECT = 200
MAX_TAGS, MAX_TAG = 50, 50  # of a ticket, and characters of one
MAX_BODY = 100_000
MAX_TIER = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for, before it is a ticket."""

    subject: str
    body: str
    source: str
    type: str = "incident"
    priority: str = "normal"
    impact: str = "medium"
    urgency: str = "medium"
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    content: Json | None = None  # the rich text of `body`, where that is no Markdown


def open_ticket(client: Client, *, requester: Person, request: Request, at: datetime) -> tuple[Ticket, Message]:
    """Make a ticket with its first message, start its clocks, emit `ticket.opened`.

    Refuses empty or huge text, and raises Conflict (`client_not_active`) for a client that is switched off.
    """
    _check(request)
    if not client.active:
        raise Conflict("client_not_active")
    number, held = opening(client, at=at)
    promise = promise_of(held, priority=request.priority, type=request.type) if held else None
    ticket = Ticket(
        id=new_id(),
        client_id=client.id,
        number=number,
        requester_id=requester.id,
        subject=request.subject.strip(),
        body=request.body,
        status="new",
        priority=request.priority,
        type=request.type,
        impact=request.impact,
        urgency=request.urgency,
        tier=1,
        contract_id=promise.contract_id if promise else None,
        source=request.source,
        tags=list(request.tags),
        created_at=at,
        updated_at=at,
    )
    clocks = sla.start(client.id, ticket.id, promise, at=at) if promise else []
    sla_targets.copy_next_due(ticket, clocks)
    db.session.add_all([ticket, *clocks])
    for name, known in (("client", client), ("requester", requester), ("clocks", clocks)):
        set_committed_value(ticket, name, known)
    message = Message(
        id=new_id(),
        client_id=client.id,
        ticket_id=ticket.id,
        author_id=requester.id,
        visibility="public",
        channel=request.source,
        body=request.body,
        at=at,
        external_id=request.external_id,
        content=request.content,
    )
    db.session.add(message)
    emit_ticket_event(
        ticket,
        "ticket.opened",
        at=at,
        actor_id=requester.id,
        message_id=str(message.id),
        source=ticket.source,
    )
    insert_pending()
    return ticket, message


def receive(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    channel: str,
    at: datetime,
    external_id: str | None = None,
    content: Json | None = None,
) -> Message:
    """The client's side wrote: emits `ticket.received`; wakes a waiting ticket, reopens a resolved or closed one.

    Thanks or a greeting alone leave a finished ticket finished. Where the contract promises an answer to a message,
    that target runs from the first message that has none. `content` is the rich text of `body`.
    """
    message = _say(ticket, author=author, body=body, visibility="public", channel=channel, at=at)
    message.external_id, message.content = external_id, content
    emit_ticket_event(ticket, "ticket.received", at=at, actor_id=author.id, message_id=str(message.id))
    is_reopened = ticket.status in FINISHED and not is_small_talk_reply(body)
    if ticket.status == "waiting_client" or is_reopened:
        change_status(ticket, "open", at=at, actor_id=author.id)
    sla_targets.on_message(ticket, sla_targets.message_of(author, is_public=True, at=at), actor_id=author.id)
    return message


def reply(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    at: datetime,
    channel: str = "console",
    last_seen: UUID | None = None,
) -> Message:
    """A person of the desk answers the client, as was promised; opens a new ticket, emits `ticket.replied`.

    The reply is `pending` until a channel has brought it to the requester (msp.notify.reply_delivery). Raises
    ReplyHeld where others wrote after the message `last_seen`; without one it is not asked.
    """
    if last_seen is not None:
        check_seen(ticket, author, last_seen=last_seen)
    message = _say(ticket, author=author, body=body, visibility="public", channel=channel, at=at)
    message.delivery_state = "pending"
    emit_ticket_event(ticket, "ticket.replied", at=at, actor_id=author.id, message_id=str(message.id))
    sla_targets.on_message(ticket, sla_targets.message_of(author, is_public=True, at=at), actor_id=author.id)
    if ticket.status == "new":
        change_status(ticket, "open", at=at, actor_id=author.id)
    return message


def note(ticket: Ticket, *, author: Person, body: str, at: datetime, channel: str = "console") -> Message:
    """Something said among us: emits `ticket.noted`, which no client sees and no chat thread gets."""
    message = _say(
        ticket,
        author=author,
        body=body,
        visibility="internal",
        channel=channel,
        at=at,
    )
    emit_ticket_event(
        ticket,
        "ticket.noted",
        at=at,
        actor_id=author.id,
        visibility="internal",
        message_id=str(message.id),
    )
    return message


def send_again(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Send a reply again that failed: emits `ticket.replied` for the same message; refuses any other message.

    It keeps answering nothing until it arrives.
    """
    if message.delivery_state != "failed" or message.deleted_at is not None:
        raise Conflict("not_failed")
    message.delivery_state, message.delivery_reason = "pending", None
    message.failed_at = message.failed_at or at
    emit_ticket_event(ticket, "ticket.replied", at=at, actor_id=message.author_id, message_id=str(message.id))


def assign(
    ticket: Ticket,
    assignee: Person | None,
    *,
    at: datetime,
    actor_id: UUID | None = None,
) -> None:
    """Give the ticket to a member of staff, or to nobody; emits `ticket.assigned`."""
    if assignee is not None and (not assignee.is_staff or not assignee.active):
        raise Invalid(fields={"assignee_id": ["not_staff"]})
    after = assignee.id if assignee else None
    if ticket.assignee_id == after:
        return
    before, ticket.assignee_id = ticket.assignee_id, after
    name = assignee.name if assignee else None
    emit_ticket_event(
        ticket,
        "ticket.assigned",
        at=at,
        actor_id=actor_id,
        before=_text(before),
        after=_text(after),
        name=name,
    )


def take(ticket: Ticket, person: Person, *, at: datetime) -> None:
    """Answer for it oneself, which also opens a new ticket; refuses what somebody else took meanwhile."""
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
) -> None:
    """The one writer of a status: holds, resumes, stops or reopens the clocks; emits `ticket.status_changed`.

    `scheduled` needs the time at which the ticket is opened again (msp/tickets/schedule.py); it may be moved. Raises
    Invalid for a time that is missing, past, or more than MOST_SCHEDULED away.
    """
    before = ticket.status
    if status == "scheduled":
        check_schedule(scheduled_for, at=at)
    if before == status and ticket.scheduled_for == scheduled_for:
        return
    if before == status == "scheduled":
        ticket.scheduled_for = scheduled_for
        emit_ticket_event(ticket, "ticket.rescheduled", at=at, actor_id=actor_id, scheduled_for=_instant(scheduled_for))
        return
    if before == status:
        return
    if not may_move(before, status):
        raise Conflict("status_move_refused", before=before, after=status)
    ticket.status = status
    sla_targets.on_status(ticket, before, at=at, actor_id=actor_id)
    ticket.resolved_at = (ticket.resolved_at or at) if status in FINISHED else None
    ticket.closed_at = at if status == "closed" else None
    ticket.scheduled_for = scheduled_for if status == "scheduled" else None
    until: dict[str, Any] = {"scheduled_for": _instant(scheduled_for)} if status == "scheduled" else {}
    emit_ticket_event(
        ticket,
        "ticket.status_changed",
        at=at,
        actor_id=actor_id,
        before=before,
        after=status,
        **until,
    )


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def change_priority(ticket: Ticket, priority: str, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Another priority: open clocks follow its targets from history; emits `ticket.priority_changed`."""
    if priority not in PRIORITIES:
        raise Invalid(fields={"priority": ["unknown"]})
    if ticket.priority == priority:
        return
    before, ticket.priority = ticket.priority, priority
    emit_ticket_event(
        ticket,
        "ticket.priority_changed",
        at=at,
        actor_id=actor_id,
        before=before,
        after=priority,
    )
    sla_targets.on_terms_changed(ticket, reason="priority", at=at, actor_id=actor_id)


def change_contract(ticket: Ticket, contract: Contract | None, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Another contract of the same client covers the ticket, or none does: open clocks follow its promises from
    history; emits `ticket.contract_changed`. Refuses a contract of another client.
    """
    if contract is not None and contract.client_id != ticket.client_id:
        raise Invalid(fields={"contract_id": ["unknown"]})
    after = contract.id if contract else None
    if ticket.contract_id == after:
        return
    before, ticket.contract_id = ticket.contract_id, after
    name = contract.name if contract else None
    emit_ticket_event(
        ticket,
        "ticket.contract_changed",
        at=at,
        actor_id=actor_id,
        before=_text(before),
        after=_text(after),
        name=name,
    )
    sla_targets.on_terms_changed(ticket, reason="contract", at=at, actor_id=actor_id)


def change_tier(
    ticket: Ticket,
    tier: int,
    *,
    at: datetime,
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    """Move the ticket to another tier's queue; who had it keeps nothing to do with it. Emits `ticket.tier_changed`."""
    if not 1 <= tier <= MAX_TIER:
        raise Invalid(fields={"tier": ["unknown"]})
    if ticket.tier == tier:
        return
    before, ticket.tier = ticket.tier, tier
    emit_ticket_event(
        ticket,
        "ticket.tier_changed",
        at=at,
        actor_id=actor_id,
        before=before,
        after=tier,
        reason=reason,
    )
    assign(ticket, None, at=at, actor_id=actor_id)


def edit(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None, **changes: object) -> None:
    """Change subject, type, impact, urgency or tags; emits `ticket.edited` with the names of what changed."""
    changed = {name: value for name, value in changes.items() if getattr(ticket, name) != value}
    if not changed:
        return
    if wrong := _wrong_tags(changed.get("tags", ())):
        raise Invalid(fields={"tags": wrong})
    for name, value in changed.items():
        setattr(ticket, name, value)
    emit_ticket_event(ticket, "ticket.edited", at=at, actor_id=actor_id, fields=sorted(changed))
    if "type" in changed:
        sla_targets.on_terms_changed(ticket, reason="type", at=at, actor_id=actor_id)


def _wrong_tags(tags: object) -> list[str]:
    """What is wrong with a ticket's tags."""
    given = list(tags) if isinstance(tags, list | tuple) else []
    if len(given) > MAX_TAGS:
        return ["too_many"]
    return ["too_long"] if any(len(str(each)) > MAX_TAG for each in given) else []


def _check(request: Request) -> None:
    fields: dict[str, list[str]] = {}
    if wrong := _wrong_tags(request.tags):
        fields["tags"] = wrong
    if not request.subject.strip():
        fields["subject"] = ["required"]
    elif len(request.subject) > MAX_SUBJECT:
        fields["subject"] = ["too_long"]
    if len(request.body) > MAX_BODY:
        fields["body"] = ["too_long"]
    if request.priority not in PRIORITIES:
        fields["priority"] = ["unknown"]
    if request.type not in TYPES:
        fields["type"] = ["unknown"]
    fields |= {name: ["unknown"] for name in ("impact", "urgency") if getattr(request, name) not in LEVELS}
    if fields:
        raise Invalid(fields=fields)


def _say(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    visibility: str,
    channel: str,
    at: datetime,
) -> Message:
    if not body.strip():
        raise Invalid(fields={"body": ["required"]})
    if len(body) > MAX_BODY:
        raise Invalid(fields={"body": ["too_long"]})
    message = Message(
        id=new_id(),
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        author_id=author.id,
        visibility=visibility,
        channel=channel,
        body=body,
        at=at,
    )
    db.session.add(message)
    return message


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None


def access_ticket(ticket_id: UUID, *, lock: bool = False) -> Ticket:
    """The ticket, locked for the unit of work where asked; NotFound also for what the scope may not see."""
    query = select(Ticket).where(Ticket.id == ticket_id)
    ticket = db.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if ticket is None:
        raise NotFound("ticket")
    return ticket

"""Spam: tickets that count in no report and notify nobody, and senders whose messages are not stored any more.

A blocked person has all their chat identities blocked, the portal and the API. Deleting the content follows the rules
of deleted messages: text and files go, the timeline keeps that something was deleted.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from msp.clients.models import Client
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Conflict, Denied, NotFound
from msp.people.models import Person
from msp.tickets.blocked_models import BlockedSender
from msp.tickets.closing import close_as, restore
from msp.tickets.events import emit_ticket_event
from msp.tickets.hand_off_models import HandOff
from msp.tickets.message_changes import delete_message
from msp.tickets.models import Ticket
from msp.tickets.queries import messages_of
from msp.tickets.spam_events import SenderBlocked, SenderUnblocked, SpamDeleted, SpamMarked, SpamUnmarked

PLACEHOLDER = "…"


class BlockedRow(NamedTuple):
    """A blocked sender, as the list shows them."""

    person_id: UUID
    name: str
    email: str | None
    client_name: str
    blocked_at: datetime
    message_count: int
    last_at: datetime | None


def mark_spam(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None, blocks: bool = False) -> None:
    """Close a locked ticket as spam without telling its requester; with `blocks`, block them.

    Emits `ticket.spam_marked`. Raises Conflict if the ticket is merged or spam already.
    """
    close_as(ticket, "spam", at=at, actor_id=actor_id)
    emit_ticket_event(ticket, SpamMarked(), at=at, actor_id=actor_id)
    if blocks:
        block(ticket, at=at, actor_id=actor_id)


def unmark_spam(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None) -> None:
    """The ticket is no spam: its status and clocks are as before; emits `ticket.spam_unmarked`."""
    if ticket.closed_as != "spam":
        raise Conflict("not_spam")
    restore(ticket, at=at, actor_id=actor_id)
    emit_ticket_event(ticket, SpamUnmarked(), at=at, actor_id=actor_id)


def delete_spam(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Delete text and files of all messages of a spam ticket; emits `ticket.spam_deleted`. Idempotent."""
    if ticket.closed_as != "spam":
        raise Conflict("not_spam")
    for message in messages_of(ticket.id):
        delete_message(ticket, message, at=at, placeholder_subject=PLACEHOLDER)
    db.session.execute(delete(HandOff).where(HandOff.ticket_id == ticket.id))
    ticket.subject, ticket.body = PLACEHOLDER, ""
    emit_ticket_event(ticket, SpamDeleted(), at=at, actor_id=actor_id)


def block(ticket: Ticket, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Block the requester of a ticket; emits `ticket.sender_blocked`. Idempotent."""
    row = insert(BlockedSender).values(
        person_id=ticket.requester_id,
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        blocked_at=at,
        blocked_by_id=actor_id,
    )
    made = db.session.execute(row.on_conflict_do_nothing().returning(BlockedSender.person_id)).first()
    if made is not None:
        emit_ticket_event(ticket, SenderBlocked(person_id=ticket.requester_id), at=at, actor_id=actor_id)


def unblock(person_id: UUID, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Unblock a person; emits `ticket.sender_unblocked` on the ticket they were blocked for. Raises NotFound."""
    row = db.session.get(BlockedSender, person_id)
    if row is None:
        raise NotFound("blocked_sender")
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    db.session.delete(row)
    db.session.flush()
    if ticket is not None:
        emit_ticket_event(ticket, SenderUnblocked(person_id=person_id), at=at, actor_id=actor_id)


def blocked_senders(*, limit: int = 200) -> list[BlockedRow]:
    """The blocked people that the scope may see, latest first."""
    query = (
        select(
            Person.id, Person.name, Person.email, Client.name, BlockedSender.blocked_at, BlockedSender.message_count,
            BlockedSender.last_at,
        )
        .select_from(BlockedSender)
        .join(Person, Person.id == BlockedSender.person_id)
        .join(Client, Client.id == BlockedSender.client_id)
        .order_by(BlockedSender.blocked_at.desc(), Person.id)
        .limit(limit)
    )  # fmt: skip
    return [BlockedRow(*row) for row in db.session.execute(query)]


def count_if_blocked(person_id: UUID, *, at: datetime) -> bool:
    """Whether a person is blocked; counts the message that they are sending."""
    counted = update(BlockedSender).where(BlockedSender.person_id == person_id)
    counted = counted.values(message_count=BlockedSender.message_count + 1, last_at=at)
    return db.session.execute(counted.returning(BlockedSender.person_id)).first() is not None


def check_not_blocked(person: Person, *, at: datetime) -> None:
    """Raise Denied for a blocked person; counts their message in a transaction of its own, since this one fails."""
    if person.is_staff or db.session.get(BlockedSender, person.id) is None:
        return
    with work(Scope.system()):
        is_blocked = count_if_blocked(person.id, at=at)
    if is_blocked:
        raise Denied("sender_blocked")

"""Messages moved to another ticket of the client, or to a new one that is split from theirs. Their files go along.

The chat thread stays with the original ticket, whose requester is told once where the new one is.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.tickets.events import MessagesMoved, TicketSplit, emit_ticket_event
from msp.tickets.linking import add_link
from msp.tickets.locking import lock_tickets
from msp.tickets.merge_models import TicketMerge
from msp.tickets.models import Message, Request, Ticket
from msp.tickets.opening import open_with_message


def split(
    ticket_id: UUID, message_ids: Collection[UUID], *, subject: str, at: datetime, actor_id: UUID | None = None
) -> Ticket:
    """Open a ticket with some messages of another one, and link both; its clocks start now.

    Its requester wrote the first of these messages, or is that of the original. Emits `ticket.split` on the original.
    Raises Invalid if no message is chosen, none would stay, or one is not of this ticket.
    """
    ticket = lock_tickets((ticket_id,))[ticket_id]
    messages = _chosen(ticket, message_ids)
    total = select(func.count()).where(Message.ticket_id == ticket.id, Message.deleted_at.is_(None))
    if db.session.execute(total).scalar_one() <= len(messages):
        raise Invalid(fields={"message_ids": ["one_must_stay"]})
    first = next((each for each in messages if each.visibility == "public"), messages[0])
    request = Request(
        subject=subject,
        body=first.body,
        source=ticket.source,
        type=ticket.type,
        priority=ticket.priority,
        impact=ticket.impact,
        urgency=ticket.urgency,
        tags=tuple(ticket.tags),
    )
    author = first.author if first.author is not None and first.author.client_id == ticket.client_id else None
    new = open_with_message(
        ticket.client, requester=author or ticket.requester, request=request, message_id=first.id, at=at
    )
    _move(messages, new)
    add_link(new, ticket, "split_from", at=at, actor_id=actor_id)
    event = TicketSplit(new_id=new.id, label=new.label, count=len(messages))
    emit_ticket_event(ticket, event, at=at, actor_id=actor_id)
    db.session.flush()
    return new


def move_messages(
    source_id: UUID, target_id: UUID, message_ids: Collection[UUID], *, at: datetime, actor_id: UUID | None = None
) -> int:
    """Move messages to another ticket of the client; emits `ticket.messages_moved` on both, returns how many.

    Raises Invalid for another client's ticket, a merged one, or a message that is not of the source.
    """
    found = lock_tickets((source_id, target_id))
    source, target = found[source_id], found[target_id]
    if source.client_id != target.client_id:
        raise Invalid(fields={"ticket": ["other_client"]})
    if source.id == target.id or target.closed_as == "merged":
        raise Invalid(fields={"ticket": ["invalid"]})
    messages = _chosen(source, message_ids)
    _move(messages, target)
    for this, that, is_source in ((source, target, True), (target, source, False)):
        event = MessagesMoved(other_id=that.id, label=that.label, count=len(messages), is_source=is_source)
        emit_ticket_event(this, event, at=at, actor_id=actor_id)
    return len(messages)


def received_while_merged(merged: TicketMerge) -> list[Message]:
    """The messages that the surviving ticket got between a merge and its undoing, and still has."""
    if merged.undone_at is None:
        return []
    query = select(Message).where(
        Message.ticket_id == merged.target_id,
        Message.id > merged.id,
        Message.at <= merged.undone_at,
        Message.deleted_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Message.at, Message.id)))


def _chosen(ticket: Ticket, message_ids: Collection[UUID]) -> list[Message]:
    if not message_ids:
        raise Invalid(fields={"message_ids": ["required"]})
    query = select(Message).where(Message.ticket_id == ticket.id, Message.id.in_(set(message_ids)))
    found = list(db.session.scalars(query.order_by(Message.at, Message.id)))
    if len(found) < len(set(message_ids)):
        raise Invalid(fields={"message_ids": ["unknown"]})
    return found


def _move(messages: Collection[Message], target: Ticket) -> None:
    rows = update(Message).where(Message.id.in_([each.id for each in messages]))
    db.session.execute(rows.values(ticket_id=target.id), execution_options={"synchronize_session": "fetch"})

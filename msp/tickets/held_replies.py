"""A public reply is held if others have written since its author last looked, so that two do not answer at once.

Messages of a ticket are in the order of their ids, which are generated under the lock of the ticket's row.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.people.models import Person
from msp.tickets.models import Message, Ticket


class ReplyHeld(Conflict):
    """A reply was not sent: `message_ids` are the messages that its author has not seen, oldest first."""

    def __init__(self, message_ids: Sequence[UUID]) -> None:
        super().__init__("reply_held", message_ids=[str(each) for each in message_ids])
        self.message_ids = tuple(message_ids)


def check_seen(ticket: Ticket, author: Person, *, last_seen: UUID) -> None:
    """Raise ReplyHeld if others wrote publicly after the message `last_seen`; Invalid if that is none of the ticket's.

    Locks the ticket's row until the unit of work ends, so that of two simultaneous replies one is held.
    """
    db.session.execute(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update())
    known = select(Message.id).where(Message.ticket_id == ticket.id, Message.id == last_seen)
    if db.session.scalar(known) is None:
        raise Invalid(fields={"last_seen_message_id": ["unknown"]})
    if newer := _newer(ticket, author, last_seen):
        raise ReplyHeld(newer)


def _newer(ticket: Ticket, author: Person, last_seen: UUID) -> Sequence[UUID]:
    query = select(Message.id).where(
        Message.ticket_id == ticket.id,
        Message.id > last_seen,
        Message.visibility == "public",
        Message.author_id != author.id,  # automatic messages have no author, and hold nothing
        Message.deleted_at.is_(None),
    )
    return db.session.scalars(query.order_by(Message.id)).all()

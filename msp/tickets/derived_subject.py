"""The subject of a ticket as far as it comes from what its requester wrote, so that it follows edits and deletions."""

from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.events import Event
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.subject import subject_of


def derived_subject(ticket: Ticket) -> str:
    """What `subject_of` makes of the requester's first public messages, up to somebody else's; "" where none is left.

    Deleted messages do not count. Where the first that are left are not the requester's, their next one counts.
    """
    db.session.flush()
    query = select(Message.author_id, Message.body).where(
        Message.ticket_id == ticket.id, Message.visibility == "public", Message.deleted_at.is_(None), Message.body != ""
    )
    written: list[str] = []
    for author_id, body in db.session.execute(query.order_by(Message.at, Message.id)):
        if author_id == ticket.requester_id:
            written.append(body)
        elif written:
            break
    return subject_of("\n".join(written))


def opening_message_id(ticket: Ticket) -> UUID | None:
    """The message that opened the ticket: the first that was stored, ids being ordered by time."""
    query = select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    return db.session.execute(query).scalar_one_or_none()


def was_written_by_staff(ticket: Ticket) -> bool:
    """Whether a member of staff gave the ticket its subject by editing it."""
    query = (
        select(Event.id)
        .join(Person, Person.id == Event.actor_id)
        .where(
            Event.subject_id == ticket.id,
            Event.kind == "ticket.edited",
            Event.data["fields"].contains(["subject"]),
            Person.client_id.is_(None),
        )
    )
    return db.session.execute(query.limit(1)).one_or_none() is not None

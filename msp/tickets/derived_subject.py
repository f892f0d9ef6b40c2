"""The subject of a ticket as far as it comes from what its requester wrote, so that it follows edits and deletions."""

from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.richtext import Document, to_json
from msp.tickets.events import TicketEdited
from msp.tickets.models import Message, Ticket
from msp.tickets.subject import subject_of

_WITHOUT_WORDS = to_json(Document())  # of a message that is nothing but files: its body names them


def derived_subject(ticket: Ticket) -> str:
    """What `subject_of` makes of the requester's first public messages, up to somebody else's; "" where none is left.

    Deleted messages do not count. Where the first that are left are not the requester's, their next one counts. What
    only names its files comes last.
    """
    db.session.flush()
    query = select(Message.author_id, Message.body, Message.content).where(
        Message.ticket_id == ticket.id, Message.visibility == "public", Message.deleted_at.is_(None), Message.body != ""
    )
    written: list[str] = []
    names: list[str] = []
    for author_id, body, content in db.session.execute(query.order_by(Message.at, Message.id)):
        if author_id == ticket.requester_id:
            (names if content == _WITHOUT_WORDS else written).append(body)
        elif written or names:
            break
    return subject_of("\n".join([*written, *names]))


def opening_message_id(ticket: Ticket) -> UUID | None:
    """The message that opened the ticket: the first that was stored, ids being ordered by time."""
    query = select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    return db.session.execute(query).scalar_one_or_none()


def was_written_by_staff(ticket: Ticket) -> bool:
    """Whether a member of staff gave the ticket its subject by editing it."""
    query = (
        select(StoredEvent.id)
        .join(Person, Person.id == StoredEvent.actor_id)
        .where(
            StoredEvent.subject_id == ticket.id,
            StoredEvent.kind == TicketEdited.kind,
            StoredEvent.data["fields"].contains(["subject"]),
            Person.client_id.is_(None),
        )
    )
    return db.session.execute(query.limit(1)).one_or_none() is not None

"""Subjects derived from the requester's messages; they follow edits and deletions."""

from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.richtext import Document, to_json
from msp.tickets.events import TicketEdited
from msp.tickets.models import Message, Ticket
from msp.tickets.subject import subject_of

_WITHOUT_WORDS = to_json(Document())  # of a message that has only files: its body is their names


def derived_subject(ticket: Ticket) -> str:
    """The subject from the requester's first public messages, up to another author's; "" if none is left.

    Deleted messages do not count. If the first remaining ones are not the requester's, the requester's next one counts.
    A message that only names its files is used last.
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
    """The message that opened the ticket: the one with the lowest id, as ids are ordered by time.

    Messages that are older than the ticket came from another one.
    """
    query = select(Message.id).where(Message.ticket_id == ticket.id)
    query = query.order_by(Message.at < ticket.created_at, Message.id).limit(1)
    return db.session.execute(query).scalar_one_or_none()


def was_written_by_staff(ticket: Ticket) -> bool:
    """Whether a member of staff has edited the ticket's subject."""
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

"""Internal notes with mentions: @Name notifies members of staff who may see the client."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.people.models import Person, StaffClient
from msp.richtext import read_markdown, to_json, write_text
from msp.richtext.mentioning import mentioned, with_mentions
from msp.tickets import messages
from msp.tickets.events import Recipients, StaffMentioned, emit_ticket_event
from msp.tickets.models import Message, Ticket


def note(ticket: Ticket, *, author: Person, body: str, at: datetime, channel: str = "console") -> Message:
    """Add an internal note in Markdown; emits `ticket.noted`, and `ticket.mentioned` if it mentions others."""
    message = messages.note(ticket, author=author, body=body, at=at, channel=channel)
    if "@" not in body:
        return message
    names = {str(id): name for id, name in mentionable(ticket.client_id).items()}
    document = with_mentions(read_markdown(body), names)
    found = mentioned(document, names)
    if not found:
        return message
    message.body, message.content = write_text(document), to_json(document)
    if others := tuple(f"person:{id}" for id in found if id != str(author.id)):
        event = StaffMentioned(message_id=message.id, recipients=Recipients(others))
        emit_ticket_event(ticket, event, at=at, actor_id=author.id)
    return message


def mentionable(client_id: UUID) -> Mapping[UUID, str]:
    """The active members of staff who may see a client, by name."""
    theirs = select(StaffClient.person_id).where(StaffClient.client_id == client_id)
    query = (
        select(Person.id, Person.name)
        .where(Person.client_id.is_(None), Person.active, or_(~Person.is_restricted, Person.id.in_(theirs)))
        .order_by(by_name(Person.name))
    )
    return {row.id: row.name for row in db.session.execute(query)}

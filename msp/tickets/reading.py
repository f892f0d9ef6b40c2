"""Replies in the portal that a client's person has not read yet."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets.models import Message, Ticket, TicketRead


def mark_ticket_read(ticket: Ticket, person: Person, *, at: datetime) -> None:
    """Record that a person has opened a ticket in the portal."""
    seen = insert(TicketRead).values(person_id=person.id, ticket_id=ticket.id, client_id=ticket.client_id, read_at=at)
    db.session.execute(
        seen.on_conflict_do_update(
            index_elements=[TicketRead.person_id, TicketRead.ticket_id],
            set_={"read_at": func.greatest(TicketRead.read_at, at)},
        )
    )


def tickets_with_new_reply(person: Person, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Which of these tickets of a requester have a reply in the portal that they have not opened since."""
    query = (
        select(Message.ticket_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .outerjoin(TicketRead, (TicketRead.ticket_id == Ticket.id) & (TicketRead.person_id == person.id))
        .where(
            Message.ticket_id.in_(ticket_ids),
            Ticket.requester_id == person.id,
            Message.delivery_channel == "portal",
            Message.delivery_state == "sent",
            Message.deleted_at.is_(None),
            func.coalesce(Message.delivered_at > TicketRead.read_at, True),
        )
        .distinct()
    )
    return set(db.session.scalars(query)) if ticket_ids else set()

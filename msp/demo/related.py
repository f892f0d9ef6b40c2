"""Links and followers of the demo: in each company with enough open tickets, a related one, a child, and followers."""

from datetime import datetime

from sqlalchemy import select

from msp.demo.loaded import Loaded
from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets.following import follow
from msp.tickets.linking import add_link
from msp.tickets.models import Ticket
from msp.tickets.ticket_rows import IS_UNFINISHED

ENOUGH = 3  # open tickets of a company


def load(loaded: Loaded, *, at: datetime) -> None:
    """Link and follow the newest open tickets of each company (system scope)."""
    lead = next(each for each in loaded.people.values() if each.role == "team_lead")
    for client in loaded.clients.values():
        query = select(Ticket).where(Ticket.client_id == client.id, IS_UNFINISHED).order_by(Ticket.number.desc())
        found = list(db.session.scalars(query.limit(ENOUGH)))
        if len(found) < ENOUGH:
            continue
        first, second, third = found
        add_link(second, first, "related", at=at, actor_id=lead.id)
        add_link(third, first, "child_of", at=at, actor_id=lead.id)
        follow(first, lead, at=at, actor_id=lead.id)
        if (colleague := _colleague(first)) is not None:
            follow(first, colleague, at=at, actor_id=lead.id)


def _colleague(ticket: Ticket) -> Person | None:
    query = select(Person).where(Person.client_id == ticket.client_id, Person.active, Person.id != ticket.requester_id)
    return db.session.scalars(query.order_by(Person.name, Person.id).limit(1)).one_or_none()

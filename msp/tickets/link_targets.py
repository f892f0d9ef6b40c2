"""Tickets of the same client to choose from while one types: to link, or to merge into."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import String, cast, or_, select

from msp.clients.models import Client
from msp.kernel.db import db
from msp.kernel.errors import Invalid, NotFound
from msp.people.models import Person
from msp.tickets.label import Label, parse_label
from msp.tickets.models import Ticket
from msp.tickets.queries import access_by_label
from msp.tickets.ticket_rows import IS_UNFINISHED

MAX_TYPED = 80
SHOWN = 8


class Target(NamedTuple):
    """A ticket that may be chosen."""

    id: UUID
    code: str
    number: int
    subject: str
    status: str
    requester: str

    @property
    def label(self) -> str:
        """The ticket number: LOZ-412."""
        return str(Label(self.code, self.number))


def targets(ticket: Ticket, typed: str) -> list[Target]:
    """Up to SHOWN other tickets of the client, newest first, whose number begins with what was typed, or whose subject
    contains it; the unfinished ones if nothing was typed.
    """
    words = typed.strip()[:MAX_TYPED]
    query = (
        select(Ticket.id, Client.code, Ticket.number, Ticket.subject, Ticket.status, Person.name)
        .join(Client, Client.id == Ticket.client_id)
        .join(Person, Person.id == Ticket.requester_id)
        .where(Ticket.client_id == ticket.client_id, Ticket.id != ticket.id)
        .order_by(Ticket.id.desc())
        .limit(SHOWN)
    )
    if not words:
        return [Target(*row) for row in db.session.execute(query.where(IS_UNFINISHED))]
    number = words.rpartition("-")[2] if words.upper().startswith(f"{ticket.client.code}-") else words
    found = Ticket.subject.icontains(words, autoescape=True)
    if number.isdecimal():
        found = or_(found, cast(Ticket.number, String).startswith(str(int(number)), autoescape=True))
    return [Target(*row) for row in db.session.execute(query.where(found))]


def target_named(ticket: Ticket, typed: str) -> Ticket:
    """The ticket of the same client that a person typed: LOZ-42 or 42. Raises Invalid if there is none."""
    words = typed.strip().upper()
    label = f"{ticket.client.code}-{words}" if words.isdecimal() else words
    if not words:
        raise Invalid(fields={"ticket": ["required"]})
    try:
        found = access_by_label(label) if parse_label(label) else None
    except NotFound:
        found = None
    if found is None or found.client_id != ticket.client_id:
        raise Invalid(fields={"ticket": ["no_such_ticket"]})
    return found

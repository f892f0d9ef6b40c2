"""Tickets and what belongs to them in pages, for programs: the REST API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.kernel.paging import page_by_id
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.search import says
from msp.tickets.states import FINISHED

Due = tuple[datetime | None, UUID]
_WHOLE = (
    joinedload(Ticket.client),
    joinedload(Ticket.requester),
    joinedload(Ticket.assignee),
    selectinload(Ticket.clocks),
)


@dataclass(frozen=True, slots=True)
class TicketQuery:
    """Which tickets; every part that is set narrows."""

    client_id: UUID | None = None
    statuses: Sequence[str] = ()
    assignee_id: UUID | None = None
    is_unassigned: bool = False
    requester_id: UUID | None = None
    tier: int | None = None
    priority: str | None = None
    type: str | None = None
    words: str | None = None


def read_ticket(ticket_id: UUID) -> Ticket:
    """The ticket with client, requester, assignee and clocks; raises NotFound."""
    ticket = db.session.scalars(select(Ticket).where(Ticket.id == ticket_id).options(*_WHOLE)).one_or_none()
    if ticket is None:
        raise NotFound("ticket")
    return ticket


def newest_tickets(wanted: TicketQuery, *, after: UUID | None, limit: int) -> list[Ticket]:
    """Tickets, newest first, in pages."""
    query = _narrow(select(Ticket).options(*_WHOLE), wanted)
    return page_by_id(query, Ticket.id, after=after, limit=limit, newest_first=True)


def due_tickets(wanted: TicketQuery, *, after: Due | None, limit: int) -> list[Ticket]:
    """Unfinished tickets by what is due first, those that stand still or promise nothing last, in pages."""
    query = _narrow(select(Ticket).options(*_WHOLE), wanted).where(Ticket.status.not_in(FINISHED))
    if after is not None:
        query = query.where(_is_due_after(*after))
    ordered = query.order_by(Ticket.due_at.asc().nulls_last(), Ticket.id.asc()).limit(limit)
    return list(db.session.scalars(ordered))


def messages_page(ticket_id: UUID, *, after: UUID | None, limit: int) -> list[Message]:
    """What was said on a ticket, in order, in pages, with authors and files."""
    query = select(Message).where(Message.ticket_id == ticket_id)
    query = query.options(joinedload(Message.author), selectinload(Message.attachments))
    return page_by_id(query, Message.id, after=after, limit=limit)


def events_page(ticket_id: UUID, *, after: int | None, limit: int) -> list[tuple[StoredEvent, Person | None]]:
    """What happened to a ticket, in order, in pages, each with who did it."""
    query = (
        select(StoredEvent, Person)
        .outerjoin(Person, Person.id == StoredEvent.actor_id)
        .where(StoredEvent.subject_id == ticket_id)
        .order_by(StoredEvent.seq)
        .limit(limit)
    )
    if after is not None:
        query = query.where(StoredEvent.seq > after)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _narrow(query: Select[Ticket], wanted: TicketQuery) -> Select[Ticket]:
    equal = {
        Ticket.client_id: wanted.client_id,
        Ticket.assignee_id: wanted.assignee_id,
        Ticket.requester_id: wanted.requester_id,
        Ticket.tier: wanted.tier,
        Ticket.priority: wanted.priority,
        Ticket.type: wanted.type,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.statuses:
        query = query.where(Ticket.status.in_(wanted.statuses))
    if wanted.is_unassigned:
        query = query.where(Ticket.assignee_id.is_(None))
    if wanted.words:
        query = query.where(says(wanted.words, requester_id=wanted.requester_id))
    return query


def _is_due_after(due_at: datetime | None, ticket_id: UUID) -> ColumnElement[bool]:
    if due_at is None:
        return and_(Ticket.due_at.is_(None), Ticket.id > ticket_id)
    return or_(Ticket.due_at > due_at, and_(Ticket.due_at == due_at, Ticket.id > ticket_id), Ticket.due_at.is_(None))

"""Paginated queries of tickets, their messages and events, for the REST API."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import joinedload, selectinload

from msp.kernel.batch_read import BatchQuery, RowQuery
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.kernel.paging import page_by_id
from msp.people.models import Person
from msp.sla.detail_queries import ClockRow, clocks_of_tickets
from msp.tickets.models import NOT_UNDONE, Message, Ticket
from msp.tickets.search import says
from msp.tickets.ticket_rows import (
    IS_UNFINISHED,
    Filter,
    TicketRow,
    TicketSelect,
    fetch_rows,
    narrowed_rows,
    values_of,
)

Due = tuple[datetime | None, UUID]
_WHOLE = (
    joinedload(Ticket.client),
    joinedload(Ticket.requester),
    joinedload(Ticket.assignee),
    selectinload(Ticket.clocks),
)


class BodyRow(NamedTuple):
    """The text of a ticket's first message."""

    id: UUID
    body: str


class ListedTicket(NamedTuple):
    """A ticket of a list, with its text and its clocks."""

    row: TicketRow
    body: str
    clocks: Sequence[ClockRow]


_IDS = bindparam("ids", type_=ARRAY(Uuid))
_BODIES = RowQuery(BodyRow, select(Ticket.id, Ticket.body).where(Ticket.id == any_(_IDS)))
_CLOCKS = clocks_of_tickets(_IDS)
_BESIDE = BatchQuery(_BODIES, _CLOCKS)


def read_ticket(ticket_id: UUID) -> Ticket:
    """The ticket with client, requester, assignee and clocks; raises NotFound."""
    ticket = db.session.scalars(select(Ticket).where(Ticket.id == ticket_id).options(*_WHOLE)).one_or_none()
    if ticket is None:
        raise NotFound("ticket")
    return ticket


def newest_tickets(wanted: Filter, *, words: str | None = None, after: UUID | None, limit: int) -> list[ListedTicket]:
    """Tickets, newest first, in pages."""
    query = _narrowed(wanted, words)
    if after is not None:
        query = query.where(Ticket.id < after)
    return listed_tickets(fetch_rows(query.order_by(Ticket.id.desc()).limit(limit), values_of(wanted)))


def due_tickets(wanted: Filter, *, words: str | None = None, after: Due | None, limit: int) -> list[ListedTicket]:
    """Unfinished tickets by due date, in pages; those with paused clocks or without targets come last."""
    query = _narrowed(wanted, words).where(IS_UNFINISHED)
    if after is not None:
        query = query.where(_is_due_after(*after))
    ordered = query.order_by(Ticket.due_at.asc().nulls_last(), Ticket.id.asc()).limit(limit)
    return listed_tickets(fetch_rows(ordered, values_of(wanted)))


def _narrowed(wanted: Filter, words: str | None) -> TicketSelect:
    query = narrowed_rows(wanted)
    return query.where(says(words, requester_id=wanted.requester_id)) if words else query


def listed_tickets(rows: Sequence[TicketRow]) -> list[ListedTicket]:
    """Rows with the texts and clocks of their tickets."""
    found = _BESIDE.read(ids=[row.id for row in rows])
    bodies = {each.id: each.body for each in found.all(_BODIES)}
    clocks: dict[UUID, list[ClockRow]] = {}
    for clock in found.all(_CLOCKS):
        clocks.setdefault(clock.ticket_id, []).append(clock)
    return [ListedTicket(row, bodies[row.id], clocks.get(row.id, ())) for row in rows]


def messages_page(ticket_id: UUID, *, after: UUID | None, limit: int) -> list[Message]:
    """A ticket's messages in order, in pages, with authors and files."""
    query = select(Message).where(Message.ticket_id == ticket_id, NOT_UNDONE)
    query = query.options(joinedload(Message.author), selectinload(Message.attachments))
    return page_by_id(query, Message.id, after=after, limit=limit)


def events_page(ticket_id: UUID, *, after: int | None, limit: int) -> list[tuple[StoredEvent, Person | None]]:
    """A ticket's events in order, in pages, each with its actor."""
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


def _is_due_after(due_at: datetime | None, ticket_id: UUID) -> ColumnElement[bool]:
    if due_at is None:
        return and_(Ticket.due_at.is_(None), Ticket.id > ticket_id)
    return or_(Ticket.due_at > due_at, and_(Ticket.due_at == due_at, Ticket.id > ticket_id), Ticket.due_at.is_(None))

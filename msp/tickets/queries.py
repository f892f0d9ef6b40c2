"""Ticket queries for the console: the queue by due date, one ticket with its timeline, changes since a version.

Rows of the queue are plain values read in one statement, because the page is requested all the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, func, literal_column, or_, select, text, union_all
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from msp.clients.models import Client
from msp.kernel.batch_read import BatchQuery, RowQuery, SingleQuery
from msp.kernel.collation import by_name
from msp.kernel.db import current_scope, db
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.kernel.i18n import current_reader
from msp.kernel.ttl_cache import cached
from msp.people.models import Person
from msp.tickets.follower_models import TicketFollower
from msp.tickets.label import Label, parse_label
from msp.tickets.models import NOT_UNDONE, Message, Ticket
from msp.tickets.states import PRIORITIES
from msp.tickets.ticket_rows import (
    IS_UNFINISHED,
    ClientName,
    Filter,
    FilterShape,
    TicketRow,
    narrow,
    narrowed_rows,
    select_tickets,
    shape_of,
    values_of,
)

GROUPS = ("late", "next_hour", "today", "later", "paused", "none")
RECENT = 64  # how many of the newest events make up the version of `news`
Bucket = tuple[UUID | None, int, str]


@dataclass(frozen=True, slots=True)
class News:
    """Changes: an opaque version for the next call, and the tickets concerned."""

    version: str
    tickets: Sequence[UUID] = field(default_factory=tuple)


class Newest(NamedTuple):
    """One of the newest events."""

    seq: int
    subject_id: UUID


NEWEST = RowQuery(
    Newest,
    select(StoredEvent.seq, StoredEvent.subject_id).order_by(StoredEvent.seq.desc()).limit(literal_column(str(RECENT))),
)
_NEWEST = BatchQuery(NEWEST)
ORDERS = ("due", "newest", "priority")
_BY_DUE = (Ticket.due_at.asc().nulls_last(), Ticket.id.asc())
DUE_NEXT = RowQuery(  # the two tickets of a person (parameter person_id) that are due first
    Label,
    select(Client.code, Ticket.number)
    .join(Client, Client.id == Ticket.client_id)
    .where(IS_UNFINISHED, Ticket.assignee_id == bindparam("person_id"), Ticket.due_at.is_not(None))
    .order_by(*_BY_DUE)
    .limit(literal_column("2")),
)


def rows(wanted: Filter, *, order: str = "due", is_running: bool | None = None, limit: int) -> list[TicketRow]:
    """Tickets by due date, newest first, or by priority; optionally only running or only paused ones."""
    query = _list_query(shape_of(wanted), order, is_running, limit, current_scope().is_client)
    return query.rows(**values_of(wanted))


def due_rows(wanted: Filter, *, running: int, still: int) -> list[TicketRow]:
    """Unfinished tickets by due date, up to a limit; then as many with paused clocks or without targets."""
    return _due_query(shape_of(wanted), running, still, current_scope().is_client).rows(**values_of(wanted))


@lru_cache(maxsize=512)
def _list_query(
    shape: FilterShape, order: str, is_running: bool | None, limit: int, is_client: bool
) -> SingleQuery[TicketRow]:
    query = narrow(select_tickets(is_client=is_client), shape)
    if is_running is not None:
        query = query.where(Ticket.due_at.is_not(None) if is_running else Ticket.due_at.is_(None))
    by_priority = case({code: rank for rank, code in enumerate(PRIORITIES)}, value=Ticket.priority)
    orders: dict[str, tuple[Any, ...]] = {
        "due": _BY_DUE,
        "newest": (Ticket.id.desc(),),
        "priority": (by_priority, *_BY_DUE),
    }
    return SingleQuery(TicketRow, query.order_by(*orders[order]).limit(_just(limit)))


@lru_cache(maxsize=512)
def _due_query(shape: FilterShape, running: int, still: int, is_client: bool) -> SingleQuery[TicketRow]:
    query = narrow(select_tickets(is_client=is_client), shape).order_by(*_BY_DUE)
    parts = [
        query.where(Ticket.due_at.is_not(None)).limit(_just(running)),
        query.where(Ticket.due_at.is_(None)).limit(_just(still)),
    ]
    return SingleQuery(TicketRow, union_all(*(select(part.subquery()) for part in parts)))


def _just(limit: int) -> Any:
    """The limit as a literal: with a parameter, the planner would assume a tenth of the table."""
    return literal_column(str(int(limit)))


def client_names() -> tuple[ClientName, ...]:
    """The active client companies by name, for a select field; cached for about a second."""
    query = select(Client.id, Client.name).where(Client.active).order_by(by_name(Client.name), Client.id)
    read = lambda: tuple(ClientName(row.id, row.name) for row in db.session.execute(query))  # noqa: E731
    return cached(read, name="client names", of=current_reader().locale)


def access_by_label(label: str, *, lock: bool = False) -> Ticket:
    """The ticket with this label, with client, requester and assignee; raises NotFound."""
    named = parse_label(label)
    if named is None:
        raise NotFound("ticket")
    query = (
        select(Ticket)
        .join(Ticket.client)
        .where(Client.code == named.code, Ticket.number == named.number)
        .options(contains_eager(Ticket.client), joinedload(Ticket.requester), joinedload(Ticket.assignee))
        .execution_options(populate_existing=True)
    )
    ticket = db.session.scalars(query.with_for_update(of=Ticket) if lock else query).one_or_none()
    if ticket is None:
        raise NotFound("ticket")
    return ticket


def access_ticket(ticket_id: UUID, *, lock: bool = False) -> Ticket:
    """The ticket, optionally locked for the unit of work; raises NotFound also outside the scope."""
    query = select(Ticket).where(Ticket.id == ticket_id)
    ticket = db.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if ticket is None:
        raise NotFound("ticket")
    return ticket


def messages_of(ticket_id: UUID) -> list[Message]:
    """A ticket's messages in order, with authors and files."""
    query = (
        select(Message)
        .where(Message.ticket_id == ticket_id, NOT_UNDONE)
        .options(joinedload(Message.author), selectinload(Message.attachments))
        .order_by(Message.at, Message.id)
    )
    return list(db.session.scalars(query))


def events_of(subject_id: UUID) -> list[tuple[StoredEvent, str | None]]:
    """A ticket's events in order, each with the name of its actor."""
    query = (
        select(StoredEvent, Person.name)
        .outerjoin(Person, Person.id == StoredEvent.actor_id)
        .where(StoredEvent.subject_id == subject_id)
        .order_by(StoredEvent.seq)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def news(since: str) -> News:
    """Changes since a version that `news` returned; an unknown version returns all recent ones.

    The version covers the newest events, not only the last number: a transaction that commits late with an earlier
    number still shows.
    """
    rows = _NEWEST.read().all(NEWEST)
    version = version_of(rows)
    if version == since:
        return News(version)
    number = since.partition(".")[0]
    before = int(number) if number.isdecimal() and len(number) < 20 else 0
    newer = {row.subject_id for row in rows if row.seq > before}
    return News(version, tuple(newer or {row.subject_id for row in rows}))


def news_of(requester_id: UUID, since: str) -> News:
    """The same for one person's own tickets and those that they follow: changes of others do not affect the version."""
    followed = select(TicketFollower.ticket_id).where(TicketFollower.person_id == requester_id)
    query = (
        select(StoredEvent.seq, StoredEvent.subject_id)
        .join(Ticket, Ticket.id == StoredEvent.subject_id)
        .where(or_(Ticket.requester_id == requester_id, Ticket.id.in_(followed)))
        .order_by(StoredEvent.seq.desc())
        .limit(RECENT)
    )
    rows = db.session.execute(query).all()
    version = f"0.{hash(tuple(row.seq for row in rows)) & 0xFFFFFFFF:x}"
    return News(version) if version == since else News(version, tuple({row.subject_id for row in rows}))


def version_of(rows: Sequence[Newest]) -> str:
    """The version of `news` for the newest events."""
    last = rows[0].seq if rows else 0
    return f"{last}.{hash(tuple(row.seq for row in rows)) & 0xFFFFFFFF:x}"


def open_counts(*, at: datetime, end_of_day: datetime) -> dict[Bucket, int]:
    """Unfinished tickets by (assignee, tier, group), for the sidebar and page heads; cached for about a second."""
    return cached(lambda: _count_open(at=at, end_of_day=end_of_day), name="open tickets", of=end_of_day)


def _count_open(*, at: datetime, end_of_day: datetime) -> dict[Bucket, int]:
    query = (
        select(Ticket.assignee_id, Ticket.tier, _group(at, end_of_day).label("bucket"), func.count())
        .where(IS_UNFINISHED)
        .group_by(Ticket.assignee_id, Ticket.tier, text("bucket"))
    )
    return {(row[0], row[1], row[2]): row[3] for row in db.session.execute(query)}


def _group(at: datetime, end_of_day: datetime) -> ColumnElement[str]:
    """The group of GROUPS that a ticket belongs to."""
    return case(
        (Ticket.paused_at.is_not(None), "paused"),
        (Ticket.due_at.is_(None), "none"),
        (Ticket.due_at <= at, "late"),
        (Ticket.due_at <= at + timedelta(hours=1), "next_hour"),
        (Ticket.due_at <= end_of_day, "today"),
        else_="later",
    )


def group_counts(wanted: Filter, *, at: datetime, end_of_day: datetime) -> dict[str, int]:
    """How many tickets match, by group; cached for about a second."""
    group = _group(at, end_of_day).label("bucket")

    def count() -> dict[str, int]:
        query = narrowed_rows(wanted).with_only_columns(group, func.count(), maintain_column_froms=True)
        rows = db.session.execute(query.group_by(text("bucket")), values_of(wanted))
        return {row[0]: row[1] for row in rows}

    of = (replace(wanted, due_before=None), wanted.due_before is None, end_of_day)
    return cached(count, name="groups of a list", of=of)

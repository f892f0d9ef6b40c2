"""What the forecast is made of: the promises due in the next hours with their queues, and the pace lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, select, text, union_all
from sqlalchemy.orm import aliased

from msp.calendars.business_time import elapsed
from msp.calendars.queries import working_calendar
from msp.clients.models import Client
from msp.kernel.db import db
from msp.kernel.recent import recent
from msp.people.models import Person
from msp.reports.forecast import Forecast, Pace, Paces, Waiting, forecast
from msp.sla.models import Clock
from msp.tickets.models import UNFINISHED, Ticket

HORIZONS = (2, 4, 8)  # hours
MEASURED = timedelta(days=14)
LONGEST_STRETCH = timedelta(hours=4)  # between two promises: a longer one is a night or a day off, not a pace
PACE_SECONDS = 60.0
_UNFINISHED = text(f"ticket.{UNFINISHED}")  # in so many words, so that the plan knows its index


@dataclass(frozen=True, slots=True)
class Expected:
    """A promise due in the next hours, with its ticket as a list names it and what is expected of it."""

    ticket_id: UUID
    label: str
    subject: str
    priority: str
    client_id: UUID
    client: str
    assignee: str | None
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next hours as far as the scope in force sees them: soonest first, and how many are late already."""

    expected: tuple[Expected, ...]
    late_already: int


def outlook(*, at: datetime, hours: int, client_id: UUID | None = None, tier: int | None = None) -> Outlook:
    """What is expected of the promises due within `hours` from `at`; queues count whatever the scope may see.

    A client or tier narrows what is shown, not the queues that stand before it.
    """
    rows = _running(until=at + timedelta(hours=hours))
    waiting = {row.clock_id: row for row in rows}
    found = forecast((_waiting(row, at=at) for row in rows), paces(at=at), at=at)
    shown = [
        _expected(waiting[each.waiting.clock_id], each)
        for each in found
        if client_id in (None, waiting[each.waiting.clock_id].client_id) and tier in (None, each.waiting.tier)
    ]
    late = sum(
        1 for row in rows if row.due_at <= at and client_id in (None, row.client_id) and tier in (None, row.tier)
    )
    return Outlook(tuple(shown), late)


def paces(*, at: datetime) -> Paces:
    """The usual time between two promises met one after the other within a day, over the last two weeks.

    The median of the stretches, per technician (by the tickets they have) and per tier; a minute old at most. What is
    met at the same instant is one act.
    """
    return recent(lambda: _paces(at), name="paces", of=at.date(), seconds=PACE_SECONDS)


def _running(*, until: datetime) -> list[Any]:
    assignee = aliased(Person)
    query = (
        select(
            Clock.id.label("clock_id"),
            Clock.kind,
            Clock.calendar_id,
            Clock.due_at,
            Ticket.id.label("ticket_id"),
            func.concat(Client.code, "-", Ticket.number).label("label"),
            Ticket.subject,
            Ticket.priority,
            Ticket.tier,
            Ticket.assignee_id,
            Ticket.client_id,
            Client.name.label("client"),
            assignee.name.label("assignee"),
        )
        .join(Clock, Clock.ticket_id == Ticket.id)
        .join(Client, Client.id == Ticket.client_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .where(_UNFINISHED, Ticket.due_at <= until, Clock.state == "running", Clock.due_at <= until)
    )
    return list(db.session.execute(query))


def _waiting(row: Any, *, at: datetime) -> Waiting:
    left = elapsed(working_calendar(row.calendar_id), at, row.due_at) if row.due_at > at else timedelta()
    return Waiting(row.clock_id, row.kind, row.tier, row.assignee_id, row.due_at, left)


def _expected(row: Any, found: Forecast) -> Expected:
    return Expected(row.ticket_id, row.label, row.subject, row.priority, row.client_id, row.client, row.assignee, found)


def _paces(at: datetime) -> Paces:
    met = (
        select(Clock.met_at, Ticket.assignee_id, Ticket.tier)
        .join(Ticket, and_(Ticket.client_id == Clock.client_id, Ticket.id == Clock.ticket_id))
        .where(Clock.state == "met", Clock.met_at > at - MEASURED, Clock.met_at <= at)
        .cte("met")
    )
    stretch = func.lag(met.c.met_at)
    by_person = select(
        met.c.assignee_id.label("person"),
        literal(None).label("tier"),
        (met.c.met_at - stretch.over(partition_by=met.c.assignee_id, order_by=met.c.met_at)).label("stretch"),
    ).where(met.c.assignee_id.is_not(None))
    by_tier = select(
        literal(None),
        met.c.tier,
        met.c.met_at - stretch.over(partition_by=met.c.tier, order_by=met.c.met_at),
    )
    each = union_all(by_person, by_tier).subquery("each")
    median = func.percentile_cont(0.5).within_group(each.c.stretch)
    query = (
        select(each.c.person, each.c.tier, median, func.count())
        .where(each.c.stretch > timedelta(), each.c.stretch <= LONGEST_STRETCH)
        .group_by(each.c.person, each.c.tier)
    )
    return _read(db.session.execute(query))


def _read(rows: Iterable[Any]) -> Paces:
    technicians: dict[UUID, Pace] = {}
    tiers: dict[int, Pace] = {}
    for person, tier, every, measured in rows:
        if person is not None:
            technicians[person] = Pace(every, measured)
        elif tier is not None:
            tiers[tier] = Pace(every, measured)
    return Paces(technicians, tiers)

"""Behind one target of a report: ticket, contract, calculation of the deadline, and margin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, literal, select
from sqlalchemy.orm import InstrumentedAttribute, lazyload

from msp.calendars.business_time import elapsed
from msp.contracts.models import Contract
from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.reports.attainment import ReportLine
from msp.sla.explanation import Explanation, explain_with
from msp.sla.history import Counted, calendar_of, pauses_before
from msp.sla.models import Clock, Pause
from msp.tickets.history import CHANGES, TicketTerms, terms_at
from msp.tickets.models import Ticket

MINUTE = timedelta(minutes=1)
Spans = list[tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Reason:
    """The explanation of a deadline, with its margin (see `margins`).

    For a finished target, `then` and `contract` are those it was calculated with, whatever the ticket has now.
    """

    then: TicketTerms
    contract: Contract | None
    explanation: Explanation
    left: int


def reasons(lines: Sequence[ReportLine], *, at: datetime) -> dict[UUID, Reason]:
    """The explanations of these lines by clock; a few statements in all."""
    query = (
        select(Clock, Ticket.id, Ticket.priority, Ticket.contract_id)
        .join(Ticket, and_(Ticket.client_id == Clock.client_id, Ticket.id == Clock.ticket_id))
        .where(_among(Clock.id, _clocks(lines)))
        .options(lazyload("*"))
    )
    rows, pauses, changes = db.session.execute(query).all(), _pauses(lines), _changes(lines)
    made_for = {
        clock.id: terms_at(TicketTerms(priority, contract_id), changes.get(ticket_id, ()), clock.met_at)
        for clock, ticket_id, priority, contract_id in rows
    }
    contracts = _contracts({then.contract_id for then in made_for.values() if then.contract_id})
    return {
        clock.id: Reason(then, contracts.get(then.contract_id), _trail(clock, stood), _left(clock, stood, at))
        for clock, ticket_id, _, _ in rows
        for then, stood in [(made_for[clock.id], pauses.get(ticket_id, []))]
    }


def margins(lines: Sequence[ReportLine], *, at: datetime) -> dict[UUID, int]:
    """The business minutes left when each target was met, negative if late, by clock.

    For an open target those left at `at`. Two statements, and those that read calendar versions.
    """
    query = select(
        Clock.id, Clock.ticket_id, Clock.calendar_id, Clock.budget_seconds, Clock.started_at, Clock.due_at, Clock.met_at
    ).where(_among(Clock.id, _clocks(lines)))
    rows, pauses = db.session.execute(query).all(), _pauses(lines)
    return {row.id: _left(row, pauses.get(row.ticket_id, []), at) for row in rows}


def _clocks(lines: Sequence[ReportLine]) -> list[UUID]:
    return [line.clock_id for line in lines if line.clock_id is not None]


def _pauses(lines: Iterable[ReportLine]) -> dict[UUID, Spans]:
    found: dict[UUID, Spans] = {}
    query = select(Pause.ticket_id, Pause.started_at, Pause.ended_at).order_by(Pause.started_at)
    for row in db.session.execute(query.where(_among(Pause.ticket_id, list({line.ticket_id for line in lines})))):
        found.setdefault(row.ticket_id, []).append((row.started_at, row.ended_at))
    return found


def _changes(lines: Iterable[ReportLine]) -> dict[UUID, list[StoredEvent]]:
    """Changes of what targets depend on, by ticket, oldest first."""
    found: dict[UUID, list[StoredEvent]] = {}
    query = select(StoredEvent).where(_among(StoredEvent.subject_id, list({line.ticket_id for line in lines})))
    for event in db.session.scalars(query.where(StoredEvent.kind.in_(CHANGES)).order_by(StoredEvent.seq)):
        found.setdefault(event.subject_id, []).append(event)
    return found


def _contracts(ids: set[UUID]) -> dict[UUID | None, Contract]:
    query = select(Contract).where(Contract.id.in_(ids)).options(lazyload("*"))
    return {each.id: each for each in db.session.scalars(query)}


def _among(column: InstrumentedAttribute[UUID], ids: list[UUID]) -> ColumnElement[bool]:
    """Many ids as one parameter."""
    return column == any_(literal(ids, ARRAY(Uuid)))


def _left(clock: Counted, stood: Spans, at: datetime) -> int:
    """Whole minutes in the calendar then, rounded towards zero."""
    until = clock.met_at or at
    since = min([until, *(begun for begun, ended in stood if ended is None)])  # an open pause uses no time
    closed = [(begun, ended) for begun, ended in stood if ended is not None]
    used = elapsed(calendar_of(clock, pauses_before(clock, stood)), clock.started_at, since, closed)
    left = timedelta(seconds=clock.budget_seconds) - used
    return left // MINUTE if left >= timedelta() else -(-left // MINUTE)


def _trail(clock: Clock, stood: Spans) -> Explanation:
    return explain_with(clock, pauses_before(clock, stood))

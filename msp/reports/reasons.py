"""Behind a line of a report: ticket, contract, the trail of the deadline, and by how much it was kept or missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import lazyload

from msp.calendars.business_time import elapsed, explain
from msp.calendars.queries import working_calendar
from msp.contracts.models import Contract
from msp.kernel.db import db
from msp.reports.attainment import Line
from msp.sla.clocks import spans
from msp.sla.explanation import Explanation
from msp.sla.models import Clock, Pause
from msp.tickets.models import Ticket

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """What explains a deadline. `left` are the business minutes that were over when it was met, negative when late.

    Of a promise that is still open they are those left at the instant of asking.
    """

    ticket: Ticket
    contract: Contract | None
    explanation: Explanation
    left: int


def reasons(lines: Sequence[Line], *, at: datetime) -> dict[UUID, Reason]:
    """The reasons of these lines by clock, in a few statements however many there are."""
    wanted = [line.clock_id for line in lines if line.clock_id is not None]
    if not wanted:
        return {}
    query = (
        select(Clock, Ticket, Contract)
        .join(Ticket, and_(Ticket.client_id == Clock.client_id, Ticket.id == Clock.ticket_id))
        .outerjoin(Contract, and_(Contract.client_id == Ticket.client_id, Contract.id == Ticket.contract_id))
        .where(Clock.id.in_(wanted))
        .options(lazyload("*"))
    )
    rows = db.session.execute(query).all()
    pauses = _pauses({ticket.id for _, ticket, _ in rows})
    return {
        clock.id: _reason(clock, ticket, contract, pauses.get(ticket.id, []), at) for clock, ticket, contract in rows
    }


def _pauses(ticket_ids: set[UUID]) -> dict[UUID, list[Pause]]:
    found: dict[UUID, list[Pause]] = {}
    query = select(Pause).where(Pause.ticket_id.in_(ticket_ids)).order_by(Pause.started_at)
    for pause in db.session.scalars(query):
        found.setdefault(pause.ticket_id, []).append(pause)
    return found


def _reason(clock: Clock, ticket: Ticket, contract: Contract | None, pauses: list[Pause], at: datetime) -> Reason:
    calendar, budget = working_calendar(clock.calendar_id), timedelta(seconds=clock.budget_seconds)
    stood = spans(pauses)
    until = clock.met_at or at
    used = elapsed(calendar, clock.started_at, until, [(a, b or max(a, until)) for a, b in stood])
    steps = explain(calendar, clock.started_at, budget, stood)
    trail = Explanation(kind=clock.kind, budget=budget, timezone=calendar.timezone, steps=steps)
    return Reason(ticket, contract, trail, _minutes(budget - used))


def _minutes(left: timedelta) -> int:
    """Whole minutes, part minutes dropped towards zero."""
    return left // MINUTE if left >= timedelta() else -(-left // MINUTE)

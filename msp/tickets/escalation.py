"""Takes due escalation steps, in batches, each ticket under its lock; several workers may run it at once.

A worker looks each second. The cost depends on what is due (a partial index on the next step), not on what is open. A
step's record, its effects and its events are one transaction; workers skip tickets that another one has locked.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, text, true

from msp.kernel import clock as time
from msp.kernel.db import Scope, db, work
from msp.sla.models import Clock, TakenEscalationStep
from msp.sla.timing import Timed, timings_of
from msp.tickets.escalation_actions import TakenStep, apply_due_steps
from msp.tickets.models import Ticket

log = logging.getLogger(__name__)

BATCH = 100
SKIP_FOR = timedelta(seconds=60)
# A literal, not a parameter: otherwise a prepared plan could not use the partial index.
_RUNNING = text("sla_clock.state = 'running'")

_skipped_until: dict[UUID, datetime] = {}  # tickets whose steps failed in this process, and until when they are skipped


def take_due_steps() -> int:
    """Take every due step, oldest first; returns how many moments of clocks were handled."""
    total = 0
    while taken := _take_some():
        total += taken
    return total


def take_batch() -> bool:
    """Take the steps of some tickets; False when nothing is due."""
    return _take_some() > 0


def is_due() -> bool:
    """Whether any step is due."""
    with work(Scope.system()) as session:
        query = select(Clock.id).where(_RUNNING, Clock.next_step_at <= time.now(), _is_with_us(time.now()))
        return session.execute(query.limit(1)).one_or_none() is not None


def _take_some() -> int:
    try:
        return _take(limit=BATCH)
    except Exception:  # one failing ticket must not block the others: take each separately, skip the failing one
        log.exception("a batch of steps failed")
        return sum(_take_alone(ticket_id) for ticket_id in _due_tickets())


def _take_alone(ticket_id: UUID) -> int:
    try:
        return _take(limit=1, only=ticket_id)
    except Exception:
        log.exception("a ticket's steps failed", extra={"ticket": str(ticket_id)})
        _skipped_until[ticket_id] = time.now() + SKIP_FOR
        return 0


def _due_tickets() -> list[UUID]:
    at = time.now()
    with work(Scope.system()) as session:
        query = select(Clock.ticket_id).where(_RUNNING, Clock.next_step_at <= at, _is_with_us(at))
        return list(dict.fromkeys(session.scalars(query.order_by(Clock.next_step_at).limit(BATCH))))


def _take(*, limit: int, only: UUID | None = None) -> int:
    with work(Scope.system()):
        at = time.now()
        tickets = _lock_due(at, limit=limit, only=only)
        timings = timings_of(Timed(each.client_id, each.id, each.contract_id) for each in tickets)
        count, taken = 0, []
        for ticket in tickets:
            moments, steps = apply_due_steps(ticket, timings[ticket.id], at=at)
            count += moments
            taken += steps
        db.session.flush()
        _record(taken, at=at)
        return count


def _lock_due(at: datetime, *, limit: int, only: UUID | None) -> Collection[Ticket]:
    query = (
        select(Ticket)
        .join(Clock, Clock.ticket_id == Ticket.id)
        .where(_RUNNING, Clock.next_step_at <= at, Ticket.id == only if only else _is_with_us(at))
        .order_by(Clock.next_step_at)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return dict.fromkeys(db.session.scalars(query))


def _is_with_us(at: datetime) -> ColumnElement[bool]:
    for ticket_id in [ticket_id for ticket_id, until in _skipped_until.items() if until <= at]:
        del _skipped_until[ticket_id]
    return Clock.ticket_id.not_in(list(_skipped_until)) if _skipped_until else true()


def _record(taken: Iterable[TakenStep], *, at: datetime) -> None:
    rows = [
        {
            "clock_id": each.clock.id,
            "step": each.place,
            "key": each.key,
            "due_at": each.due_at,
            "client_id": each.clock.client_id,
            "ticket_id": each.clock.ticket_id,
            "taken_at": at,
        }
        for each in taken
    ]
    if rows:
        db.session.execute(insert(TakenEscalationStep), rows)

"""When a promise is at risk or broken: noted, said to who must know, and at breach raised to the next tier.

`take_due_steps` is called each second by a worker. Its cost follows what is due (a partial index on the next step), and
each step is taken once: the step's row and its effects are one transaction.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from msp.kernel import clock as time
from msp.kernel.db import Scope, db, work
from msp.kernel.events import emit
from msp.sla import clocks as sla
from msp.sla.models import Clock, Step
from msp.tickets.actions import MAX_TIER, access_ticket, change_tier

BATCH = 200
LATE_AFTER = timedelta(seconds=60)


def take_due_steps() -> int:
    """Take every step whose moment has come, oldest first; returns how many were taken."""
    taken = 0
    while due := _due_clocks(time.now()):
        taken += sum(_take_step(clock_id, ticket_id) for clock_id, ticket_id in due)
        if len(due) < BATCH:
            break
    return taken


def _due_clocks(at: datetime) -> list[tuple[UUID, UUID]]:
    with work(Scope.system()) as session:
        query = (
            select(Clock.id, Clock.ticket_id)
            .where(Clock.state == "running", Clock.next_step_at <= at)
            .order_by(Clock.next_step_at)
            .limit(BATCH)
        )
        return [(row.id, row.ticket_id) for row in session.execute(query)]


def _take_step(clock_id: UUID, ticket_id: UUID) -> bool:
    with work(Scope.system()) as session:
        at = time.now()
        ticket = access_ticket(ticket_id, lock=True)
        clock = session.get_one(Clock, clock_id)
        due = clock.next_step_at
        if clock.state != "running" or due is None or due > at:
            return False
        if not _record(clock, due=due, at=at):
            return False
        is_breach = sla.STEPS[clock.next_step] >= 1.0
        if is_breach:
            clock.breached_at = due
        sla.advance_step(clock)
        emit(
            "sla.breached" if is_breach else "sla.warned",
            ticket.id,
            client_id=ticket.client_id,
            visibility="internal",
            at=at,
            clock=clock.kind,
            assignee_id=str(ticket.assignee_id) if ticket.assignee_id else None,
            due_at=clock.due_at.isoformat() if clock.due_at else None,
            step_due_at=due.isoformat(),
            is_late=at - due > LATE_AFTER,
        )
        ticket.updated_at = at
        if is_breach and ticket.tier < MAX_TIER:
            change_tier(ticket, ticket.tier + 1, at=at, reason="sla_breached")
        return True


def _record(clock: Clock, *, due: datetime, at: datetime) -> bool:
    statement = insert(Step).values(
        clock_id=clock.id,
        step=clock.next_step,
        due_at=due,
        client_id=clock.client_id,
        ticket_id=clock.ticket_id,
        taken_at=at,
    )
    return db.session.execute(statement.on_conflict_do_nothing().returning(Step.step)).one_or_none() is not None

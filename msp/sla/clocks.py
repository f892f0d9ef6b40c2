"""The verbs of a clock. They keep history (start, budget, pauses) and derive every deadline from it.

All instants are aware UTC; budgets are business time of the clock's calendar.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from uuid import UUID

from sqlalchemy import select

from msp.calendars.business_time import deadline, elapsed
from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.contracts.queries import Promise
from msp.kernel.db import db
from msp.kernel.ids import new_id
from msp.sla.models import KINDS, Clock, Pause

STEPS = (
    0.75,
    1.0,
)  # shares of the budget at which somebody hears about it; the last one is the breach
Spans = Sequence[tuple[datetime, datetime | None]]


def start(client_id: UUID, ticket_id: UUID, promise: Promise, *, at: datetime) -> list[Clock]:
    """Make a running clock for each kind of promise; the caller adds them once their ticket is written."""
    clocks = [
        Clock(
            id=new_id(),
            client_id=client_id,
            ticket_id=ticket_id,
            calendar_id=promise.calendar_id,
            kind=kind,
            state="running",
            budget_seconds=int(promise.budget(kind).total_seconds()),
            started_at=at,
            next_step=0,
        )
        for kind in KINDS
    ]
    for clock in clocks:
        _derive(clock, promise.calendar, ())
    return clocks


def clocks_of(ticket_id: UUID) -> list[Clock]:
    """A ticket's clocks, first response before resolution."""
    return list(db.session.scalars(select(Clock).where(Clock.ticket_id == ticket_id).order_by(Clock.kind)))


def pauses_of(ticket_id: UUID) -> list[Pause]:
    """A ticket's pauses, oldest first."""
    return list(db.session.scalars(select(Pause).where(Pause.ticket_id == ticket_id).order_by(Pause.started_at)))


def pause(
    clocks: Iterable[Clock],
    *,
    client_id: UUID,
    ticket_id: UUID,
    reason: str,
    at: datetime,
) -> None:
    """Hold the running clocks; does nothing when they stand already."""
    if any(each.ended_at is None for each in pauses_of(ticket_id)):
        return
    db.session.add(
        Pause(
            id=new_id(),
            client_id=client_id,
            ticket_id=ticket_id,
            started_at=at,
            reason=reason,
        )
    )
    for clock in clocks:
        if clock.state == "running":
            clock.state, clock.due_at, clock.next_step_at = "paused", None, None


def resume(clocks: Iterable[Clock], *, ticket_id: UUID, at: datetime) -> None:
    """Let paused clocks run on with what is left of their budgets."""
    pauses = pauses_of(ticket_id)
    for each in pauses:
        if each.ended_at is None:
            each.ended_at = max(at, each.started_at)
    for clock in clocks:
        if clock.state == "paused":
            clock.state = "running"
            _derive(clock, working_calendar(clock.calendar_id), spans(pauses))


def meet(clocks: Iterable[Clock], kind: str, *, at: datetime) -> Clock | None:
    """The promise was kept (or made good late): its clock stops. Returns it, or None when it had stopped before."""
    for clock in clocks:
        if clock.kind == kind and clock.state in ("running", "paused"):
            clock.state, clock.met_at, clock.next_step_at = "met", at, None
            return clock
    return None


def reopen(clocks: Iterable[Clock], *, ticket_id: UUID, client_id: UUID, at: datetime) -> None:
    """A resolved ticket came back: the resolution clock goes on with the budget it had left."""
    for clock in clocks:
        if clock.kind == "resolution" and clock.state == "met" and clock.met_at is not None:
            db.session.add(
                Pause(
                    id=new_id(),
                    client_id=client_id,
                    ticket_id=ticket_id,
                    started_at=clock.met_at,
                    ended_at=max(at, clock.met_at),
                    reason="resolved",
                )
            )
            db.session.flush()
            clock.state, clock.met_at = "running", None
            _derive(clock, working_calendar(clock.calendar_id), spans(pauses_of(ticket_id)))


def retarget(clocks: Iterable[Clock], promise: Promise, *, ticket_id: UUID) -> None:
    """Another promise holds (priority, contract): deadlines follow from history, spent time stays spent."""
    pauses = spans(pauses_of(ticket_id))
    for clock in clocks:
        if clock.state in ("running", "paused"):
            clock.calendar_id = promise.calendar_id
            clock.budget_seconds = int(promise.budget(clock.kind).total_seconds())
            clock.next_step = 0 if clock.breached_at is None else len(STEPS)
            if clock.state == "running":
                _derive(clock, promise.calendar, pauses)


def next_due(clocks: Iterable[Clock]) -> Clock | None:
    """The running clock that is due first."""
    running = [clock for clock in clocks if clock.state == "running" and clock.due_at is not None]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)


def spans(pauses: Iterable[Pause]) -> list[tuple[datetime, datetime | None]]:
    """Pauses in the shape that business time takes."""
    return [(each.started_at, each.ended_at) for each in pauses]


def advance_step(clock: Clock) -> None:
    """A step was taken: point at the next one."""
    clock.next_step += 1
    _derive_step(clock, working_calendar(clock.calendar_id), spans(pauses_of(clock.ticket_id)))


def _derive(clock: Clock, calendar: WorkingCalendar, pauses: Spans) -> None:
    budget = timedelta(seconds=clock.budget_seconds)
    clock.due_at = deadline(calendar, clock.started_at, budget, pauses)
    _derive_step(clock, calendar, pauses)


def _derive_step(clock: Clock, calendar: WorkingCalendar, pauses: Spans) -> None:
    if clock.next_step >= len(STEPS):
        clock.next_step_at = None
    elif STEPS[clock.next_step] == 1.0:
        clock.next_step_at = clock.due_at
    else:
        share = timedelta(seconds=round(clock.budget_seconds * STEPS[clock.next_step]))
        clock.next_step_at = deadline(calendar, clock.started_at, share, pauses)


def left_of(clock: Clock, pauses: Iterable[Pause], *, at: datetime) -> timedelta:
    """Business time that a clock has left at an instant; negative once it is over."""
    calendar = working_calendar(clock.calendar_id)
    budget = timedelta(seconds=clock.budget_seconds)
    until = clock.met_at or at
    return budget - elapsed(calendar, clock.started_at, until, [(a, b or at) for a, b in spans(pauses)])


def left_in_pause(ticket_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, int]:
    """For tickets that stand still: the business minutes left of the promise that has least."""
    if not ticket_ids:
        return {}
    query = (
        select(Clock, Calendar.version, Pause.started_at, Pause.ended_at)
        .join(Calendar, Calendar.id == Clock.calendar_id)
        .outerjoin(Pause, Pause.ticket_id == Clock.ticket_id)
        .where(Clock.ticket_id.in_(ticket_ids), Clock.state == "paused")
        .order_by(Clock.id, Pause.started_at)
    )
    left: dict[UUID, int] = {}
    for (clock, version), rows in groupby(db.session.execute(query), key=lambda row: (row[0], row[1])):
        pauses = tuple((begun, ended) for _, _, begun, ended in rows if begun is not None)
        since = next((begun for begun, ended in pauses if ended is None), at)  # nothing is used up from there on
        used = _used(working_calendar(clock.calendar_id, version=version), clock.started_at, since, pauses)
        minutes = (timedelta(seconds=clock.budget_seconds) - used) // timedelta(minutes=1)
        left[clock.ticket_id] = min(minutes, left.get(clock.ticket_id, minutes))
    return left


@lru_cache(maxsize=4096)
def _used(
    calendar: WorkingCalendar, start: datetime, until: datetime, pauses: tuple[tuple[datetime, datetime | None], ...]
) -> timedelta:
    return elapsed(calendar, start, until, [(begun, ended or until) for begun, ended in pauses if begun < until])

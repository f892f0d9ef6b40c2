"""Operations on SLA clocks. A clock stores its history (start, budget, pauses); due dates are derived from it.

All instants are aware UTC; budgets are business time of the clock's calendar.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from msp.calendars.business_time import elapsed
from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.contracts.escalation_policy import EscalationPolicy, PlannedStep, planned_steps
from msp.contracts.queries import ContractSla
from msp.contracts.service_level import Budgets
from msp.kernel.db import db
from msp.kernel.ids import new_id
from msp.sla.history import calendar_of, pauses_before
from msp.sla.models import Clock, Pause
from msp.sla.timing import Timing, pauses_of, spans

__all__ = [
    "await_answer",
    "clocks_of",
    "derive",
    "latest_of_each_kind",
    "left_in_pause",
    "left_of",
    "meet",
    "next_due",
    "next_step",
    "pause",
    "pauses_of",
    "reactivate",
    "reopen",
    "resume",
    "schedule_check",
    "spans",
    "start",
    "start_clock",
    "stop",
    "stop_awaiting",
]

AT_ONCE = ("first_response", "resolution", "fulfilment")  # targets that start when the ticket is opened
ENDS = ("resolution", "fulfilment")
ANSWERS = ("first_response", "next_response")


def start(client_id: UUID, ticket_id: UUID, contract_sla: ContractSla, *, at: datetime) -> list[Clock]:
    """Return a running clock for each SLA target of a new ticket; the caller adds them after the ticket is written."""
    timing = Timing(client_id, ticket_id, [], {contract_sla.calendar_id: contract_sla.calendar}, contract_sla.level, [])
    for kind in AT_ONCE:
        if kind in contract_sla.budgets:
            start_clock(timing, kind, contract_sla.budgets[kind], calendar_id=contract_sla.calendar_id, at=at)
    return timing.clocks


def clocks_of(ticket_id: UUID) -> list[Clock]:
    """A ticket's clocks, by kind, then by start time."""
    query = select(Clock).where(Clock.ticket_id == ticket_id).order_by(Clock.kind, Clock.started_at)
    return list(db.session.scalars(query))


def await_answer(timing: Timing, budgets: Budgets, *, at: datetime) -> Clock | None:
    """Start the reply target after a public message of the client, unless one is running or the contract has none."""
    end = timing.open_clock(*ENDS)
    if "next_response" not in budgets or end is None or timing.open_clock(*ANSWERS):
        return None
    known = next((each for each in timing.clocks if each.kind == "next_response" and each.started_at == at), None)
    if known is not None:
        reactivate(timing, known)
        return known
    clock = start_clock(timing, "next_response", budgets["next_response"], calendar_id=end.calendar_id, at=at)
    db.session.add(clock)
    return clock


def pause(timing: Timing, *, reason: str, at: datetime) -> None:
    """Pause the running clocks; does nothing if they are paused."""
    if timing.is_held:
        return
    held = Pause(
        id=new_id(), client_id=timing.client_id, ticket_id=timing.ticket_id, started_at=at, ended_at=None, reason=reason
    )
    db.session.add(held)
    timing.pauses.append(held)
    for clock in timing.clocks:
        if clock.state == "running":
            _note_overrun(clock, at=at)
            clock.state, clock.due_at, clock.next_step_at = "paused", None, None


def resume(timing: Timing, *, at: datetime) -> None:
    """Resume paused clocks with what is left of their budgets."""
    for each in timing.pauses:
        if each.ended_at is None:
            each.ended_at = max(at, each.started_at)
    for clock in timing.clocks:
        if clock.state == "paused":
            clock.state = "running"
            derive(timing, clock)


def meet(timing: Timing, *kinds: str, at: datetime) -> list[Clock]:
    """Stop these clocks as met (in time or late). Returns those that had not been stopped before."""
    return [stop(clock, "met", at=at) for clock in timing.clocks if clock.kind in kinds and clock.is_open]


def stop_awaiting(timing: Timing, *, at: datetime) -> None:
    """The ticket is finished: cancel the reply target that is still open, until the ticket is reopened."""
    for clock in timing.clocks:
        if clock.kind == "next_response" and clock.is_open:
            stop(clock, "cancelled", at=at)


def reopen(timing: Timing, *, resolved_at: datetime | None, at: datetime) -> None:
    """A finished ticket was reopened: its end target, and the reply target that was open then, continue with what was
    left."""
    stopped = [clock for clock in timing.clocks if _was_ended(clock, resolved_at)]
    since = min((clock.met_at for clock in stopped if clock.met_at), default=None)
    if since is None:
        return
    away = Pause(
        id=new_id(),
        client_id=timing.client_id,
        ticket_id=timing.ticket_id,
        started_at=since,
        ended_at=max(at, since),
        reason="resolved",
    )
    db.session.add(away)
    timing.pauses.append(away)
    for clock in stopped:
        clock.state, clock.met_at = "running", None
        derive(timing, clock)


def undo_finish(timing: Timing, *, finished_at: datetime | None) -> None:
    """Finishing the ticket was undone: the clocks that it stopped run on, and the time since then counts."""
    for clock in timing.clocks:
        if clock.met_at is not None and clock.met_at == finished_at:
            reactivate(timing, clock)


def latest_of_each_kind(clocks: Iterable[Clock]) -> list[Clock]:
    """The clocks to show for a ticket: of successive reply targets the open one, else the latest."""
    return list({clock.kind: clock for clock in sorted(clocks, key=lambda each: (each.kind, each.is_open))}.values())


class EscalatingClock(Protocol):
    """A clock with its escalation policy: model or row."""

    @property
    def kind(self) -> str: ...
    @property
    def budget_seconds(self) -> int: ...
    @property
    def breached_at(self) -> datetime | None: ...
    @property
    def taken(self) -> list[str]: ...


def next_step(clock: EscalatingClock, policy: EscalationPolicy) -> PlannedStep | None:
    """The escalation step due at the clock's next check; None if the next check is the due date."""
    budget = timedelta(seconds=clock.budget_seconds)
    planned = next((each for each in planned_steps(policy, clock.kind, budget) if each.key not in clock.taken), None)
    is_deadline_first = planned is not None and clock.breached_at is None and planned.offset > budget
    return None if is_deadline_first else planned


def next_due(clocks: Iterable[Clock]) -> Clock | None:
    """The running clock with the earliest due date."""
    running = [clock for clock in clocks if clock.state == "running" and clock.due_at is not None]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)


def derive(timing: Timing, clock: Clock) -> None:
    """Store the due date of a running clock and the time of its next check by a worker."""
    clock.due_at = timing.moment(clock, timedelta(seconds=clock.budget_seconds))
    schedule_check(timing, clock)


def schedule_check(timing: Timing, clock: Clock) -> None:
    """Store when a worker must check a running clock next: at its next step, or at its due date."""
    planned = timing.ahead(clock)
    step_at = timing.moment(clock, planned.offset) if planned else None
    breach_at = clock.due_at if clock.breached_at is None else None
    clock.next_step_at = min((moment for moment in (step_at, breach_at) if moment is not None), default=None)


def start_clock(timing: Timing, kind: str, budget: timedelta, *, calendar_id: UUID, at: datetime) -> Clock:
    """Start a clock; it is paused if the ticket's clocks are."""
    clock = Clock(
        id=new_id(),
        client_id=timing.client_id,
        ticket_id=timing.ticket_id,
        calendar_id=calendar_id,
        kind=kind,
        state="paused" if timing.is_held else "running",
        budget_seconds=budget // timedelta(seconds=1),
        started_at=at,
        taken=[],
        next_step=0,
    )
    timing.clocks.append(clock)
    if clock.state == "running":
        derive(timing, clock)
    return clock


def reactivate(timing: Timing, clock: Clock) -> None:
    """Reopen a cancelled clock; all the time since its start counts."""
    clock.state, clock.met_at = "paused" if timing.is_held else "running", None
    if clock.state == "running":
        derive(timing, clock)
    else:
        clock.due_at = clock.next_step_at = None


def stop(clock: Clock, state: str, *, at: datetime) -> Clock:
    """Stop the clock: "met", or "cancelled" if the target no longer applies."""
    _note_overrun(clock, at=at)
    clock.state, clock.met_at, clock.next_step_at = state, at, None
    return clock


def _note_overrun(clock: Clock, *, at: datetime) -> None:
    """Mark the clock breached if the due date has passed and no worker has checked since."""
    if clock.breached_at is None and clock.due_at is not None and at > clock.due_at:
        clock.breached_at = clock.due_at


def _was_ended(clock: Clock, resolved_at: datetime | None) -> bool:
    """Whether the clock was stopped because the ticket was finished."""
    if clock.kind in ENDS:
        return clock.state == "met"
    if clock.kind != "next_response" or clock.state != "cancelled":
        return False
    return clock.met_at is not None and resolved_at is not None and clock.met_at >= resolved_at


def left_of(clock: Clock, pauses: Iterable[Pause], *, at: datetime) -> timedelta:
    """Business time left on a clock at an instant; negative once it is overdue."""
    calendar = calendar_of(clock, pauses_before(clock, spans(pauses)))
    budget = timedelta(seconds=clock.budget_seconds)
    until = clock.met_at or at
    return budget - elapsed(calendar, clock.started_at, until, [(a, b or at) for a, b in spans(pauses)])


def left_in_pause(ticket_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, int]:
    """For tickets with paused clocks: the business minutes left on the clock that has least."""
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
        since = next((begun for begun, ended in pauses if ended is None), at)  # no time is used from there on
        used = _used(working_calendar(clock.calendar_id, version=version), clock.started_at, since, pauses)
        minutes = (timedelta(seconds=clock.budget_seconds) - used) // timedelta(minutes=1)
        left[clock.ticket_id] = min(minutes, left.get(clock.ticket_id, minutes))
    return left


@lru_cache(maxsize=4096)
def _used(
    calendar: WorkingCalendar, start: datetime, until: datetime, pauses: tuple[tuple[datetime, datetime | None], ...]
) -> timedelta:
    return elapsed(calendar, start, until, [(begun, ended or until) for begun, ended in pauses if begun < until])

"""A ticket's clocks as its page shows them, read as part of one statement (msp.kernel.together)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from msp.calendars.business_time import elapsed, explain
from msp.calendars.models import Calendar
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.together import Read
from msp.sla.explanation import Explanation
from msp.sla.models import Clock, Pause

MINUTE = timedelta(minutes=1)
Spans = Sequence[tuple[datetime, datetime | None]]


class ShownClock(NamedTuple):
    """One promise: instants in UTC, its budget in business seconds of a version of its calendar."""

    kind: str
    state: str
    budget_seconds: int
    started_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None
    taken: list[str]
    next_step_at: datetime | None
    calendar_id: UUID
    calendar_version: int


def clocks_read(ticket_id: Any) -> Read[ShownClock]:
    """The clocks of a ticket, given by an expression for its id; in the order in which they stand on the page."""
    return Read(
        ShownClock,
        select(
            Clock.kind, Clock.state, Clock.budget_seconds, Clock.started_at, Clock.due_at, Clock.met_at,
            Clock.breached_at, Clock.taken, Clock.next_step_at, Clock.calendar_id, Calendar.version,
        )
        .join(Calendar, Calendar.id == Clock.calendar_id)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.kind, Clock.started_at),
    )  # fmt: skip


def pauses_read(ticket_id: Any) -> Read[tuple[datetime, datetime | None]]:
    """The pauses of a ticket as pairs, oldest first."""
    query = select(Pause.started_at, Pause.ended_at).where(Pause.ticket_id == ticket_id)
    return Read(lambda started, ended: (started, ended), query.order_by(Pause.started_at))


def latest_of_each_kind(clocks: Sequence[ShownClock]) -> list[ShownClock]:
    """The clocks that say how a ticket stands: of answers promised one after another, the latest."""
    return list({clock.kind: clock for clock in clocks}.values())


def minutes_used(clock: ShownClock, pauses: Spans, *, at: datetime) -> int:
    """Business minutes used until the clock was met, else until an instant; part minutes count as none."""
    until = clock.met_at or at
    return elapsed(_calendar(clock), clock.started_at, until, [(a, b or until) for a, b in pauses]) // MINUTE


def minutes_left(clock: ShownClock, pauses: Spans, *, at: datetime) -> int:
    """Business minutes left at an instant, negative once it is over."""
    budget = timedelta(seconds=clock.budget_seconds)
    used = elapsed(_calendar(clock), clock.started_at, at, [(a, b or at) for a, b in pauses])
    return (budget - used) // MINUTE


def due_first(clocks: Sequence[ShownClock]) -> ShownClock | None:
    """The running clock that is due first."""
    running = [clock for clock in clocks if clock.state == "running" and clock.due_at is not None]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)


def explain_shown(clock: ShownClock, pauses: Spans) -> Explanation:
    """The trail of a clock's deadline, from its history."""
    budget, calendar = timedelta(seconds=clock.budget_seconds), _calendar(clock)
    steps = explain(calendar, clock.started_at, budget, pauses)
    return Explanation(clock.kind, budget, calendar.timezone, steps, clock.started_at)


def _calendar(clock: ShownClock) -> WorkingCalendar:
    return working_calendar(clock.calendar_id, version=clock.calendar_version)

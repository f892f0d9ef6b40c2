"""Row queries of a ticket's clocks for its page, read as part of one statement (msp.kernel.batch_read)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, any_, func, or_, select

from msp.calendars.business_time import elapsed, explain
from msp.calendars.models import Calendar, CalendarRevision
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.kernel.batch_read import RowQuery
from msp.sla.explanation import Explanation
from msp.sla.history import calendar_that_held, pauses_before
from msp.sla.models import OPEN_STATES, Clock, Pause

MINUTE = timedelta(minutes=1)
Spans = Sequence[tuple[datetime, datetime | None]]


class ShownPause(NamedTuple):
    """A pause of a ticket; still open if it has no end."""

    started_at: datetime
    ended_at: datetime | None


class ShownClock(NamedTuple):
    """One clock: instants in UTC, its budget in business seconds of its calendar.

    `calendar_version` is the current one, `versions` those that existed when the clock stopped, newest first.
    """

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
    versions: list[int]


class ClockRow(NamedTuple):
    """A clock of a ticket as lists show it."""

    ticket_id: UUID
    kind: str
    state: str
    budget_seconds: int
    started_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None


_FIRST = select(func.min(CalendarRevision.version)).where(CalendarRevision.calendar_id == Clock.calendar_id)
_VERSIONS = (
    select(CalendarRevision.version)
    .where(
        CalendarRevision.calendar_id == Clock.calendar_id,
        or_(CalendarRevision.at <= Clock.met_at, CalendarRevision.version == _FIRST.correlate(Clock).scalar_subquery()),
    )
    .order_by(CalendarRevision.version.desc())
    .correlate(Clock)
)


def clocks_read(ticket_id: Any) -> RowQuery[ShownClock]:
    """The clocks of a ticket, given by an expression for its id, in the order of the page."""
    return RowQuery(
        ShownClock,
        select(
            Clock.kind, Clock.state, Clock.budget_seconds, Clock.started_at, Clock.due_at, Clock.met_at,
            Clock.breached_at, Clock.taken, Clock.next_step_at, Clock.calendar_id,
            Calendar.version.label("calendar_version"),
            func.array(_VERSIONS.scalar_subquery(), type_=ARRAY(Integer)).label("versions"),
        )
        .join(Calendar, Calendar.id == Clock.calendar_id)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.kind, Clock.started_at),
    )  # fmt: skip


def clocks_of_tickets(ids: Any) -> RowQuery[ClockRow]:
    """The clocks of tickets, given by an expression for an array of their ids, in the order of the ticket page."""
    return RowQuery(
        ClockRow,
        select(
            Clock.ticket_id, Clock.kind, Clock.state, Clock.budget_seconds, Clock.started_at, Clock.due_at,
            Clock.met_at, Clock.breached_at,
        )
        .where(Clock.ticket_id == any_(ids))
        .order_by(Clock.kind, Clock.started_at),
    )  # fmt: skip


def pauses_read(ticket_id: Any) -> RowQuery[ShownPause]:
    """The pauses of a ticket, oldest first."""
    query = select(Pause.started_at, Pause.ended_at).where(Pause.ticket_id == ticket_id)
    return RowQuery(ShownPause, query.order_by(Pause.started_at))


def latest_of_each_kind(clocks: Sequence[ShownClock]) -> list[ShownClock]:
    """The clocks to show for a ticket: of successive reply targets the open one, else the latest."""
    ordered = sorted(clocks, key=lambda each: (each.kind, each.state in OPEN_STATES))
    return list({clock.kind: clock for clock in ordered}.values())


def minutes_used(clock: ShownClock, pauses: Spans, *, at: datetime) -> int:
    """Business minutes used until the clock was met, else until an instant, rounded down."""
    until = clock.met_at or at
    return elapsed(_calendar(clock, pauses), clock.started_at, until, [(a, b or until) for a, b in pauses]) // MINUTE


def minutes_left(clock: ShownClock, pauses: Spans, *, at: datetime) -> int:
    """Business minutes left at an instant; negative once it is overdue."""
    budget = timedelta(seconds=clock.budget_seconds)
    used = elapsed(_calendar(clock, pauses), clock.started_at, at, [(a, b or at) for a, b in pauses])
    return (budget - used) // MINUTE


def due_first(clocks: Sequence[ShownClock]) -> ShownClock | None:
    """The running clock with the earliest due date."""
    running = [clock for clock in clocks if clock.state == "running" and clock.due_at is not None]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)


def explain_shown(clock: ShownClock, pauses: Spans) -> Explanation:
    """Why a clock is due when it is, from its history; for a stopped clock, as it was when it stopped."""
    budget, calendar = timedelta(seconds=clock.budget_seconds), _calendar(clock, pauses)
    steps = explain(calendar, clock.started_at, budget, pauses_before(clock, pauses))
    return Explanation(clock.kind, budget, calendar.timezone, steps, clock.started_at)


def _calendar(clock: ShownClock, pauses: Spans) -> WorkingCalendar:
    if clock.met_at is not None:
        return calendar_that_held(clock, pauses_before(clock, pauses), clock.versions)
    return working_calendar(clock.calendar_id, version=clock.calendar_version)

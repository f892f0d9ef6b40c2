"""Which calendar version and pauses explain a clock: the current ones if it is open, those of its time if stopped."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msp.calendars.business_time import deadline
from msp.calendars.queries import versions_until, working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.sla.timing import Spans


class Counted(Protocol):
    """A clock's history, model or row: instants in UTC, its budget in business seconds."""

    @property
    def calendar_id(self) -> UUID: ...
    @property
    def budget_seconds(self) -> int: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def met_at(self) -> datetime | None: ...


def calendar_of(clock: Counted, pauses: Spans) -> WorkingCalendar:
    """The calendar version that the clock counted in: later changes of the calendar do not affect a stopped clock."""
    if clock.met_at is None:
        return working_calendar(clock.calendar_id)
    return calendar_that_held(clock, pauses, versions_until(clock.calendar_id, clock.met_at))


def calendar_that_held(clock: Counted, pauses: Spans, versions: Iterable[int]) -> WorkingCalendar:
    """The newest version, of those that existed when a clock stopped (newest first), that gives its stored due date.

    A change made moments before the clock stopped may not have been applied to it. `pauses` are those of the clock.
    """
    candidates = [working_calendar(clock.calendar_id, version=version) for version in versions]
    candidates = candidates or [working_calendar(clock.calendar_id)]
    budget = timedelta(seconds=clock.budget_seconds)
    fits = (each for each in candidates if deadline(each, clock.started_at, budget, pauses) == clock.due_at)
    return next(fits, candidates[0])


def pauses_before(clock: Counted, pauses: Spans) -> Spans:
    """The pauses that apply to a clock: for a stopped one none that came later, and the one it stopped in is still
    open."""
    stopped = clock.met_at
    if stopped is None:
        return pauses
    return [(start, end if end and end <= stopped else None) for start, end in pauses if start < stopped]

"""By which version of a calendar a clock is told: an open one by the present, a stopped one by the one that held."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msp.calendars.business_time import deadline
from msp.calendars.queries import versions_until, working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.sla.timing import Spans


class Counted(Protocol):
    """A clock's history, however it was read: instants in UTC, its budget in business seconds."""

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
    """What a clock's calendar said when it counted: no later change of the calendar tells a finished clock anew."""
    if clock.met_at is None:
        return working_calendar(clock.calendar_id)
    return calendar_that_held(clock, pauses, versions_until(clock.calendar_id, clock.met_at))


def calendar_that_held(clock: Counted, pauses: Spans, versions: Iterable[int]) -> WorkingCalendar:
    """The newest version, of those in force by when a clock stopped (newest first), that gives the deadline it had.

    A change that was made moments before it stopped may not have reached it any more. `pauses` are those it knew.
    """
    said = [working_calendar(clock.calendar_id, version=version) for version in versions]
    said = said or [working_calendar(clock.calendar_id)]
    budget = timedelta(seconds=clock.budget_seconds)
    fits = (each for each in said if deadline(each, clock.started_at, budget, pauses) == clock.due_at)
    return next(fits, said[0])


def pauses_before(clock: Counted, pauses: Spans) -> Spans:
    """The pauses that a clock knew: of a stopped one none that came later, and the one it stopped in still open."""
    stopped = clock.met_at
    if stopped is None:
        return pauses
    return [(start, end if end and end <= stopped else None) for start, end in pauses if start < stopped]

"""By which version of a calendar a clock is told: an open one by the present, a stopped one by the one that held."""

from datetime import timedelta

from msp.calendars.business_time import deadline
from msp.calendars.queries import versions_until, working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.sla.models import Clock
from msp.sla.timing import Spans


def calendar_of(clock: Clock, pauses: Spans) -> WorkingCalendar:
    """What a clock's calendar said when it counted: no later change of the calendar tells a finished clock anew.

    For a stopped clock that is the newest version, of those in force by when it stopped, which gives the deadline
    that it had; a change that was made moments before may not have reached it any more.
    """
    present = working_calendar(clock.calendar_id)
    if clock.met_at is None:
        return present
    versions = versions_until(clock.calendar_id, clock.met_at)
    said = [working_calendar(clock.calendar_id, version=version) for version in versions] or [present]
    budget = timedelta(seconds=clock.budget_seconds)
    fits = (each for each in said if deadline(each, clock.started_at, budget, pauses) == clock.due_at)
    return next(fits, said[0])


def pauses_before(clock: Clock, pauses: Spans) -> Spans:
    """The pauses that a clock knew: of a stopped one none that came later, and the one it stopped in still open."""
    stopped = clock.met_at
    if stopped is None:
        return pauses
    return [(start, end if end and end <= stopped else None) for start, end in pauses if start < stopped]

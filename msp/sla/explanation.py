"""Why a clock is due when it is: the contract, the windows used, what was skipped, the pauses. Codes, no prose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from msp.calendars.business_time import Step, explain
from msp.calendars.queries import working_calendar
from msp.calendars.working_calendar import WorkingCalendar
from msp.sla.clocks import pauses_of, spans
from msp.sla.models import Clock
from msp.sla.timing import Spans


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trail of one deadline, for the edge to put into words in the reader's zone and language."""

    kind: str
    budget: timedelta
    timezone: str
    steps: tuple[Step, ...]


def explain_clock(clock: Clock) -> Explanation:
    """The trail of a clock's deadline, from its history."""
    return explain_clocks([clock])[0]


def explain_clocks(clocks: Sequence[Clock]) -> list[Explanation]:
    """The trails of the clocks of one ticket."""
    pauses = spans(pauses_of(clocks[0].ticket_id)) if clocks else []
    calendars = {calendar_id: working_calendar(calendar_id) for calendar_id in {each.calendar_id for each in clocks}}
    return [_explain(clock, calendars[clock.calendar_id], pauses) for clock in clocks]


def _explain(clock: Clock, calendar: WorkingCalendar, pauses: Spans) -> Explanation:
    budget = timedelta(seconds=clock.budget_seconds)
    steps = explain(calendar, clock.started_at, budget, pauses)
    return Explanation(kind=clock.kind, budget=budget, timezone=calendar.timezone, steps=steps)

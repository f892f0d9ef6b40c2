"""Why a clock is due when it is: the contract, the windows used, what was skipped, the pauses. Codes, no prose."""

from dataclasses import dataclass
from datetime import timedelta

from msp.calendars.business_time import Step, explain
from msp.calendars.queries import working_calendar
from msp.sla.clocks import pauses_of, spans
from msp.sla.models import Clock


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trail of one deadline, for the edge to put into words in the reader's zone and language."""

    kind: str
    budget: timedelta
    timezone: str
    steps: tuple[Step, ...]


def explain_clock(clock: Clock) -> Explanation:
    """The trail of a clock's deadline, from its history."""
    calendar = working_calendar(clock.calendar_id)
    budget = timedelta(seconds=clock.budget_seconds)
    steps = explain(calendar, clock.started_at, budget, spans(pauses_of(clock.ticket_id)))
    return Explanation(kind=clock.kind, budget=budget, timezone=calendar.timezone, steps=steps)

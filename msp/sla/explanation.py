"""Why a clock is due when it is: the contract, the windows used, what was skipped, the pauses. Codes, no text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msp.calendars.business_time import DeadlineStep, explain
from msp.sla.clocks import pauses_of, spans
from msp.sla.history import calendar_of, pauses_before
from msp.sla.models import Clock, Pause
from msp.sla.timing import Spans


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one due date was calculated, to be rendered in the reader's zone and language."""

    kind: str
    budget: timedelta
    timezone: str
    steps: tuple[DeadlineStep, ...]
    started_at: datetime


def explain_clock(clock: Clock) -> Explanation:
    """How a clock's due date was calculated, from its history."""
    return explain_clocks([clock])[0]


def explain_clocks(clocks: Sequence[Clock], pauses: Iterable[Pause] | None = None) -> list[Explanation]:
    """The explanations of one ticket's clocks, in order; reads the ticket's pauses if they are not given."""
    if not clocks:
        return []
    known = spans(pauses_of(clocks[0].ticket_id) if pauses is None else pauses)
    return [explain_with(clock, pauses_before(clock, known)) for clock in clocks]


def explain_with(clock: Clock, pauses: Spans) -> Explanation:
    """The explanation of a clock, from the pauses given."""
    calendar, budget = calendar_of(clock, pauses), timedelta(seconds=clock.budget_seconds)
    steps = explain(calendar, clock.started_at, budget, pauses)
    return Explanation(clock.kind, budget, calendar.timezone, steps, clock.started_at)

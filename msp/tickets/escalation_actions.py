"""What an escalation step does to its ticket: each moment of a clock once, in order, with everything that falls on it.

Steps that come late (the desk was down) are taken all the same and marked late; what they do is done in order, but
people hear of them once: the last one tells everybody whom any of them would have told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from msp.contracts.escalation_policy import PlannedStep, person_of, planned_steps
from msp.kernel.db import Json
from msp.oncall.queries import first_on_call
from msp.people.queries import staff
from msp.sla import clocks as sla
from msp.sla.models import Clock
from msp.sla.timing import Timing
from msp.tickets.actions import MAX_TIER, assign, change_priority, change_tier
from msp.tickets.models import Ticket
from msp.tickets.states import PRIORITIES
from msp.tickets.ticket_events import emit_ticket_event

LATE_AFTER = timedelta(seconds=60)
BY_DEFAULT: Json = {"who": ["assignee", "lead"], "by": ["console", "chat"], "is_urgent": False}
NOBODY: Json = {"who": []}


@dataclass(frozen=True, slots=True)
class DueStep:
    """What falls on one instant of a clock: steps of the ladder, and the breach itself where it is the deadline."""

    clock: Clock
    at: datetime
    rungs: tuple[PlannedStep, ...]
    is_breach: bool

    @property
    def kind(self) -> str:
        """The fact that is told."""
        if self.is_breach:
            return "sla.breached"
        is_notice = any(rung.step.action == "notify" for rung in self.rungs)
        return "sla.warned" if is_notice and self.clock.breached_at is None else "sla.escalated"


@dataclass(slots=True)
class StepRecipients:
    """Who is still to be told, merged over the steps that were taken together."""

    who: list[str] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    is_urgent: bool = False
    is_default: bool = True

    def add(self, moment: DueStep) -> None:
        """Remember whom the moment's notices would tell."""
        for step in (rung.step for rung in moment.rungs if rung.step.action == "notify"):
            self.is_default &= not (step.who or step.by or step.is_urgent)
            self.who += [each for each in step.who or BY_DEFAULT["who"] if each not in self.who]
            self.by += [each for each in step.by or BY_DEFAULT["by"] if each not in self.by]
            self.is_urgent |= step.is_urgent

    def hear(self) -> Json:
        """The facts' `hear`: whom to tell and how; nothing where only the usual people hear, as usual."""
        if not self.who:
            return {"hear": NOBODY}
        if self.is_default:
            return {}
        return {"hear": {"who": self.who, "by": self.by, "is_urgent": self.is_urgent}}


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step that was taken, for the record."""

    clock: Clock
    key: str
    place: int
    due_at: datetime


def take_due(ticket: Ticket, timing: Timing, *, at: datetime) -> tuple[int, list[TakenStep]]:
    """Take every step of a locked ticket whose moment has come; how many moments there were, and what was taken."""
    taken: list[TakenStep] = []
    hearers, count = StepRecipients(), 0
    assignee_id = ticket.assignee_id
    while moment := _next_due(timing, at=at):
        taken += _mark(timing, moment)
        hearers.add(moment)
        is_last = _next_due(timing, at=at) is None
        _emit(ticket, moment, hear=hearers.hear() if is_last else {"hear": NOBODY}, assignee_id=assignee_id, at=at)
        if is_last:
            hearers = StepRecipients()
        _apply(ticket, timing, moment, at=at)
        count += 1
    if hearers.who:  # what was done on the way took the last step away, and with it its notice
        emit_ticket_event(
            ticket, "sla.escalated", at=at, visibility="internal", clock="", is_late=True, **hearers.hear()
        )
    return count, taken


def _next_due(timing: Timing, *, at: datetime) -> DueStep | None:
    due = [clock for clock in timing.clocks if clock.state == "running" and clock.next_step_at is not None]
    clock = min(due, key=lambda each: each.next_step_at or at, default=None)
    if clock is None or clock.next_step_at is None or clock.next_step_at > at:
        return None
    moment = clock.next_step_at
    every = planned_steps(timing.ladder, clock.kind, timedelta(seconds=clock.budget_seconds))
    falling = tuple(
        rung for rung in every if rung.key not in clock.taken and _is_due(timing, clock, rung, moment=moment)
    )
    is_breach = clock.breached_at is None and clock.due_at is not None and clock.due_at <= moment
    return DueStep(clock, moment, falling, is_breach)


def _is_due(timing: Timing, clock: Clock, rung: PlannedStep, *, moment: datetime) -> bool:
    due = timing.moment(clock, rung.offset)
    return due is not None and due <= moment


def _mark(timing: Timing, moment: DueStep) -> list[TakenStep]:
    """The moment is behind the clock from here on."""
    clock, before = moment.clock, len(moment.clock.taken)
    if moment.is_breach:
        clock.breached_at = moment.at
    clock.taken = [*clock.taken, *(rung.key for rung in moment.rungs)]
    clock.next_step = len(clock.taken)
    sla.schedule_check(timing, clock)
    return [TakenStep(clock, rung.key, before + place, moment.at) for place, rung in enumerate(moment.rungs)]


def _emit(ticket: Ticket, moment: DueStep, *, hear: Json, assignee_id: UUID | None, at: datetime) -> None:
    clock = moment.clock
    emit_ticket_event(
        ticket,
        moment.kind,
        at=at,
        visibility="internal",
        clock=clock.kind,
        assignee_id=str(assignee_id) if assignee_id else None,
        due_at=clock.due_at.isoformat() if clock.due_at else None,
        step_due_at=moment.at.isoformat(),
        is_late=at - moment.at > LATE_AFTER,
        steps=[rung.key for rung in moment.rungs],
        **hear,
    )


def _apply(ticket: Ticket, timing: Timing, moment: DueStep, *, at: datetime) -> None:
    reason = "sla_breached" if moment.is_breach else "sla_escalated"
    for rung in moment.rungs:
        if rung.step.action == "next_tier" and ticket.tier < MAX_TIER:
            change_tier(ticket, ticket.tier + 1, at=at, reason=reason)
        elif rung.step.action == "raise_priority" and ticket.priority != PRIORITIES[0]:
            change_priority(ticket, PRIORITIES[PRIORITIES.index(ticket.priority) - 1], at=at)
        elif rung.step.action == "assign":
            _auto_assign(ticket, rung.step.who, at=at)
        elif rung.step.action == "webhook":
            _call(ticket, moment, rung, at=at)


def _call(ticket: Ticket, moment: DueStep, rung: PlannedStep, *, at: datetime) -> None:
    clock = moment.clock
    emit_ticket_event(
        ticket,
        "escalation.webhook",
        at=at,
        visibility="internal",
        webhook_id=str(rung.step.webhook_id),
        clock=clock.kind,
        step=rung.key,
        due_at=clock.due_at.isoformat() if clock.due_at else None,
        is_late=at - moment.at > LATE_AFTER,
    )


def _auto_assign(ticket: Ticket, who: Sequence[str], *, at: datetime) -> None:
    """Give the ticket to the named person or whoever is on call; where there is nobody it stays where it is."""
    wanted = person_of(who[0])
    person = next((each for each in staff() if each.id == wanted), None) if wanted else first_on_call(at)
    if person is not None:
        assign(ticket, person, at=at)

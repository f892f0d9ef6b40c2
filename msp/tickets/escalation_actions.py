"""Effects of escalation steps on a ticket: each moment of a clock once, in order, with all its steps.

Late steps (the desk was down) are taken and marked late; their effects happen in order, but people are notified once:
the last step notifies all recipients that any of them names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from msp.contracts.escalation_policy import PlannedStep, person_of, planned_steps
from msp.oncall.queries import first_on_call
from msp.people.queries import staff
from msp.sla import clocks as sla
from msp.sla.models import Clock
from msp.sla.timing import Timing
from msp.tickets.actions import MAX_TIER, assign, change_tier, raise_priority
from msp.tickets.events import (
    EscalationWebhookCalled,
    Recipients,
    SlaBreached,
    SlaEscalated,
    SlaStepEvent,
    SlaWarned,
    emit_ticket_event,
)
from msp.tickets.models import Ticket

LATE_AFTER = timedelta(seconds=60)
BY_DEFAULT = Recipients(("assignee", "lead"), ("console", "chat"))
NOBODY = Recipients(())


@dataclass(frozen=True, slots=True)
class DueStep:
    """What is due at one instant of a clock: escalation steps, and the breach itself if it is the due date."""

    clock: Clock
    at: datetime
    steps: tuple[PlannedStep, ...]
    is_breach: bool

    @property
    def event(self) -> type[SlaStepEvent]:
        """The event to emit."""
        if self.is_breach:
            return SlaBreached
        is_notice = any(planned.step.action == "notify" for planned in self.steps)
        return SlaWarned if is_notice and self.clock.breached_at is None else SlaEscalated


@dataclass(slots=True)
class StepRecipients:
    """Recipients still to be notified, merged over the steps that were taken together."""

    who: list[str] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    is_urgent: bool = False
    is_default: bool = True

    def add(self, moment: DueStep) -> None:
        """Add the recipients that the moment's notify steps name."""
        for step in (planned.step for planned in moment.steps if planned.step.action == "notify"):
            self.is_default &= not (step.who or step.by or step.is_urgent)
            self.who += [each for each in step.who or BY_DEFAULT.who if each not in self.who]
            self.by += [each for each in step.by or BY_DEFAULT.by if each not in self.by]
            self.is_urgent |= step.is_urgent

    def named(self) -> Recipients | None:
        """The recipients that the event names; None for the audience of its type."""
        if not self.who:
            return NOBODY
        return None if self.is_default else Recipients(tuple(self.who), tuple(self.by), self.is_urgent)


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step that was taken, for the record."""

    clock: Clock
    key: str
    place: int
    due_at: datetime


def apply_due_steps(ticket: Ticket, timing: Timing, *, at: datetime) -> tuple[int, list[TakenStep]]:
    """Take every due step of a locked ticket; returns how many moments there were, and the steps taken."""
    taken: list[TakenStep] = []
    recipients, count = StepRecipients(), 0
    assignee_id = ticket.assignee_id
    while moment := _next_due(timing, at=at):
        taken += _mark(timing, moment)
        recipients.add(moment)
        is_last = _next_due(timing, at=at) is None
        named = recipients.named() if is_last else NOBODY
        _emit(ticket, moment, recipients=named, assignee_id=assignee_id, at=at)
        if is_last:
            recipients = StepRecipients()
        _apply(ticket, timing, moment, at=at)
        count += 1
    if recipients.who:  # an earlier effect cancelled the last step, and with it its notification
        event = SlaEscalated(clock="", is_late=True, assignee_id=None, due_at=None, recipients=recipients.named())
        emit_ticket_event(ticket, event, at=at)
    return count, taken


def _next_due(timing: Timing, *, at: datetime) -> DueStep | None:
    due = [clock for clock in timing.clocks if clock.state == "running" and clock.next_step_at is not None]
    clock = min(due, key=lambda each: each.next_step_at or at, default=None)
    if clock is None or clock.next_step_at is None or clock.next_step_at > at:
        return None
    moment = clock.next_step_at
    every = planned_steps(timing.escalation_policy, clock.kind, timedelta(seconds=clock.budget_seconds))
    falling = tuple(
        planned
        for planned in every
        if planned.key not in clock.taken and _is_due(timing, clock, planned, moment=moment)
    )
    is_breach = clock.breached_at is None and clock.due_at is not None and clock.due_at <= moment
    return DueStep(clock, moment, falling, is_breach)


def _is_due(timing: Timing, clock: Clock, planned: PlannedStep, *, moment: datetime) -> bool:
    due = timing.moment(clock, planned.offset)
    return due is not None and due <= moment


def _mark(timing: Timing, moment: DueStep) -> list[TakenStep]:
    """Mark the moment as passed for the clock."""
    clock, before = moment.clock, len(moment.clock.taken)
    if moment.is_breach:
        clock.breached_at = moment.at
    clock.taken = [*clock.taken, *(planned.key for planned in moment.steps)]
    clock.next_step = len(clock.taken)
    sla.schedule_check(timing, clock)
    return [TakenStep(clock, planned.key, before + place, moment.at) for place, planned in enumerate(moment.steps)]


def _emit(
    ticket: Ticket, moment: DueStep, *, recipients: Recipients | None, assignee_id: UUID | None, at: datetime
) -> None:
    event = moment.event(
        clock=moment.clock.kind,
        assignee_id=assignee_id,
        due_at=moment.clock.due_at,
        step_due_at=moment.at,
        is_late=at - moment.at > LATE_AFTER,
        steps=tuple(planned.key for planned in moment.steps),
        recipients=recipients,
    )
    emit_ticket_event(ticket, event, at=at)


def _apply(ticket: Ticket, timing: Timing, moment: DueStep, *, at: datetime) -> None:
    reason = "sla_breached" if moment.is_breach else "sla_escalated"
    for planned in moment.steps:
        if planned.step.action == "next_tier" and ticket.tier < MAX_TIER:
            change_tier(ticket, ticket.tier + 1, at=at, reason=reason)
        elif planned.step.action == "raise_priority":
            raise_priority(ticket, at=at)
        elif planned.step.action == "assign":
            _auto_assign(ticket, planned.step.who, at=at)
        elif planned.step.action == "webhook":
            _call(ticket, moment, planned, at=at)


def _call(ticket: Ticket, moment: DueStep, planned: PlannedStep, *, at: datetime) -> None:
    assert planned.step.webhook_id is not None
    event = EscalationWebhookCalled(
        webhook_id=planned.step.webhook_id,
        clock=moment.clock.kind,
        step=planned.key,
        due_at=moment.clock.due_at,
        is_late=at - moment.at > LATE_AFTER,
    )
    emit_ticket_event(ticket, event, at=at)


def _auto_assign(ticket: Ticket, who: Sequence[str], *, at: datetime) -> None:
    """Assign the ticket to the named person or to the person on call; if there is none it is not changed."""
    wanted = person_of(who[0])
    person = next((each for each in staff() if each.id == wanted), None) if wanted else first_on_call(at)
    if person is not None:
        assign(ticket, person, at=at)

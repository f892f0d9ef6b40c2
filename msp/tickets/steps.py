"""What an escalation step does to its ticket: each moment of a clock once, in order, with everything that falls on it.

Steps that come late (the desk was down) are taken all the same and marked late; what they do is done in order, but
people hear of them once: the last one tells everybody whom any of them would have told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from msp.contracts.ladder import Rung, person_of, rungs
from msp.kernel.db import Json
from msp.oncall.queries import first_on_call
from msp.people.queries import staff
from msp.sla import clocks as sla
from msp.sla.models import Clock
from msp.sla.timing import Timing
from msp.tickets.actions import MAX_TIER, assign, change_priority, change_tier
from msp.tickets.facts import tell
from msp.tickets.models import Ticket
from msp.tickets.states import PRIORITIES

LATE_AFTER = timedelta(seconds=60)
BY_DEFAULT: Json = {"who": ["assignee", "lead"], "by": ["console", "chat"], "is_urgent": False}
NOBODY: Json = {"who": []}


@dataclass(frozen=True, slots=True)
class Moment:
    """What falls on one instant of a clock: steps of the ladder, and the breach itself where it is the deadline."""

    clock: Clock
    at: datetime
    rungs: tuple[Rung, ...]
    is_breach: bool

    @property
    def kind(self) -> str:
        """The fact that is told."""
        if self.is_breach:
            return "sla.breached"
        is_notice = any(rung.step.action == "notify" for rung in self.rungs)
        return "sla.warned" if is_notice and self.clock.breached_at is None else "sla.escalated"


@dataclass(slots=True)
class Hearers:
    """Who is still to be told, merged over the steps that were taken together."""

    who: list[str] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    is_urgent: bool = False
    is_default: bool = True

    def add(self, moment: Moment) -> None:
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
class Taken:
    """A step that was taken, for the record."""

    clock: Clock
    key: str
    place: int
    due_at: datetime


def take_due(ticket: Ticket, timing: Timing, *, at: datetime) -> tuple[int, list[Taken]]:
    """Take every step of a locked ticket whose moment has come; how many moments there were, and what was taken."""
    taken: list[Taken] = []
    hearers, count = Hearers(), 0
    assignee_id = ticket.assignee_id
    while moment := _next_moment(timing, at=at):
        taken += _mark(timing, moment)
        hearers.add(moment)
        is_last = _next_moment(timing, at=at) is None
        _tell(ticket, moment, hear=hearers.hear() if is_last else {"hear": NOBODY}, assignee_id=assignee_id, at=at)
        if is_last:
            hearers = Hearers()
        _do(ticket, timing, moment, at=at)
        count += 1
    if hearers.who:  # what was done on the way took the last step away, and with it its notice
        tell(ticket, "sla.escalated", at=at, visibility="internal", clock="", is_late=True, **hearers.hear())
    return count, taken


def _next_moment(timing: Timing, *, at: datetime) -> Moment | None:
    due = [clock for clock in timing.clocks if clock.state == "running" and clock.next_step_at is not None]
    clock = min(due, key=lambda each: each.next_step_at or at, default=None)
    if clock is None or clock.next_step_at is None or clock.next_step_at > at:
        return None
    moment = clock.next_step_at
    every = rungs(timing.ladder, clock.kind, timedelta(seconds=clock.budget_seconds))
    falling = tuple(
        rung for rung in every if rung.key not in clock.taken and _falls(timing, clock, rung, moment=moment)
    )
    is_breach = clock.breached_at is None and clock.due_at is not None and clock.due_at <= moment
    return Moment(clock, moment, falling, is_breach)


def _falls(timing: Timing, clock: Clock, rung: Rung, *, moment: datetime) -> bool:
    due = timing.moment(clock, rung.offset)
    return due is not None and due <= moment


def _mark(timing: Timing, moment: Moment) -> list[Taken]:
    """The moment is behind the clock from here on."""
    clock, before = moment.clock, len(moment.clock.taken)
    if moment.is_breach:
        clock.breached_at = moment.at
    clock.taken = [*clock.taken, *(rung.key for rung in moment.rungs)]
    clock.next_step = len(clock.taken)
    sla.point(timing, clock)
    return [Taken(clock, rung.key, before + place, moment.at) for place, rung in enumerate(moment.rungs)]


def _tell(ticket: Ticket, moment: Moment, *, hear: Json, assignee_id: UUID | None, at: datetime) -> None:
    clock = moment.clock
    tell(
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


def _do(ticket: Ticket, timing: Timing, moment: Moment, *, at: datetime) -> None:
    reason = "sla_breached" if moment.is_breach else "sla_escalated"
    for rung in moment.rungs:
        if rung.step.action == "next_tier" and ticket.tier < MAX_TIER:
            change_tier(ticket, ticket.tier + 1, at=at, reason=reason)
        elif rung.step.action == "raise_priority" and ticket.priority != PRIORITIES[0]:
            change_priority(ticket, PRIORITIES[PRIORITIES.index(ticket.priority) - 1], at=at)
        elif rung.step.action == "assign":
            _give(ticket, rung.step.who, at=at)
        elif rung.step.action == "webhook":
            _call(ticket, moment, rung, at=at)


def _call(ticket: Ticket, moment: Moment, rung: Rung, *, at: datetime) -> None:
    clock = moment.clock
    tell(
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


def _give(ticket: Ticket, who: Sequence[str], *, at: datetime) -> None:
    """Give the ticket to the named person or whoever is on call; where there is nobody it stays where it is."""
    wanted = person_of(who[0])
    person = next((each for each in staff() if each.id == wanted), None) if wanted else first_on_call(at)
    if person is not None:
        assign(ticket, person, at=at)

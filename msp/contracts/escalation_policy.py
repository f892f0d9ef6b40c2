"""The escalation ladder of a contract: what happens on the way to a deadline and past it. Pure.

A step's moment is business time from the start of its clock: a share of the budget in whole per cent, or business
minutes before or after the deadline. Moments are exact; no float takes part.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

CLOCK_KINDS = ("first_response", "next_response", "resolution", "fulfilment")
MOMENTS = ("share", "before", "after")
ACTIONS = ("notify", "assign", "raise_priority", "next_tier", "webhook")
ROLES = ("assignee", "lead", "on_call", "client_manager")
MEDIA = ("console", "chat", "mail")
MAX_SHARE = 1000  # per cent of the budget
MAX_MINUTES = 525_600
MAX_STEPS = 20
PERSON = "person:"


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One step of a ladder.

    `amount` is whole per cent for a share, business minutes otherwise; `clocks` are the promises it belongs to (none:
    all of them). `who` are roles or "person:<uuid>": whom a notice tells (none: whoever hears of it by default), or
    the one whom the ticket is given to.
    """

    moment: str
    amount: int
    action: str
    clocks: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    is_urgent: bool = False
    webhook_id: UUID | None = None

    def offset(self, budget: timedelta) -> timedelta:
        """Business time from the start of a clock with this budget to the step's moment; never negative."""
        if self.moment == "share":
            return budget * self.amount // 100
        minutes = timedelta(minutes=self.amount)
        return max(budget - minutes, timedelta(0)) if self.moment == "before" else budget + minutes


EscalationPolicy = tuple[PolicyStep, ...]

DEFAULT_POLICY: EscalationPolicy = (
    PolicyStep("share", 75, "notify"),
    PolicyStep("share", 100, "notify"),
    PolicyStep("share", 100, "next_tier"),
)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as one clock meets it: its name, which outlives edits of what it does, and its moment."""

    key: str
    offset: timedelta
    step: PolicyStep


@lru_cache(maxsize=4096)
def planned_steps(ladder: EscalationPolicy, kind: str, budget: timedelta) -> tuple[PlannedStep, ...]:
    """The steps that concern a kind of clock, in the order in which a clock with this budget meets them.

    A step is known by its moment and action ("share:75:notify", a second one "share:75:notify:2"), so that a step that
    was taken stays taken when other steps come or go, or when it tells other people.
    """
    seen: dict[str, int] = {}
    found = []
    for step in ladder:
        name = f"{step.moment}:{step.amount}:{step.action}"
        seen[name] = seen.get(name, 0) + 1
        if not step.clocks or kind in step.clocks:
            key = name if seen[name] == 1 else f"{name}:{seen[name]}"
            found.append(PlannedStep(key, step.offset(budget), step))
    return tuple(sorted(found, key=lambda rung: rung.offset))


def validate(ladder: EscalationPolicy) -> dict[int, str]:
    """What makes no sense, as a code by the step's place."""
    wrong = {place: "invalid" for place, step in enumerate(ladder) if not _is_valid(step)}
    return wrong | dict.fromkeys(range(MAX_STEPS, len(ladder)), "too_many")


def person_of(who: str) -> UUID | None:
    """The person that "person:<uuid>" names; None for a role and for what is neither."""
    try:
        return UUID(who.removeprefix(PERSON)) if who.startswith(PERSON) else None
    except ValueError:
        return None


def _is_valid(step: PolicyStep) -> bool:
    most = MAX_SHARE if step.moment == "share" else MAX_MINUTES
    known = step.moment in MOMENTS and step.action in ACTIONS and 0 < step.amount <= most
    within = set(step.clocks) <= set(CLOCK_KINDS) and set(step.by) <= set(MEDIA)
    named = all(who in ROLES or person_of(who) is not None for who in step.who)
    return known and within and named and _fits_action(step)


def _fits_action(step: PolicyStep) -> bool:
    if step.action == "webhook":
        return step.webhook_id is not None and not step.who
    if step.action == "assign":
        return len(step.who) == 1 and (step.who[0] == "on_call" or person_of(step.who[0]) is not None)
    return step.action == "notify" or not step.who

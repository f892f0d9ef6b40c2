"""The escalation policy of a contract: its steps before and after a deadline. Pure.

A step's moment is business time from the start of its clock: a percentage of the budget, or business minutes before or
after the deadline. Moments are exact, without floats.
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
    """One step of an escalation policy.

    `amount` is whole per cent for a share, otherwise business minutes; `clocks` are the kinds of clock it applies to
    (empty: all). `who` are roles or "person:<uuid>": recipients of a notification (empty: the default ones), or the new
    assignee.
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
    """A step for one clock: its name, which is stable across edits of its effect, and its moment."""

    key: str
    offset: timedelta
    step: PolicyStep


@lru_cache(maxsize=4096)
def planned_steps(policy: EscalationPolicy, kind: str, budget: timedelta) -> tuple[PlannedStep, ...]:
    """The steps for a kind of clock, in the order of their moments for this budget.

    A step is identified by its moment and action ("share:75:notify", a second one "share:75:notify:2"), so that a taken
    step stays taken when other steps or its recipients change.
    """
    seen: dict[str, int] = {}
    found = []
    for step in policy:
        name = f"{step.moment}:{step.amount}:{step.action}"
        seen[name] = seen.get(name, 0) + 1
        if not step.clocks or kind in step.clocks:
            key = name if seen[name] == 1 else f"{name}:{seen[name]}"
            found.append(PlannedStep(key, step.offset(budget), step))
    return tuple(sorted(found, key=lambda planned: planned.offset))


def validate(policy: EscalationPolicy) -> dict[int, str]:
    """Faults as codes by the step's index."""
    wrong = {place: "invalid" for place, step in enumerate(policy) if not _is_valid(step)}
    return wrong | dict.fromkeys(range(MAX_STEPS, len(policy)), "too_many")


def person_of(who: str) -> UUID | None:
    """The person id in "person:<uuid>"; None otherwise."""
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

"""Attributes of a ticket that are decided before its conversation is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from random import Random

from msp.demo.script import Scenario, ScriptStep
from msp.demo.timeline import Moment, TimelinePace, place, running_minutes, status_after
from msp.demo.worktime import Worktime
from msp.demo.world import DemoClient, DemoContract, DemoSlaTarget, Person

_MOST_OF_THE_TARGET = 0.9
_CLOSE_SHARE = 0.3  # share of the tickets answered, or solved, only when a large part of the time is used
_CLOSEST = 0.99


@dataclass(frozen=True)
class DemoPlan:
    """A planned ticket: client, scenario, start and current status."""

    client: DemoClient
    contract: DemoContract
    worktime: Worktime
    scenario: Scenario
    locale: str
    requester: Person
    source: str
    created: datetime
    now: datetime
    initial_priority: str
    priority: str
    status: str  # how far the story has got: "resolved" or an open status
    breach: str  # "", "first_response" or "resolution"
    technicians: Mapping[int, Person]
    turn: int  # how often this client has had this scenario before
    fixed: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    opening: int | None = None

    @property
    def target(self) -> DemoSlaTarget:
        """The SLA target for the ticket's final priority."""
        return target_of(self.contract, self.priority)

    @property
    def response_target(self) -> int:
        """Minutes to the first response, by the stricter of the two priorities."""
        return min(target_of(self.contract, p).first_response for p in (self.initial_priority, self.priority))


def target_of(contract: DemoContract, priority: str) -> DemoSlaTarget:
    """Return a contract's SLA target for a priority."""
    return next(target for target in contract.targets if target.priority == priority)


def choose_steps(scenario: Scenario, locale: str, telling: int, rng: Random) -> tuple[ScriptStep, ...]:
    """Return one variant of a scenario: optional lines decided, wordings by opening (the n-th wordings go together)."""
    told = ((step, step.wordings[telling % len(step.wordings)]) for step in scenario.scripts[locale].steps)
    return tuple(
        ScriptStep(step.actor, step.mark, False, step.delay, (wording,))
        for step, wording in told
        if wording != "-" and (not step.optional or rng.random() < 0.6)
    )


def cut_at(steps: tuple[ScriptStep, ...], status: str, rng: Random) -> tuple[ScriptStep, ...] | None:
    """Return the steps so far of a ticket with this `status`; None if the story never reaches it."""
    if status == "new":
        return ()
    fitting: list[int] = []
    current, answered = "new", False
    for count, step in enumerate(steps, start=1):
        current = status_after(step, current)
        answered = answered or bool(step.tier and step.mark not in ("note", "escalate"))
        if current == status and answered and step.mark != "escalate":
            fitting.append(count)
    return steps[: rng.choice(fitting)] if fitting else None


def moments_of(plan: DemoPlan, steps: tuple[ScriptStep, ...], rng: Random) -> tuple[Moment, ...] | None:
    """Place a story's steps in time; None if they cannot meet the plan."""
    if not steps:
        return ()
    return _resolved(plan, steps, rng) if plan.status == "resolved" else _unfinished(plan, steps, rng)


def _resolved(plan: DemoPlan, steps: tuple[ScriptStep, ...], rng: Random) -> tuple[Moment, ...] | None:
    pace, seed = _pace(plan, _close_response_gap(plan, steps, rng)), rng.random()
    moments = place(steps, plan.created, pace, _again(seed))
    ran, target = running_minutes(plan.created, moments, plan.worktime), plan.target.resolution
    if plan.breach == "resolution":
        delay = max(target * rng.uniform(1.05, 1.45) - ran, 0.0)
        moments = place(steps, plan.created, pace, _again(seed), delay_end=delay)
    elif ran > target * _MOST_OF_THE_TARGET:
        squeeze = _squeeze(target * 0.8, ran, pace.response_gap)
        moments = place(steps, plan.created, pace, _again(seed), squeeze=squeeze)
        if running_minutes(plan.created, moments, plan.worktime) > target * 0.96:
            return None
    elif not plan.breach and _chance(seed) < _CLOSE_SHARE:
        moments = _close_to_target(plan, steps, pace, seed, ran) or moments
    return moments if moments[-1].at < plan.now else None


def _close_to_target(
    plan: DemoPlan, steps: tuple[ScriptStep, ...], pace: TimelinePace, seed: float, ran: float
) -> tuple[Moment, ...] | None:
    """Place the steps so that the solution uses a large part of its time; None if that would be too late."""
    target = plan.target.resolution
    share = 0.25 + (_CLOSEST - 0.25) * _chance(seed, "share")
    moments = place(steps, plan.created, pace, _again(seed), delay_end=max(target * share - ran, 0.0))
    is_kept = running_minutes(plan.created, moments, plan.worktime) < target * _CLOSEST
    return moments if is_kept and moments[-1].at < plan.now else None


def _chance(seed: float, of: str = "whether") -> float:
    """A number from 0 to 1 derived from a seed."""
    return Random(f"{seed} {of}").random()  # noqa: S311  # no secret depends on it


def _unfinished(plan: DemoPlan, steps: tuple[ScriptStep, ...], rng: Random) -> tuple[Moment, ...] | None:
    available = plan.worktime.elapsed(plan.created, plan.now)
    response = min(_response_gap(plan, rng), available * rng.uniform(0.15, 0.5))
    pace, seed = _pace(plan, response), rng.random()
    moments = place(steps, plan.created, pace, _again(seed))
    ran = running_minutes(plan.created, moments, plan.worktime)
    if moments[-1].at >= plan.now:
        squeeze = _squeeze(available * rng.uniform(0.6, 0.92), ran, response)
        moments = place(steps, plan.created, pace, _again(seed), squeeze=squeeze)
    elif plan.status == "open" and ran < available * 0.3 and available > 240:
        squeeze = min(rng.uniform(1.0, 0.8 * available / max(ran, 1.0)), 8.0)
        moments = place(steps, plan.created, pace, _again(seed), squeeze=squeeze)
    appointment = next((m.appointment for m in moments if m.appointment and plan.status == "scheduled"), None)
    if moments[-1].at >= plan.now or (appointment and appointment <= plan.now):
        return None
    return moments


def _again(seed: float) -> Random:
    """Return the same random numbers again, so that a second placing differs only in the changed parameters."""
    return Random(seed)  # noqa: S311  # no secret depends on it


def _squeeze(wanted: float, ran: float, response: float) -> float:
    return max((wanted - response) / max(ran - response, 1.0), 0.02)


def _response_gap(plan: DemoPlan, rng: Random) -> float:
    target = plan.response_target
    if plan.breach == "first_response":
        return target * rng.uniform(1.08, 1.9)
    return max(target * rng.betavariate(1.6, 5.0) * _MOST_OF_THE_TARGET, 1.2)


def _close_response_gap(plan: DemoPlan, steps: tuple[ScriptStep, ...], rng: Random) -> float:
    """As `_response_gap`; for some tickets most of the time is used, notes before the answer included."""
    gap = _response_gap(plan, rng)
    if plan.breach == "first_response" or rng.random() >= _CLOSE_SHARE:
        return gap
    before = list(takewhile(lambda step: not step.tier or step.mark in ("note", "escalate"), steps))
    return max(gap, plan.response_target * rng.betavariate(5.0, 2.0) * _CLOSEST / (1 + len(before)))


def _pace(plan: DemoPlan, response_gap: float) -> TimelinePace:
    visits = any(work.work_type == "onsite" for work in plan.scenario.work)
    return TimelinePace(
        plan.worktime, plan.priority, response_gap, plan.scenario.hours, (55, 115) if visits else (22, 50)
    )

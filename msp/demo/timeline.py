"""Time of each line of a conversation, in the client's business hours and within its SLA targets."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random

from msp.demo.script import ScriptStep
from msp.demo.worktime import Worktime

_PACE = {"urgent": 0.5, "high": 0.8, "normal": 1.5, "low": 2.4}
_OFFICE_TIMES = ("9:15", "9:30", "10:00", "10:30", "11:00", "11:30", "12:00", "16:00", "16:30", "17:00")
_WAITING = ("waiting_client", "waiting_third_party", "scheduled")


@dataclass(frozen=True)
class Moment:
    """A step, when it happens, the status right after it, and the appointment it makes."""

    step: ScriptStep
    at: datetime
    status: str
    appointment: datetime | None = None


@dataclass(frozen=True)
class TimelinePace:
    """Parameters for placing steps in time."""

    worktime: Worktime
    priority: str
    response_gap: float  # business minutes until the first answer
    hours: tuple[str, ...]  # times of day for appointments; empty: office hours
    visit_minutes: tuple[int, int]  # time from an appointment to the next line


def status_after(step: ScriptStep, before: str) -> str:
    """Return the status that a step leaves."""
    if step.tier == 0:
        return "open" if before == "waiting_client" else before
    if step.mark in _WAITING or step.mark == "resolved":
        return step.mark
    if step.mark in ("note", "escalate"):
        return "open" if before == "new" else before
    return "open"


def place(
    steps: tuple[ScriptStep, ...],
    created: datetime,
    pace: TimelinePace,
    rng: Random,
    *,
    squeeze: float = 1.0,
    delay_end: float = 0.0,
) -> tuple[Moment, ...]:
    """Place steps after `created`; `squeeze` scales the gaps, `delay_end` postpones the solution."""
    moments: list[Moment] = []
    at, status, answered = created, "new", False
    for step in steps:
        previous = moments[-1] if moments else None
        if previous and previous.appointment:
            at = previous.appointment + timedelta(minutes=rng.randint(*pace.visit_minutes))
        else:
            gap = _gap(step, previous, pace, rng)
            if step.tier and not answered:
                gap = pace.response_gap if step.mark != "note" else pace.response_gap * 0.5
            elif status != "waiting_client":
                gap *= squeeze
            said = pace.worktime.add(at, max(gap, 0.4) + (delay_end if step.mark == "resolved" else 0.0))
            at = _civil(said, at, pace, answered, rng)
        answered = answered or bool(step.tier and step.mark not in ("note", "escalate"))
        status = status_after(step, status)
        appointment = _appointment(at, pace, rng) if step.mark == "scheduled" else None
        moments.append(Moment(step, at, status, appointment))
    return tuple(moments)


def _civil(at: datetime, previous: datetime, pace: TimelinePace, answered: bool, rng: Random) -> datetime:
    """Keep non-urgent steps out of the night: a first answer comes before it, anything else after it."""
    local = pace.worktime.local(at)
    if pace.priority in ("urgent", "high") or 7 <= local.hour < 22:
        return at
    evening = local.replace(hour=22, minute=0) - timedelta(days=local.hour < 7)
    left = (evening - previous).total_seconds()
    if not answered:
        return previous + timedelta(seconds=left * rng.uniform(0.2, 0.9)) if left > 600 else at
    return (evening + timedelta(hours=9.5, minutes=rng.uniform(0, 80))).astimezone(UTC)


def running_minutes(created: datetime, moments: tuple[Moment, ...], worktime: Worktime) -> float:
    """Return the business minutes until the solution (or the last line), without waiting for the client."""
    total, since, status = 0.0, created, "new"
    for moment in moments:
        if status != "waiting_client":
            total += worktime.elapsed(since, moment.at)
        since, status = moment.at, moment.status
        if status == "resolved":
            break
    return total


def waited_minutes(moments: tuple[Moment, ...], worktime: Worktime) -> float:
    """Return the business minutes spent waiting for the client, finished waits only."""
    return sum(
        worktime.elapsed(moment.at, following.at)
        for moment, following in pairwise(moments)
        if moment.status == "waiting_client"
    )


def _gap(step: ScriptStep, previous: Moment | None, pace: TimelinePace, rng: Random) -> float:
    speed = _PACE[pace.priority]
    if step.delay is not None:
        return step.delay * rng.uniform(0.8, 1.3)
    if step.tier == 0:
        return _answer_gap(previous, rng)
    if step.mark in ("note", "escalate"):
        return rng.uniform(4, 18) * speed
    if previous and previous.status == "waiting_third_party":
        return rng.uniform(80, 320)
    if step.mark == "resolved":
        return rng.uniform(9, 48) * speed
    return rng.uniform(4, 24) * speed


def _answer_gap(previous: Moment | None, rng: Random) -> float:
    quick = rng.lognormvariate(1.9, 0.8)
    if previous and previous.status == "waiting_client" and rng.random() < 0.07:
        return rng.uniform(90, 620)
    if previous and previous.status == "resolved":
        return rng.uniform(2, 90)
    return quick


def _appointment(at: datetime, pace: TimelinePace, rng: Random) -> datetime:
    """Return a time on one of the next open days, in office hours unless the scenario says otherwise."""
    local = pace.worktime.local(at)
    days = 1 if rng.random() < 0.75 else 2
    clock = rng.choice(pace.hours or _OFFICE_TIMES)
    hour, minute = (int(part) for part in clock.split(":"))
    for _ in range(14):
        local += timedelta(days=1)
        noon = datetime.combine(local.date(), time(11), local.tzinfo).astimezone(UTC)
        days -= pace.worktime.is_open(noon) and local.weekday() < 5
        if not days:
            break
    when = datetime.combine(local.date(), time(hour, minute), local.tzinfo).astimezone(UTC)
    return when if pace.hours or pace.worktime.is_open(when) else when.replace(hour=noon.hour, minute=0)

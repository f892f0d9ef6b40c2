"""Time entries of a ticket's technicians."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from msp.demo.plan import DemoPlan
from msp.demo.script import ScriptWork
from msp.demo.timeline import Moment
from msp.demo.words import Words, say
from msp.demo.world import DemoTimeEntry

_TIME_FOR_A_VISIT = timedelta(hours=3)
_FREE = {"es": " (sin cargo)", "en": " (no charge)"}


@dataclass(frozen=True)
class WorkShift:
    """The limits that a time entry has to respect."""

    plan: DemoPlan
    moments: tuple[Moment, ...]
    taken_at: datetime | None
    words: Words


def time_entries(shift: WorkShift, rng: Random) -> tuple[DemoTimeEntry, ...]:
    """Return the time entries of the story so far, in order; each ends at its technician's last message."""
    if shift.taken_at is None:
        return ()
    entries: list[DemoTimeEntry] = []
    for tier in (1, 2, 3):
        lines = [work for work in shift.plan.scenario.work if work.tier == tier]
        spoken = [m for m in shift.moments if m.step.tier == tier and m.step.mark != "escalate"]
        for position, work in enumerate(lines, start=1):
            anchor = _anchor(spoken, position, len(lines), work, shift.plan.status)
            if anchor and (work.work_type != "onsite" or _visited(shift, anchor)):
                entries += _entries(shift, work, anchor, rng)
    return tuple(sorted(entries, key=lambda entry: entry.started_at))


def _anchor(spoken: list[Moment], position: int, lines: int, work: ScriptWork, status: str) -> Moment | None:
    """Return the line at whose time the work was done; visits count only once the story is over."""
    if not spoken or (status != "resolved" and (position > 1 or work.work_type == "onsite")):
        return None
    return spoken[-(-len(spoken) * position // lines) - 1]


def _visited(shift: WorkShift, anchor: Moment) -> bool:
    """Whether there was a visit: for an appointment, or, without one, with hours to do it in."""
    if any(m.appointment and m.appointment < anchor.at for m in shift.moments):
        return True
    makes_appointments = any(step.mark == "scheduled" for step in shift.plan.scenario.scripts["es"].steps)
    return not makes_appointments and anchor.at - (shift.taken_at or shift.plan.created) > _TIME_FOR_A_VISIT


def _entries(shift: WorkShift, work: ScriptWork, anchor: Moment, rng: Random) -> Iterator[DemoTimeEntry]:
    plan = shift.plan
    started, minutes = _span(shift, work, anchor, rng)
    billable = rng.random() > 0.04 or work.work_type != "remote"
    note = say(
        work.note_es if plan.client.locale == "es" else work.note_en,
        Words(shift.words.slots, shift.words.women, plan.client.locale, plan.client.formal),
        at=plan.worktime.local(anchor.at),
        me=None,
        rng=rng,
    )
    if work.work_type == "onsite":
        travel = rng.randint(18, 50)
        text = "Desplazamiento" if plan.client.locale == "es" else "Travel"
        yield _entry(plan, work.tier, started - timedelta(minutes=travel), travel, "travel", True, text, rng)
    text = note if billable else note + _FREE[plan.client.locale]
    yield _entry(plan, work.tier, started, minutes, work.work_type, billable, text, rng)


def _span(shift: WorkShift, work: ScriptWork, anchor: Moment, rng: Random) -> tuple[datetime, int]:
    """Return the start of the work and its minutes: a visit starts at its appointment, other work ends at the line."""
    appointments = [m.appointment for m in shift.moments if m.appointment and m.appointment < anchor.at]
    if work.work_type == "onsite" and appointments:
        stayed = int((anchor.at - appointments[-1]).total_seconds() // 60)
        return appointments[-1], min(stayed, rng.randint(work.least, work.most))
    handed_over = [m.at for m in shift.moments if m.step.mark == "escalate" and m.step.tier == work.tier]
    since = next(iter(handed_over), shift.taken_at or shift.plan.created)
    room = int((anchor.at - since).total_seconds() // 60)
    minutes = max(min(rng.randint(work.least, work.most), room), 4)
    return max(anchor.at - timedelta(minutes=minutes), shift.plan.created), minutes


def _entry(
    plan: DemoPlan, tier: int, started: datetime, minutes: int, work_type: str, billable: bool, note: str, rng: Random
) -> DemoTimeEntry:
    month_start = plan.worktime.local(plan.now).replace(day=1, hour=0, minute=0)
    is_old = started < plan.now - timedelta(days=7)
    approved = started < month_start or (is_old and rng.random() < 0.7)
    return DemoTimeEntry(
        plan.technicians[tier].email,
        started.replace(second=0, microsecond=0),
        minutes,
        work_type,
        billable,
        note,
        "approved" if approved else "draft",
    )

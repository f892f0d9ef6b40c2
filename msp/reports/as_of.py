"""What was known of an SLA target at an earlier instant, from its stored history. Pure.

A stored clock has its current state only. Its state at an instant T follows from what is stored with a time: its start
and stop, its pauses (one with the reason `resolved` is a time in which the ticket was resolved before it was reopened),
the versions of its calendar, and the deadlines before and after each change of the target (`sla.recomputed`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msp.calendars.business_time import deadline, elapsed
from msp.calendars.working_calendar import WorkingCalendar
from msp.reports.forecast import End
from msp.reports.late_chance import Case, TargetGroup

ENDS = ("resolution", "fulfilment")
State = Literal["running", "paused", "met", "cancelled"]


@dataclass(frozen=True, slots=True)
class Stood:
    """A pause of a ticket; open while `ended_at` is None."""

    started_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TargetChange:
    """The target was changed at `at`; its deadline was `before` (None: it did not exist yet, or was paused)."""

    at: datetime
    before: datetime | None


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """A clock with its whole stored history: pauses and changes oldest first, versions of its calendar newest first.

    `stopped_at` is when it was met or cancelled; `due_at` when it is or was due, None while it is paused.
    """

    clock_id: UUID
    alike: TargetGroup
    state: State
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    versions: Sequence[tuple[datetime, WorkingCalendar]]
    pauses: Sequence[Stood] = ()
    changes: Sequence[TargetChange] = ()


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target's state at an instant; `due_at` only if it was running."""

    alike: TargetGroup
    state: State
    used: timedelta
    due_at: datetime | None

    @property
    def case(self) -> Case:
        """The case for statistics."""
        return Case(self.alike, self.used / timedelta(seconds=self.alike.seconds), self.state == "met")


def known_at(target: TargetHistory, at: datetime) -> TargetState | None:
    """The state at `at`; None if the target did not exist then, or if its length then is unknown."""
    seconds = _seconds(target, at) if target.started_at <= at else None
    if not seconds or seconds < 0:
        return None
    state, until = _state(target, at)
    calendar = _calendar(target, until)
    pauses = _pauses(target, until)
    used = elapsed(calendar, target.started_at, until, [(begun, ended or until) for begun, ended in pauses])
    alike = TargetGroup(target.alike.kind, target.alike.client_id, seconds)
    due = deadline(calendar, target.started_at, timedelta(seconds=seconds), pauses) if state == "running" else None
    return TargetState(alike, state, used, due)


def is_final(target: TargetHistory, at: datetime) -> bool:
    """Whether nothing changed after `at`, so that the state is the same at any later instant."""
    stopped = target.stopped_at is not None and target.stopped_at <= at
    quiet = all(each.ended_at is not None and each.ended_at <= at for each in target.pauses)
    return stopped and quiet and all(each.at <= at for each in target.changes)


def end_of(target: TargetHistory, *, said_at: datetime, now: datetime) -> End:
    """The outcome of a forecast made at `said_at`, by the rule of the compliance report."""
    if any(each.at > said_at for each in target.changes):
        return "changed"
    due, stopped = target.due_at, target.stopped_at
    is_overdue = due is not None and (due <= now if stopped is None else due < stopped)
    if target.state == "met":
        return "late" if is_overdue else "met"
    return "late" if is_overdue else "undecided"


def _state(target: TargetHistory, at: datetime) -> tuple[State, datetime]:
    """The state, and until when the target was running or paused."""
    over = next((each for each in target.pauses if _covers(each, at)), None)
    if over is not None and over.reason == "resolved" and target.alike.kind != "first_response":
        return ("met" if target.alike.kind in ENDS else "cancelled"), over.started_at
    if target.stopped_at is not None and target.stopped_at <= at:
        return ("met" if target.state == "met" else "cancelled"), target.stopped_at
    return ("paused" if over is not None else "running"), at


def _covers(pause: Stood, at: datetime) -> bool:
    return pause.started_at <= at and (pause.ended_at is None or pause.ended_at > at)


def _pauses(target: TargetHistory, at: datetime) -> list[tuple[datetime, datetime | None]]:
    """The pauses known then; one that had not ended is open."""
    return [
        (each.started_at, each.ended_at if each.ended_at is not None and each.ended_at <= at else None)
        for each in target.pauses
        if each.started_at <= at
    ]


def _seconds(target: TargetHistory, at: datetime) -> int | None:
    """The target's length then, from the deadline that the next change replaced."""
    change = next((each for each in target.changes if each.at > at), None)
    if change is None:
        return target.alike.seconds
    if change.before is None:
        return None
    pauses = [(begun, ended or change.at) for begun, ended in _pauses(target, change.at)]
    return round(elapsed(_calendar(target, at), target.started_at, change.before, pauses).total_seconds())


def _calendar(target: TargetHistory, at: datetime) -> WorkingCalendar:
    """The calendar version valid then, or the first one."""
    return next((version for since, version in target.versions if since <= at), target.versions[-1][1])

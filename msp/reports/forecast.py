"""What will be late in the next hours if everybody goes on as they did lately. Pure: who waits, and at what pace.

The rule is simple on purpose, so that a person can check it: promises are met in the order in which they are due, each
assignee's one after the other, and those that nobody has by their tier as a whole. A promise with four before it and a
pace of one every 30 minutes needs 2 h 30 min; if its calendar is open for less than that until it is due, it will
be late.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Verdict = Literal["late", "unassigned", "unknown", "in_time"]
RISKS: tuple[Verdict, ...] = ("late", "unassigned", "unknown")
FEWEST = 3  # stretches between two promises; fewer are no pace


@dataclass(frozen=True, slots=True)
class Pace:
    """How often promises were met lately: one every so long, by so many measured stretches."""

    every: timedelta
    measured: int


@dataclass(frozen=True, slots=True)
class Paces:
    """The pace of each technician and of each tier."""

    technicians: Mapping[UUID, Pace]
    tiers: Mapping[int, Pace]

    def of(self, waiting: "Waiting") -> tuple[Pace | None, bool]:
        """Whoever has it, where enough was measured; else its tier, and True."""
        own = self.technicians.get(waiting.assignee_id) if waiting.assignee_id else None
        if own is not None and own.measured >= FEWEST:
            return own, False
        shared = self.tiers.get(waiting.tier)
        return (shared if shared is not None and shared.measured >= FEWEST else None), True


@dataclass(frozen=True, slots=True)
class Waiting:
    """A running promise. `open_for` is the time that its calendar is open until it is due; zero once it is past."""

    clock_id: UUID
    kind: str
    tier: int
    assignee_id: UUID | None
    due_at: datetime
    open_for: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a promise, and why.

    late: it needs more time than there is; unassigned: there is time, but nobody has it; unknown: nothing was measured
    that could say; in_time: the rest. `ahead` are the promises due before it, `needed` the open time that they and it
    take, None where no pace is known; `is_tier_pace` says that the tier's pace was taken.
    """

    waiting: Waiting
    verdict: Verdict
    ahead: int
    pace: Pace | None
    is_tier_pace: bool
    needed: timedelta | None


def forecast(queue: Iterable[Waiting], paces: Paces, *, at: datetime) -> list[Forecast]:
    """What is expected of each promise that is due after `at`, soonest first; those that are late already go ahead."""
    before: Counter[object] = Counter()
    in_tier: Counter[int] = Counter()
    expected = []
    for waiting in sorted(queue, key=lambda each: (each.due_at, each.clock_id)):
        ahead = before[waiting.assignee_id] if waiting.assignee_id else in_tier[waiting.tier]
        if waiting.due_at > at:
            expected.append(_expect(waiting, ahead, paces))
        before[waiting.assignee_id] += 1
        in_tier[waiting.tier] += 1
    return expected


def _expect(waiting: Waiting, ahead: int, paces: Paces) -> Forecast:
    pace, is_tier_pace = paces.of(waiting)
    needed = pace.every * (ahead + 1) if pace else None
    return Forecast(waiting, _verdict(waiting, needed), ahead, pace, is_tier_pace, needed)


def _verdict(waiting: Waiting, needed: timedelta | None) -> Verdict:
    if needed is not None and needed > waiting.open_for:
        return "late"
    if waiting.assignee_id is None:
        return "unassigned"
    return "unknown" if needed is None else "in_time"


def count_by_hour(expected: Sequence[Forecast], *, at: datetime, hours: int) -> list[dict[Verdict, int]]:
    """For each of the next hours, how many promises that are due in it come to which verdict."""
    found: list[dict[Verdict, int]] = [{} for _ in range(hours)]
    for each in expected:
        hour = int((each.waiting.due_at - at).total_seconds() // 3600)
        if 0 <= hour < hours:
            found[hour][each.verdict] = found[hour].get(each.verdict, 0) + 1
    return found

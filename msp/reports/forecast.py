"""Which open SLA targets will be missed, and how often that was right. Pure: what is known in, forecasts out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msp.reports.late_chance import Alike, Chance, History

Verdict = Literal["at_risk", "unknown", "in_time"]
RISKS: tuple[Verdict, ...] = ("at_risk", "unknown")
AT_RISK = 0.3  # the chance to be late from which a target is at risk


@dataclass(frozen=True, slots=True)
class Waiting:
    """A running target. `open_for` is the business time until it is due; zero once that is past."""

    clock_id: UUID
    alike: Alike
    tier: int
    assignee_id: UUID | None
    due_at: datetime
    open_for: timedelta

    @property
    def share(self) -> float:
        """The share of its business time that is used, 0 to 1."""
        whole = timedelta(seconds=self.alike.seconds)
        return 1 - self.open_for / whole if whole else 1.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a target, and by which chance.

    at_risk: the chance to be late is AT_RISK or more; unknown: there is not enough history; in_time: the rest.
    """

    waiting: Waiting
    chance: Chance

    @property
    def verdict(self) -> Verdict:
        """The category that the chance comes to."""
        if self.chance.late is None:
            return "unknown"
        return "at_risk" if self.chance.late >= AT_RISK else "in_time"


def forecast(waiting: Iterable[Waiting], history: History, *, at: datetime) -> list[Forecast]:
    """What is expected of each target that is due after `at`, due first first; those that are late already are left."""
    ahead = sorted((each for each in waiting if each.due_at > at), key=lambda each: (each.due_at, each.clock_id))
    return [Forecast(each, history.chance(each.alike, each.share)) for each in ahead]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many past forecasts there were by what they said, and how many of those targets were late.

    `unknown` had not enough history then. Not compared are `undecided`, not decided yet or cancelled, and `changed`, of
    which the target itself was changed later. `times` counts the mornings that had any.
    """

    times: int = 0
    at_risk: int = 0
    at_risk_late: int = 0
    in_time: int = 0
    in_time_late: int = 0
    unknown: int = 0
    undecided: int = 0
    changed: int = 0

    @property
    def compared(self) -> int:
        """Forecasts that said something and have an end to compare with."""
        return self.at_risk + self.in_time

    def plus(self, said: Verdict, end: "End") -> "Accuracy":
        """With one forecast more, and what became of its target."""
        if said == "unknown":
            return replace(self, unknown=self.unknown + 1)
        if end == "undecided":
            return replace(self, undecided=self.undecided + 1)
        if end == "changed":
            return replace(self, changed=self.changed + 1)
        late = 1 if end == "late" else 0
        if said == "at_risk":
            return replace(self, at_risk=self.at_risk + 1, at_risk_late=self.at_risk_late + late)
        return replace(self, in_time=self.in_time + 1, in_time_late=self.in_time_late + late)


End = Literal["met", "late", "undecided", "changed"]


def count_by_hour(expected: Sequence[Forecast], *, at: datetime, hours: int) -> list[dict[Verdict, int]]:
    """For each of the next hours, how many targets that are due in it come to which verdict."""
    found: list[dict[Verdict, int]] = [{} for _ in range(hours)]
    for each in expected:
        hour = int((each.waiting.due_at - at).total_seconds() // 3600)
        if 0 <= hour < hours:
            found[hour][each.verdict] = found[hour].get(each.verdict, 0) + 1
    return found

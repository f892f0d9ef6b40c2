"""Which open SLA targets will be missed, and how accurate past forecasts were. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msp.reports.late_chance import Chance, History, TargetGroup

Verdict = Literal["at_risk", "unknown", "in_time"]
RISKS: tuple[Verdict, ...] = ("at_risk", "unknown")
AT_RISK = 0.3  # minimum chance of a breach for "at risk"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A running target. `open_for` is the business time until it is due; zero after that."""

    clock_id: UUID
    alike: TargetGroup
    tier: int
    assignee_id: UUID | None
    due_at: datetime
    open_for: timedelta

    @property
    def share(self) -> float:
        """The used share of its business time, 0 to 1."""
        whole = timedelta(seconds=self.alike.seconds)
        return 1 - self.open_for / whole if whole else 1.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of a target, with its chance.

    at_risk: the chance of a breach is AT_RISK or more; unknown: not enough history; in_time: otherwise.
    """

    waiting: Waiting
    chance: Chance

    @property
    def verdict(self) -> Verdict:
        """The category of the chance."""
        if self.chance.late is None:
            return "unknown"
        return "at_risk" if self.chance.late >= AT_RISK else "in_time"


def forecast(waiting: Iterable[Waiting], history: History, *, at: datetime) -> list[Forecast]:
    """The forecast of each target due after `at`, soonest first; breached ones are left out."""
    ahead = sorted((each for each in waiting if each.due_at > at), key=lambda each: (each.due_at, each.clock_id))
    return [Forecast(each, history.chance(each.alike, each.share)) for each in ahead]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Past forecasts by verdict, and how many of those targets were breached.

    `unknown` had not enough history then. Not compared are `undecided` (not decided yet, or cancelled) and `changed`
    (the target was changed later). `times` counts the mornings with forecasts.
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
        """Forecasts that can be compared with an outcome."""
        return self.at_risk + self.in_time

    def plus(self, predicted: Verdict, end: "End") -> "Accuracy":
        """Adds one forecast with its outcome."""
        if predicted == "unknown":
            return replace(self, unknown=self.unknown + 1)
        if end == "undecided":
            return replace(self, undecided=self.undecided + 1)
        if end == "changed":
            return replace(self, changed=self.changed + 1)
        late = 1 if end == "late" else 0
        if predicted == "at_risk":
            return replace(self, at_risk=self.at_risk + 1, at_risk_late=self.at_risk_late + late)
        return replace(self, in_time=self.in_time + 1, in_time_late=self.in_time_late + late)


End = Literal["met", "late", "undecided", "changed"]


def count_by_hour(expected: Sequence[Forecast], *, at: datetime, hours: int) -> list[dict[Verdict, int]]:
    """For each of the next hours, the number of targets due in it by verdict."""
    found: list[dict[Verdict, int]] = [{} for _ in range(hours)]
    for each in expected:
        hour = int((each.waiting.due_at - at).total_seconds() // 3600)
        if 0 <= hour < hours:
            found[hour][each.verdict] = found[hour].get(each.verdict, 0) + 1
    return found

"""The chance that an open SLA target is missed, from similar past targets. Pure.

The statistic is the Kaplan-Meier estimate over the share of the target's business time used when it was met; targets
not met yet, or cancelled, are censored observations. For an open target that has used a share u of its time, the chance
of a breach is S(1) / S(u): of the targets still open at u, the part still open when all time was used. Shares make
targets of different lengths comparable.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal
from uuid import UUID

FEWEST = 30  # minimum number of decided targets
NEWEST = 2_000  # maximum number of cases per group: recent ones are more relevant
Group = Literal["client_target", "target", "kind", "all"]
GROUPS: tuple[Group, ...] = ("client_target", "target", "kind", "all")  # most similar first


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """The group of a target: kind, client, and agreed time in business seconds."""

    kind: str
    client_id: UUID
    seconds: int


@dataclass(frozen=True, slots=True)
class Case:
    """A past target: the share of its time (1.0: all of it) used when it was met or, if not, when last observed."""

    alike: TargetGroup
    share: float
    is_met: bool

    @property
    def is_decided(self) -> bool:
        """Whether it was met in time or missed."""
        return self.is_met or self.share > 1


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance of a breach, 0 to 1; None with fewer than FEWEST cases.

    `cases` are the decided targets of the group (met, or missed) that were open for at least as long.
    """

    late: float | None
    cases: int
    group: Group


_KEYS: dict[Group, Callable[[TargetGroup], Hashable]] = {
    "client_target": lambda each: (each.kind, each.client_id, each.seconds),
    "target": lambda each: (each.kind, each.seconds),
    "kind": lambda each: each.kind,
    "all": lambda each: (),
}


class Curve:
    """The share of targets still open, by the used share of their time."""

    def __init__(self, cases: Iterable[Case]) -> None:
        known = list(cases)
        ordered = sorted((each.share, each.is_met) for each in known)
        self._decided = sorted(each.share for each in known if each.is_decided)
        self._points: list[float] = []
        self._open: list[float] = [1.0]
        left = len(ordered)
        for share, ties in groupby(ordered, key=lambda pair: pair[0]):
            met = [is_met for _, is_met in ties]
            if any(met):
                self._points.append(share)
                self._open.append(self._open[-1] * (1 - sum(met) / left))
            left -= len(met)

    def still_open(self, share: float) -> float:
        """The estimated part of targets open after this share of their time; exact at ties."""
        return self._open[bisect_right(self._points, share)]

    def decided_after(self, share: float) -> int:
        """The number of decided cases that were open after this share of their time."""
        return len(self._decided) - bisect_right(self._decided, share)

    def late(self, share: float) -> float:
        """The chance that a target open at `share` of its time is still open at its deadline."""
        if share >= 1:
            return 1.0
        open_now = self.still_open(share)
        return self.still_open(1.0) / open_now if open_now else 0.0


class History:
    """Past targets, newest first, grouped by similarity."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = list(cases)
        self._curves: dict[tuple[Group, Hashable], Curve] = {}

    def chance(self, alike: TargetGroup, share: float) -> Chance:
        """The chance of a target that has used `share` of its time, by the most similar group with enough cases."""
        cases = 0
        for group in GROUPS:
            curve = self._curve(group, _KEYS[group](alike))
            cases = curve.decided_after(share)
            if cases >= FEWEST:
                return Chance(curve.late(share), cases, group)
        return Chance(None, cases, GROUPS[-1])

    def _curve(self, group: Group, key: Hashable) -> Curve:
        if (group, key) not in self._curves:
            self._curves[group, key] = Curve(self._members[group].get(key, ())[:NEWEST])
        return self._curves[group, key]

    @cached_property
    def _members(self) -> dict[Group, dict[Hashable, list[Case]]]:
        found: dict[Group, dict[Hashable, list[Case]]] = {group: {} for group in GROUPS}
        for case in self._cases:
            for group in GROUPS:
                found[group].setdefault(_KEYS[group](case.alike), []).append(case)
        return found

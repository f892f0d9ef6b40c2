"""Counts of SLA targets by outcome, and compliance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from msp.reports.outcome import COUNTED, EXCLUDED

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by outcome; `key` is the group, None if it has no value."""

    key: str | None
    counts: Mapping[str, int] = field(default_factory=dict)

    def of(self, *outcomes: str) -> int:
        """The number of targets with one of these outcomes."""
        return sum(self.counts.get(each, 0) for each in outcomes)

    @property
    def counted(self) -> int:
        """Decided targets."""
        return self.of(*COUNTED)

    @property
    def excluded(self) -> int:
        """Excluded targets."""
        return self.of(*EXCLUDED)

    @property
    def total(self) -> int:
        """Decided and excluded targets."""
        return self.counted + self.excluded

    @property
    def attainment(self) -> Decimal | None:
        """The share met in time, from 0 to 1, to a tenth of a per cent; None if nothing was decided.

        Rounded down, so that 100 % means every target.
        """
        if not self.counted:
            return None
        return Decimal(self.of("met") * 1000 // self.counted) / 1000


def sum_of(rows: Iterable[Figures], *, key: str | None = None) -> Figures:
    """The sum of several rows."""
    counts: dict[str, int] = {}
    for row in rows:
        for outcome, number in row.counts.items():
            counts[outcome] = counts.get(outcome, 0) + number
    return Figures(key, counts)


def without_others(found: Iterable[Figures], own: str) -> list[Figures]:
    """The own row and that of nobody unchanged, all others summed under the key `others`."""
    rows = list(found)
    kept = [each for each in rows if each.key in (own, None)]
    others = sum_of((each for each in rows if each.key not in (own, None)), key=OTHERS)
    return [*kept, others] if others.counts else kept

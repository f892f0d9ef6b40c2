"""Counts of promises, and what follows from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from msp.reports.outcome import COUNTED, EXCLUDED

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many promises came to which end; `key` is what they have in common, None where there is nothing."""

    key: str | None
    counts: Mapping[str, int] = field(default_factory=dict)

    def of(self, *outcomes: str) -> int:
        """How many came to one of these ends."""
        return sum(self.counts.get(each, 0) for each in outcomes)

    @property
    def counted(self) -> int:
        """Promises that were decided."""
        return self.of(*COUNTED)

    @property
    def excluded(self) -> int:
        """Promises that were left out, for whatever reason."""
        return self.of(*EXCLUDED)

    @property
    def total(self) -> int:
        """Everything: what counts and what was left out."""
        return self.counted + self.excluded

    @property
    def attainment(self) -> Decimal | None:
        """The share that was met in time, from 0 to 1, to a tenth of a per cent; None where nothing was decided.

        Rounded down, so that 100 % is said only where every promise was kept.
        """
        if not self.counted:
            return None
        return Decimal(self.of("met") * 1000 // self.counted) / 1000


def sum_of(rows: Iterable[Figures], *, key: str | None = None) -> Figures:
    """Several rows as one."""
    counts: dict[str, int] = {}
    for row in rows:
        for outcome, number in row.counts.items():
            counts[outcome] = counts.get(outcome, 0) + number
    return Figures(key, counts)


def without_others(found: Iterable[Figures], own: str) -> list[Figures]:
    """One's own row and that of nobody as they are, all others as one with the key `others`."""
    rows = list(found)
    kept = [each for each in rows if each.key in (own, None)]
    others = sum_of((each for each in rows if each.key not in (own, None)), key=OTHERS)
    return [*kept, others] if others.counts else kept

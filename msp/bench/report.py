"""Results against targets: a table for people, JSON for programs."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from msp.kernel import clock

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchFigure:
    """One line: the quantity measured, its result, and its upper limit (same unit)."""

    name: str
    value: float
    unit: str
    target: float
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the result is within its target."""
        return self.value <= self.target


def show(figures: Sequence[BenchFigure], *, say: Say) -> None:
    """Print the table."""
    width = max(len(figure.name) for figure in figures)
    say(f"{'':{width}}  {'measured':>10}  {'at most':>10}")
    for figure in figures:
        verdict = "pass" if figure.is_met else "MISS"
        measured, most = _written(figure.value, figure.unit), _written(figure.target, figure.unit)
        say(f"{figure.name:{width}}  {measured:>10}  {most:>10}  {verdict}  {figure.detail}")


def write(figures: Sequence[BenchFigure], path: Path, *, seconds: float) -> None:
    """Write the results as JSON."""
    content = {
        "at": clock.now().isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "seconds": round(seconds, 1),
        "figures": [asdict(figure) | {"is_met": figure.is_met} for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _written(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit in ("×", "s") else f"{value:.0f} {unit}"

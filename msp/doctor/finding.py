"""One thing that the doctor looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from msp.config import Settings

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth knowing, or wrong; and how to mend it."""

    level: Level
    what: str
    mend: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def judged(is_fine: bool, what: str, mend: str, *, otherwise: Level = "fault") -> Finding:
    """A finding that is fine or is not; the mend is told where it is not."""
    return Finding("ok", what) if is_fine else Finding(otherwise, what, mend)

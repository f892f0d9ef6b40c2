"""The result of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from msp.config import Settings

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """A finding: fine, notable or wrong; with its fix."""

    level: Level
    what: str
    fix: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def judged(is_fine: bool, what: str, fix: str, *, otherwise: Level = "fault") -> Finding:
    """A finding that is fine or wrong; the fix is added if it is wrong."""
    return Finding("ok", what) if is_fine else Finding(otherwise, what, fix)

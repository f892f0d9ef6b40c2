"""What the drill did and what it was promised: the side of the books that the desk cannot write."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.courier import Delivery


@dataclass
class Spoken:
    """Something that a person wrote in a chat; the desk took it once one of its deliveries was answered with 200."""

    mark: str
    platform: str
    deliveries: list[Delivery]

    @property
    def is_accepted(self) -> bool:
        """Whether the desk said that it has it."""
        return any(delivery.state == "delivered" for delivery in self.deliveries)


@dataclass
class Asked:
    """Something that a program asked of the API with a key of its own, again and again until there was an answer."""

    mark: str
    path: str
    status: int = 0
    tries: int = 0

    @property
    def is_accepted(self) -> bool:
        """Whether the desk said that it is done."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Recovery:
    """After a kill: seconds until the process was back, from then until the desk worked, and how crowded it was."""

    what: str
    back: float
    whole: float
    crowding: float


@dataclass
class Ledger:
    """Everything that was said, asked and done."""

    spoken: list[Spoken] = field(default_factory=list)
    replies: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))  # by ticket, in order
    entries: list[Asked] = field(default_factory=list)
    issued: list[Asked] = field(default_factory=list)
    changes: list[Asked] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)  # at Stripe, by its ids
    leaps: list[tuple[datetime, datetime]] = field(default_factory=list)  # of the clock: from, to
    recoveries: list[Recovery] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)  # what the drill itself tripped over
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, letter: str) -> str:
        """A word that stands in one text alone."""
        with self._lock:
            return f"{letter}{next(self._numbers):05d}"

    def lasted(self, begin: datetime, end: datetime) -> timedelta:
        """How long it really took from one instant of the desk to another: without what its clock leapt over."""
        leapt = (min(after, end) - max(before, begin) for before, after in self.leaps)
        return end - begin - sum((each for each in leapt if each > timedelta()), timedelta())

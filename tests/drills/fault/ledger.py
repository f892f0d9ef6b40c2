"""Log of what the drill did and which answers it got, kept outside the desk."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.courier import Delivery


@dataclass
class Spoken:
    """A chat message of a person; accepted by the desk once one of its deliveries was answered with 200."""

    mark: str
    platform: str
    deliveries: list[Delivery]

    @property
    def is_accepted(self) -> bool:
        """Whether the desk acknowledged it."""
        return any(delivery.state == "delivered" for delivery in self.deliveries)


@dataclass
class Asked:
    """An API request with an idempotency key, repeated until it got an answer."""

    mark: str
    path: str
    status: int = 0
    tries: int = 0

    @property
    def is_accepted(self) -> bool:
        """Whether the desk answered that it is done."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Recovery:
    """After a kill: seconds until the process was back, from then until the desk worked, and the machine's load."""

    what: str
    back: float
    whole: float
    crowding: float


@dataclass
class Ledger:
    """Everything that was written, requested and done."""

    spoken: list[Spoken] = field(default_factory=list)
    replies: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))  # by ticket, in order
    entries: list[Asked] = field(default_factory=list)
    issued: list[Asked] = field(default_factory=list)
    changes: list[Asked] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)  # at Stripe, by its ids
    leaps: list[tuple[datetime, datetime]] = field(default_factory=list)  # moves of the clock: from, to
    recoveries: list[Recovery] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)  # errors of the drill itself
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, letter: str) -> str:
        """A word that is in one text only."""
        with self._lock:
            return f"{letter}{next(self._numbers):05d}"

    def lasted(self, begin: datetime, end: datetime) -> timedelta:
        """The real time between two instants of the desk's clock: without the moves of the clock."""
        leapt = (min(after, end) - max(before, begin) for before, after in self.leaps)
        return end - begin - sum((each for each in leapt if each > timedelta()), timedelta())

"""Request durations, counted in memory that all processes of a web server share.

Each process writes to its own slot and reads the sum of all slots. The memory is allocated before the server forks.
"""

import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
NOWHERE = "none"  # requests that match no endpoint
SLOTS = 64  # processes at a time; two processes in one slot may lose a count
ENDPOINTS = 1000  # at most
_WIDTH = len(BOUNDS) + 2  # one count per bound, one above the last bound, and the sum of seconds
_LENGTH = ENDPOINTS * len(CLASSES) * _WIDTH + 1  # of a slot; the last item marks it as used
_DOUBLE = 8  # bytes


@dataclass(frozen=True, slots=True)
class Times:
    """Durations of one endpoint and status class: counts per bound, and the sum in seconds."""

    endpoint: str
    status: str
    counts: tuple[float, ...]
    seconds: float


class RequestTimes:
    """The shared memory; endpoints may be added until the first request."""

    def __init__(self, endpoints: Collection[str]) -> None:
        self._endpoints = endpoints
        self._memory = memoryview(mmap.mmap(-1, SLOTS * _LENGTH * _DOUBLE)).cast("d")
        self._lock = threading.Lock()

    def add(self, endpoint: str | None, status_code: int, seconds: float) -> None:
        """Count one response."""
        place = self._places.get(endpoint or NOWHERE, self._places[NOWHERE]) * len(CLASSES) + status_code // 100 - 1
        slot = os.getpid() % SLOTS * _LENGTH
        start = slot + place * _WIDTH
        with self._lock:
            self._memory[start + bisect_left(BOUNDS, seconds)] += 1
            self._memory[start + _WIDTH - 1] += seconds
            self._memory[slot + _LENGTH - 1] = 1

    def all(self) -> Iterator[Times]:
        """Sums over all processes, for endpoints that were requested at least once."""
        used = [start for start in range(0, SLOTS * _LENGTH, _LENGTH) if self._memory[start + _LENGTH - 1]]
        places = [(endpoint, status) for endpoint in self._places for status in CLASSES]
        for place, (endpoint, status) in enumerate(places):
            at = place * _WIDTH
            shares = [self._memory[start + at : start + at + _WIDTH].tolist() for start in used]
            *counts, seconds = map(sum, zip(*shares, strict=True)) if shares else [0.0]
            if any(counts):
                yield Times(endpoint, status, tuple(counts), seconds)

    @cached_property
    def _places(self) -> dict[str, int]:
        names = sorted({*self._endpoints, NOWHERE})  # the same order in every process: all have the same application
        return {name: place for place, name in enumerate(names[:ENDPOINTS])} | {NOWHERE: names.index(NOWHERE)}

"""Limits how many outbox threads one destination can occupy, so that a slow one does not block the others.

Subscribers of mail, payment and webhooks have their own threads (msp/app.py). The threads for chat serve several
destinations: each call takes a slot, and each destination has fewer slots than there are threads. A call that gets no
slot in time is postponed, which does not count as a try.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msp.kernel.errors import Temporary

CHAT, DESK, MAIL, PAYMENT, WEBHOOKS = "chat", "desk", "mail", "payment", "webhooks"  # names that subscribers use

WAIT_SECONDS = 0.3
POSTPONED_SECONDS = 1.0


class Postponed(Temporary):
    """All slots of the destination are taken; nothing was sent."""

    def __init__(self) -> None:
        super().__init__("busy", retry_after=POSTPONED_SECONDS)


_here = threading.local()
_limits: dict[str, int] = {}
_places: dict[str, threading.BoundedSemaphore] = {}


def limit(destination: str, places: int) -> None:
    """Set how many chat threads of a process one destination may hold at once (msp.app.OUTBOX_THREADS)."""
    if _limits.get(destination) != places:
        _limits[destination], _places[destination] = places, threading.BoundedSemaphore(places)


@contextmanager
def sharing() -> Iterator[None]:
    """Within this block, this thread's calls take slots."""
    _here.is_sharing = True
    try:
        yield
    finally:
        _here.is_sharing = False


@contextmanager
def place_at(destination: str) -> Iterator[None]:
    """Hold a slot of a destination for one call; raises Postponed if none becomes free in time.

    Threads that share with no other destination (web, inbox, a destination's own) need no slot.
    """
    if destination not in _places or not getattr(_here, "is_sharing", False):
        yield
        return
    if not _places[destination].acquire(timeout=WAIT_SECONDS):
        raise Postponed
    try:
        yield
    finally:
        _places[destination].release()

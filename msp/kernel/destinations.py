"""A slow destination cannot take all threads of the outbox.

Subscribers of other programs (mail, payment, webhooks) have threads of their own (msp/app.py). The threads for chat
serve several destinations: each call takes a place, of which every destination has fewer than there are threads. What
finds no place in time is postponed, which counts as no try.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msp.kernel.errors import Temporary

CHAT, DESK, MAIL, PAYMENT, WEBHOOKS = "chat", "desk", "mail", "payment", "webhooks"  # what subscribers name

WAIT_SECONDS = 0.3
POSTPONED_SECONDS = 1.0


class Postponed(Temporary):
    """All places of the destination are taken; nothing was sent."""

    def __init__(self) -> None:
        super().__init__("busy", retry_after=POSTPONED_SECONDS)


_here = threading.local()
_limits: dict[str, int] = {}
_places: dict[str, threading.BoundedSemaphore] = {}


def limit(destination: str, places: int) -> None:
    """Have at most so many of a process's threads for chat wait for a destination at once (msp.app.OUTBOX_THREADS)."""
    if _limits.get(destination) != places:
        _limits[destination], _places[destination] = places, threading.BoundedSemaphore(places)


@contextmanager
def sharing() -> Iterator[None]:
    """Within this block, this thread's calls take places."""
    _here.is_sharing = True
    try:
        yield
    finally:
        _here.is_sharing = False


@contextmanager
def place_at(destination: str) -> Iterator[None]:
    """Hold a place at a destination for one call; raises Postponed where none is free in time.

    Threads that share with nobody (web, inbox, a destination's own) need none.
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

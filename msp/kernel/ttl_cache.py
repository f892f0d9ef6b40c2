"""A cache of short-lived values, shared by the requests of a process.

Each scope has its own entries: what was read as one role for some clients is never shown to another. While one request
refreshes a value, others get the old one.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msp.kernel.db import current_scope_or_none

Read = TypeVar("Read")

SECONDS = 1.0
UNUSED_SECONDS = 60.0  # seconds after which unused entries are dropped
MAX_ENTRIES = 10_000


@dataclass(slots=True)
class _Entry:
    value: Any = None
    at: float = 0.0
    is_read: bool = False
    reading: threading.Lock = field(default_factory=threading.Lock)


_all: dict[tuple[Hashable, ...], _Entry] = {}


def cached(read: Callable[[], Read], *, name: str, of: Hashable = (), seconds: float = SECONDS) -> Read:
    """The value of `read` in this scope, at most `seconds` old; `name` and `of` are its key."""
    scope = current_scope_or_none()
    seen_by = (scope.role, scope.client_id, scope.client_ids) if scope else ()
    kept = _entry_at((name, of, seen_by))
    if kept.is_read and time.monotonic() - kept.at < seconds:
        return kept.value
    if not kept.reading.acquire(blocking=not kept.is_read):
        return kept.value
    try:
        if not kept.is_read or time.monotonic() - kept.at >= seconds:
            kept.value, kept.at = read(), time.monotonic()
            kept.is_read = True
    finally:
        kept.reading.release()
    return kept.value


def clear(name: str = "") -> None:
    """Clear all entries, or those of one name."""
    for key in [key for key in list(_all) if not name or key[0] == name]:
        _all.pop(key, None)


def _entry_at(key: tuple[Hashable, ...]) -> _Entry:
    kept = _all.get(key)
    if kept is None:
        if len(_all) >= MAX_ENTRIES:
            _drop_stale()
        kept = _all.setdefault(key, _Entry())
    return kept


def _drop_stale() -> None:
    oldest = time.monotonic() - UNUSED_SECONDS
    for key in [key for key, kept in list(_all.items()) if kept.at < oldest]:
        _all.pop(key, None)

"""Log of a simulator's events, in order, for pages that follow it live."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from simulators.ids import Now


class Feed:
    """Numbered entries; a reader keeps the last cursor it saw and asks for later entries."""

    def __init__(self, now: Now, *, keep: int = 20_000) -> None:
        self._now = now
        self._entries: deque[dict[str, Any]] = deque(maxlen=keep)
        self._cursor = 0
        self._grew = threading.Condition()

    def add(self, kind: str, **fields: Any) -> None:
        """Append an entry and wake waiting readers."""
        with self._grew:
            self._cursor += 1
            self._entries.append({"cursor": self._cursor, "at": self._now().isoformat(), "kind": kind, **fields})
            self._grew.notify_all()

    def since(
        self, cursor: int, *, wait: float = 0.0, limit: int = 500, where: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the entries after the cursor, oldest first; if there are none, wait up to `wait` seconds for one."""
        with self._grew:
            self._grew.wait_for(lambda: self._cursor != cursor, timeout=wait)
            if cursor > self._cursor:  # a cursor from before a restart: begin again
                cursor = 0
            fresh = [entry for entry in self._entries if entry["cursor"] > cursor][:limit]
            last = fresh[-1]["cursor"] if fresh else max(cursor, 0)
        wanted = where or {}
        kept = [entry for entry in fresh if all(entry.get(key) == value for key, value in wanted.items())]
        return {"entries": kept, "cursor": last}

    def clear(self) -> None:
        """Remove the entries; cursors keep counting, so that readers with old cursors miss nothing new."""
        with self._grew:
            self._entries.clear()

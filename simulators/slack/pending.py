"""Effects that Slack applies a moment after its answer: due once the simulator's clock has passed that moment.

Sharing a file is one: files.completeUploadExternal answers before the file appears in its conversation
(slackapi/python-slack-sdk#1277, slackapi/bolt-js#2115). Every reader, by the Web API or in a test, sees effects that
are due; nothing sleeps.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from simulators.ids import Now

SHARING = timedelta(seconds=1)


class Pending:
    """Work that is due at an instant; `catch_up` does what is due by now, in order."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._due: list[tuple[datetime, Callable[[], None]]] = []
        self._lock = threading.Lock()

    def later(self, work: Callable[[], None], *, after: timedelta = SHARING) -> None:
        """Schedule a function after a delay."""
        with self._lock:
            self._due.append((self._now() + after, work))

    def catch_up(self) -> None:
        """Do all work that is due."""
        with self._lock:
            at = self._now()
            due = [work for moment, work in self._due if moment <= at]
            self._due = [(moment, work) for moment, work in self._due if moment > at]
        for work in due:
            work()

    def clear(self) -> None:
        """Drop all scheduled work."""
        with self._lock:
            self._due.clear()

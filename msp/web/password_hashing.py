"""Password hashing in one low-priority thread per process.

A hash takes a tenth of a second of CPU time by design. Without this limit, many sign-ins at once would take CPU time
from the endpoints of chat systems, which must respond within three seconds.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any, TypeVar

from flask import has_request_context

from msp.kernel.errors import TooMany
from msp.web.attempts import origin_here

MOST_AT_ONCE = 6  # running and waiting, per process
MOST_OF_ORIGIN = 2
NICE = 15  # nicer than the workers, so messages are processed first
PATIENCE_SECONDS = 10.0
RETRY_AFTER = 2  # seconds

Result = TypeVar("Result")


class HashingThread:
    """The hashing thread and its queue."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._in_hand: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hashing", initializer=_give_way)

    def run(self, work: Callable[[], Result], *, origin: str) -> Result:
        """The result of `work`, run in turn; raises TooMany if too many calls wait, in total or from this origin."""
        with self._lock:
            if self._in_hand.total() >= MOST_AT_ONCE or self._in_hand[origin] >= MOST_OF_ORIGIN:
                raise TooMany("too_many_sign_ins", retry_after=RETRY_AFTER)
            self._in_hand[origin] += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda _future: self._leave(origin))
        try:
            return future.result(PATIENCE_SECONDS)
        except TookTooLong as late:
            future.cancel()
            raise TooMany("too_many_sign_ins", retry_after=RETRY_AFTER) from late

    def _leave(self, origin: str) -> None:
        with self._lock:
            self._in_hand[origin] -= 1
            if not self._in_hand[origin]:
                del self._in_hand[origin]


class PoliteContext:
    """Password context of the sign-in library; slow operations of requests run in the thread."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._thread: HashingThread | None = None

    def hash(self, secret: str | bytes, **options: Any) -> str:
        """The hash of a password; raises TooMany."""
        hashed: str = self._run(lambda: self._context.hash(secret, **options))
        return hashed

    def verify(self, secret: str | bytes, hashed: str | bytes | None) -> bool:
        """Whether a password has this hash; raises TooMany."""
        return bool(self._run(lambda: self._context.verify(secret, hashed)))

    def __getattr__(self, name: str) -> Any:
        """Delegate all other attributes to the library's context."""
        return getattr(self._context, name)

    def _run(self, work: Callable[[], Any]) -> Any:
        if not has_request_context():
            return work()
        return self._own_thread().run(work, origin=origin_here())

    def _own_thread(self) -> HashingThread:
        """The thread of this process; threads are not inherited by forked processes."""
        if self._thread is None or self._thread.pid != os.getpid():
            self._thread = HashingThread()
        return self._thread


def _give_way() -> None:
    """Lower the priority of the current thread; only Linux has priorities of single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)

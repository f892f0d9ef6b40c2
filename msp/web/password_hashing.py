"""Passwords are hashed one at a time in each process, in a thread that gives way to every other.

A hash takes a tenth of a second of all processors by design. Whoever sends many sign-ins at once would take that time
from chat systems, which wait three seconds for an answer and no longer.
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

MOST_AT_ONCE = 6  # in hand and waiting, in one process
MOST_OF_ORIGIN = 2
NICE = 15  # more than the workers have: their messages go first too
PATIENCE_SECONDS = 10.0
RETRY_AFTER = 2  # seconds

Result = TypeVar("Result")


class HashingThread:
    """The thread, and who waits for it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._in_hand: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hashing", initializer=_give_way)

    def run(self, work: Callable[[], Result], *, origin: str) -> Result:
        """What `work` returns, once it is its turn; raises TooMany where too much waits, of all or of this origin."""
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
    """The sign-in library's password context; what is slow is done in the thread, for requests."""

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
        """Everything else is the library's own."""
        return getattr(self._context, name)

    def _run(self, work: Callable[[], Any]) -> Any:
        if not has_request_context():
            return work()
        return self._own_thread().run(work, origin=origin_here())

    def _own_thread(self) -> HashingThread:
        """The thread of this process: threads are not inherited by the processes that serve."""
        if self._thread is None or self._thread.pid != os.getpid():
            self._thread = HashingThread()
        return self._thread


def _give_way() -> None:
    """Let this thread run when nothing else wants to; only Linux has priorities for single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)

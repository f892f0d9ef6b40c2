"""A deadline for a whole call to another service, independent of the library.

Libraries limit each socket operation; a server that sends a byte now and then can hold them for ever. Here the
connections that a thread opens within a block are shut down at the deadline, so that reads fail. Connections are found
through Python's audit events, which cover every library.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class DeadlineExceeded(TimeoutError):
    """The deadline passed, although the call did not fail by itself."""


class _Deadline:
    def __init__(self, seconds: float, outer: _Deadline | None) -> None:
        self.until = time.monotonic() + seconds
        self.outer, self.is_over, self.is_ended = outer, False, False
        self._lines: list[int] = []
        self._lock = threading.Lock()

    def add(self, line: socket.socket) -> None:
        """Watch a connection through a duplicated descriptor: libraries wrap and close theirs."""
        with self._lock:
            if self.is_over:
                raise DeadlineExceeded("no more connections for this call")
            self._lines.append(os.dup(line.fileno()))
        if self.outer is not None:
            self.outer.add(line)

    def expire(self) -> None:
        """Shut down all connections."""
        with self._lock:
            self.is_over = True
            for line in self._lines:
                _shut_down(line)

    def end(self) -> None:
        """Stop watching."""
        with self._lock:
            self.is_ended = True
            for line in self._lines:
                os.close(line)
            self._lines.clear()


class _DeadlineThread:
    """The thread that waits for the next deadline."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, _Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._pid = 0

    def watch(self, deadline: _Deadline) -> None:
        with self._changed:
            if self._pid != os.getpid():  # the first in this process, which may be a fork
                self._pid, self._queue = os.getpid(), []
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            heapq.heappush(self._queue, (deadline.until, next(self._numbers), deadline))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue or (left := self._queue[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left if self._queue else None)
                _until, _number, deadline = heapq.heappop(self._queue)
            if not deadline.is_ended:
                deadline.expire()


_here = threading.local()
_watchman = _DeadlineThread()
_hooked = threading.Lock()
_is_hooked = False


@contextmanager
def deadline(seconds: float, *, is_framed: bool = False) -> Iterator[None]:
    """Limit the whole network time of this thread in this block to so many seconds.

    Only connections opened within the block are covered. Reads fail with the library's own error; if the block ends
    normally after the deadline (a truncated answer can look complete), raises DeadlineExceeded, unless the protocol
    `is_framed`, so that truncation is detected.
    """
    _hook()
    outer: _Deadline | None = getattr(_here, "deadline", None)
    mine = _here.deadline = _Deadline(seconds, outer)
    _watchman.watch(mine)
    try:
        yield
        if mine.is_over and not is_framed:
            raise DeadlineExceeded("the call took too long")
    finally:
        _here.deadline = outer
        mine.end()


def _hook() -> None:
    global _is_hooked
    with _hooked:
        if not _is_hooked:
            sys.addaudithook(_audit_hook)
            _is_hooked = True


def _audit_hook(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    current: _Deadline | None = getattr(_here, "deadline", None)
    line = arguments[0]
    if current is not None and isinstance(line, socket.socket) and line.family != socket.AF_UNIX:
        current.add(line)


def _shut_down(descriptor: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)

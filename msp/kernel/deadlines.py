"""A deadline for a whole call to the outside, whichever library makes it.

Libraries limit each wait for bytes; a server that sends one byte in a while holds them for ever. Here the connections
that a thread opens within a block are shut down when the block's time is over, so that whatever reads them fails.
Python tells of each connection through its audit events, which hold for every library.
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
    """The time for the whole call was over, although the call did not fail by itself."""


class _Deadline:
    def __init__(self, seconds: float, outer: _Deadline | None) -> None:
        self.until = time.monotonic() + seconds
        self.outer, self.is_over, self.is_ended = outer, False, False
        self._lines: list[int] = []
        self._lock = threading.Lock()

    def add(self, line: socket.socket) -> None:
        """Watch a connection, by a descriptor of our own: libraries wrap and close theirs."""
        with self._lock:
            if self.is_over:
                raise DeadlineExceeded("no more connections for this call")
            self._lines.append(os.dup(line.fileno()))
        if self.outer is not None:
            self.outer.add(line)

    def expire(self) -> None:
        """Shut all connections down; their owners find them ended."""
        with self._lock:
            self.is_over = True
            for line in self._lines:
                _shut_down(line)

    def end(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self.is_ended = True
            for line in self._lines:
                os.close(line)
            self._lines.clear()


class _Watchman:
    """The thread that knows which deadline is the next."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, _Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._pid = 0

    def watch(self, deadline: _Deadline) -> None:
        with self._changed:
            if self._pid != os.getpid():  # the first in this process, which may be a fork of another
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
_watchman = _Watchman()
_hooked = threading.Lock()
_is_hooked = False


@contextmanager
def deadline(seconds: float, *, is_framed: bool = False) -> Iterator[None]:
    """End what this thread sends and receives in this block after so many seconds in all.

    Only connections that are opened within the block are covered. What reads them raises its library's own error;
    where the block ends well although its time was over (an answer cut short looks whole), raises DeadlineExceeded,
    unless the protocol `is_framed` so that nothing cut short looks whole.
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
            sys.addaudithook(_hear)
            _is_hooked = True


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    current: _Deadline | None = getattr(_here, "deadline", None)
    line = arguments[0]
    if current is not None and isinstance(line, socket.socket) and line.family != socket.AF_UNIX:
        current.add(line)


def _shut_down(descriptor: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)

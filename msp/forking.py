"""Forked child processes: creation, and signal handling of the waiting parent."""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from msp import embedded

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Signals:
    """Number of stop signals received, and a pipe that wakes the process on any signal."""

    def __init__(self) -> None:
        self.stop = 0
        self._read, self.write_end = os.pipe()
        for end in (self._read, self.write_end):
            os.set_blocking(end, False)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: all but SIGCHLD mean to stop."""
        self.stop += number != signal.SIGCHLD

    def wait(self, seconds: float) -> None:
        """Wait for a signal, at most this many seconds."""
        select.select([self._read], [], [], seconds)
        try:
            while os.read(self._read, 4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read)
        os.close(self.write_end)


@contextmanager
def caught_signals() -> Iterator[Signals]:
    """Catch SIGINT, SIGTERM, SIGHUP and SIGCHLD in this block; restores the previous handlers."""
    signals = Signals()
    before = {number: signal.signal(number, signals.handle) for number in SIGNALS}
    woken = signal.set_wakeup_fd(signals.write_end, warn_on_full_buffer=False)
    try:
        yield signals
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        signals.close()


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a child that ends with the parent, in its own process group so that Ctrl-C reaches the parent only.

    Returns the child's pid. The child exits without the parent's exit handlers, with code 1 if `work` raises.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        embedded.end_with_parent(signal.SIGTERM)
        if os.getppid() == parent:
            work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

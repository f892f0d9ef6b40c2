"""The server's processes: forked warm, restarted when they end, stopped together."""

from __future__ import annotations

import logging
import mmap
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from msp.forking import Signals, caught_signals, fork

log = logging.getLogger(__name__)

SILENCE = 60.0  # seconds without a heartbeat after which a process is killed
LONGEST_PAUSE = 10.0
HEALTHY_AFTER = 10.0
MOST_EARLY_DEATHS = 5  # failures in a row soon after the start; then the server gives up
BEYOND_GRACE = 1.5  # seconds for a process to end after its grace period
_DOUBLE = 8

Work = Callable[[Callable[[], None]], None]  # serves until SIGTERM, and calls its argument about once a second


class ServerFailed(Exception):
    """The server's processes end right after their start; the reason is in the log."""


@dataclass(slots=True)
class _Process:
    number: int
    pid: int = 0
    born: float = 0.0
    due: float = 0.0
    deaths: int = 0


@dataclass(slots=True)
class Processes:
    """Several processes that run `work`; `grace` seconds to end."""

    work: Work
    count: int
    grace: float
    _beats: memoryview[float] = field(init=False)
    _all: list[_Process] = field(init=False)

    def __post_init__(self) -> None:
        self._beats = memoryview(mmap.mmap(-1, self.count * _DOUBLE)).cast("d")
        self._all = [_Process(number) for number in range(self.count)]

    def run(self) -> None:
        """Run the processes until SIGTERM or SIGINT, then stop them. Blocks; raises ServerFailed."""
        with caught_signals() as signals:
            try:
                while not signals.stop:
                    for process in self._all:
                        self._supervise(process)
                    signals.wait(1.0)
            finally:
                self._stop(signals)

    def _supervise(self, process: _Process) -> None:
        now = time.monotonic()
        if process.pid:
            ended, status = os.waitpid(process.pid, os.WNOHANG)
            if not ended:
                self._end_if_stuck(process, now)
                return
            self._record_exit(process, status, now)
        if now >= process.due:
            self._beats[process.number] = now
            process.born = now
            process.pid = fork(lambda: self.work(lambda: self._beat(process.number)))

    def _beat(self, number: int) -> None:
        self._beats[number] = time.monotonic()

    def _end_if_stuck(self, process: _Process, now: float) -> None:
        if now - self._beats[process.number] > SILENCE:
            log.error("a web process is stuck and is ended", extra={"pid": process.pid})
            os.kill(process.pid, signal.SIGKILL)

    def _record_exit(self, process: _Process, status: int, now: float) -> None:
        process.deaths = 1 if now - process.born > HEALTHY_AFTER else process.deaths + 1
        code = os.waitstatus_to_exitcode(status)
        log.error("a web process ended", extra={"pid": process.pid, "code": code})
        process.pid = 0
        process.due = now + min(LONGEST_PAUSE, 0.1 * 2**process.deaths)
        if process.deaths >= MOST_EARLY_DEATHS:
            raise ServerFailed(f"web processes end as soon as they start (exit code {code})")

    def _stop(self, signals: Signals) -> None:
        asked = signals.stop
        self._send(signal.SIGTERM)
        until = time.monotonic() + self.grace + BEYOND_GRACE
        while any(process.pid for process in self._all):
            if time.monotonic() > until or signals.stop > max(asked, 1):
                self._send(signal.SIGKILL)
            for process in self._all:
                if process.pid and os.waitpid(process.pid, os.WNOHANG)[0]:
                    process.pid = 0
            if any(process.pid for process in self._all):
                signals.wait(0.1)

    def _send(self, number: signal.Signals) -> None:
        for process in self._all:
            if process.pid:
                os.kill(process.pid, number)  # not reaped yet, so the id is still its own

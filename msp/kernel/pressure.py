"""Backpressure: workers slow down while chat acknowledgements are slow.

Each web process measures its acknowledgements. While their average is slow it sets a short-lived key in Redis; worker
processes read it and do less, so that new events are still stored in time. Without Redis workers do not slow down.
"""

import logging
import threading
import time

import redis

from msp.kernel import wake

log = logging.getLogger(__name__)

SLOW = 0.03  # seconds, average of the last acknowledgements
SHARE = 0.2  # weight of one acknowledgement in that average
HOLD_SECONDS = 0.4  # seconds for which one report is valid
REPORT_EVERY = 0.1
LOOK_EVERY = 0.05  # seconds between two reads by a worker process
KEY = "pressure"


class Gauge:
    """The web process's measurement of its acknowledgements; `note` never waits for Redis."""

    def __init__(self) -> None:
        self._average = 0.0
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_slow(self) -> bool:
        """Whether acknowledgements are slow."""
        return self._average > SLOW

    def note(self, seconds: float) -> None:
        """Count one acknowledgement; called by one thread only."""
        self._average += SHARE * (seconds - self._average)
        if self.is_slow:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_reporting, name="pressure", daemon=True)
                self._thread.start()
            self._bell.set()

    def _keep_reporting(self) -> None:
        while True:
            self._bell.wait()
            self._bell.clear()
            report()
            time.sleep(REPORT_EVERY)


def report() -> None:
    """Make workers slow down for a short time."""
    try:
        wake.connection().set(KEY, 1, px=int(HOLD_SECONDS * 1000))
    except redis.RedisError as failure:
        log.info("pressure not recorded", extra={"reason": str(failure)})


class Watch:
    """The worker process's view of the pressure; used by all of its threads, reads Redis now and then."""

    def __init__(self) -> None:
        self._is_high, self._until = False, 0.0
        self._looking = threading.Lock()

    def is_high(self) -> bool:
        """Whether workers should slow down now."""
        if time.monotonic() >= self._until and self._looking.acquire(blocking=False):
            try:
                self._is_high = _read()
                self._until = time.monotonic() + LOOK_EVERY
            finally:
                self._looking.release()
        return self._is_high


def _read() -> bool:
    try:
        return bool(wake.connection().exists(KEY))
    except redis.RedisError:
        return False

"""Workers give way while chat systems wait long for their acknowledgements.

Each web process watches how long its acknowledgements take. While they are slow on the average it says so in Redis, for
a moment; worker processes look there and do less until it is over, so that what comes is still stored in time and what
waits grows. Where Redis is away nobody gives way.
"""

import logging
import threading
import time

import redis

from msp.kernel import wake

log = logging.getLogger(__name__)

SLOW = 0.03  # seconds on the average of the last acknowledgements
SHARE = 0.2  # of one acknowledgement in that average
HOLD_SECONDS = 0.4  # for which one saying holds
REPORT_EVERY = 0.1
LOOK_EVERY = 0.05  # seconds between two looks of a worker process
KEY = "pressure"


class Gauge:
    """What a web process tells of its acknowledgements; `note` never waits for Redis."""

    def __init__(self) -> None:
        self._average = 0.0
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_slow(self) -> bool:
        """Whether acknowledgements take long."""
        return self._average > SLOW

    def note(self, seconds: float) -> None:
        """Count one acknowledgement; called on one thread alone."""
        self._average += SHARE * (seconds - self._average)
        if self.is_slow:
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on_saying, name="pressure", daemon=True)
                self._thread.start()
            self._bell.set()

    def _go_on_saying(self) -> None:
        while True:
            self._bell.wait()
            self._bell.clear()
            report()
            time.sleep(REPORT_EVERY)


def report() -> None:
    """Have workers give way for a moment."""
    try:
        wake.connection().set(KEY, 1, px=int(HOLD_SECONDS * 1000))
    except redis.RedisError as failure:
        log.info("pressure not told", extra={"reason": str(failure)})


class Watch:
    """What a worker process knows of the pressure; asked by all of its threads, it looks now and then."""

    def __init__(self) -> None:
        self._is_high, self._until = False, 0.0
        self._looking = threading.Lock()

    def is_high(self) -> bool:
        """Whether workers are to give way now."""
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

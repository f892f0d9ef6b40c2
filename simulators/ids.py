"""Ids and times that are the same in every run with the same seed and clock."""

import random
import string
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Now = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UPPER = string.ascii_uppercase + string.digits
_URL_SAFE = string.ascii_letters + string.digits + "-_"


def micros(at: datetime) -> int:
    """Whole microseconds since 1970, without the rounding of floating point."""
    return (at - EPOCH) // timedelta(microseconds=1)


class Ids:
    """Generates identifiers from one seeded source, and times that never repeat or decrease."""

    def __init__(self, seed: int, now: Now) -> None:
        self._random = random.Random(seed)  # noqa: S311 - must be the same in every run
        self._now = now
        self._lock = threading.Lock()
        self._last = 0

    def upper(self, prefix: str, length: int = 10) -> str:
        """An id in Slack's form: a letter, then capitals and digits."""
        with self._lock:
            return prefix + "".join(self._random.choices(_UPPER, k=length))

    def secret(self, length: int) -> str:
        """Letters, digits, dash and underscore, as in tokens and Teams' ids."""
        with self._lock:
            return "".join(self._random.choices(_URL_SAFE, k=length))

    def hexadecimal(self, length: int) -> str:
        """Lower-case hexadecimal digits."""
        with self._lock:
            return "".join(self._random.choices("0123456789abcdef", k=length))

    def uuid(self) -> str:
        """A random (version 4) UUID."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def moment(self, *, step: int = 1) -> int:
        """Now in microseconds since 1970, at least one `step` after the last value returned."""
        with self._lock:
            reached = micros(self._now())
            self._last = max(reached - reached % step, self._last - self._last % step + step)
            return self._last

"""The current time, aware UTC; the only source of it. Only tests and demos shift it."""

import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_frozen: datetime | None = None
_shift: mmap.mmap | None = None


def now() -> datetime:
    """The current time, aware UTC."""
    if _frozen is not None:
        return _frozen
    present = datetime.now(UTC)
    return present if _shift is None else present + timedelta(seconds=_seconds(_shift))


def steady() -> float:
    """Monotonic seconds for measuring durations on this machine; unrelated to `now`.

    They include the time that the machine sleeps, if the system reports it (Linux).
    """
    return time.clock_gettime(_STEADY) if _frozen is None else _frozen.timestamp()


def follow(path: Path) -> None:
    """Offset `now` by what `shift` writes to this file, in each process that follows it. Demos only."""
    global _shift
    _shift = _mapped(path)


def shift(path: Path, *, ahead: timedelta) -> None:
    """Set the offset for all processes that follow this file."""
    with _mapped(path) as shared:
        shared[:] = struct.pack("=d", ahead.total_seconds())


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Freeze the clock of this process at an instant; `advance` moves it."""
    global _frozen
    before, _frozen = _frozen, at.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


def advance(by: timedelta) -> datetime:
    """Move a frozen clock forward; returns the new time."""
    global _frozen
    if _frozen is None:
        raise RuntimeError("only a frozen clock can be moved")
    _frozen += by
    return _frozen


def _mapped(path: Path) -> mmap.mmap:
    with path.open("a+b") as file:
        if not file.tell():
            file.write(struct.pack("=d", 0.0))
            file.flush()
        return mmap.mmap(file.fileno(), 8)


def _seconds(shared: mmap.mmap) -> float:
    (seconds,) = struct.unpack("=d", shared)
    return float(seconds)

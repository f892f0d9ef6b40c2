"""Lock of an MSP_HOME: one process family at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from msp.config import Settings
from msp.embedded.process import EmbeddedServerError


class HomeInUse(Exception):  # a refusal, not a failure
    """Another process uses this MSP_HOME; has its description and process id."""

    def __init__(self, home: Path, purpose: str, pid: int) -> None:
        self.purpose, self.pid = purpose, pid
        super().__init__(f"{home} is in use by process {pid} (msp {purpose})")


@contextmanager
def alone(settings: Settings, *, purpose: str, timeout: float = 30.0) -> Iterator[None]:
    """Lock MSP_HOME for this process and its forks, or raise HomeInUse.

    Waits `timeout` seconds for a short command, or for the remains of a killed installation; does not wait for a
    running one.
    """
    path = make_runtime_dir(settings) / "lock"
    deadline = time.monotonic() + timeout
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as handle:
        while not _locked(handle):
            other = _holder(handle)
            is_running_desk = other[0] == "run" and psutil.pid_exists(other[1])
            if is_running_desk or time.monotonic() > deadline:
                raise HomeInUse(settings.home, *other)
            time.sleep(0.05)
        handle.seek(0)
        handle.truncate()
        handle.write(f"{purpose} {os.getpid()}\n")
        handle.flush()
        yield


def make_runtime_dir(settings: Settings) -> Path:
    """Create the folder for sockets and the lock; refuses another user's."""
    folder = settings.runtime_dir
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise EmbeddedServerError(f"{folder} belongs to somebody else")
    return folder


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: IO[str]) -> tuple[str, int]:
    handle.seek(0)
    purpose, _, pid = handle.read().strip().partition(" ")
    return purpose or "command", int(pid or 0)

"""An embedded server's process: start, readiness, stop."""

from __future__ import annotations

import ctypes
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msp.config import Settings

TIMEOUT = 120.0  # seconds; after a crash the server replays its log first
LARGEST_LOG = 5_000_000  # bytes
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


class EmbeddedServerError(Exception):
    """An embedded server did not start; says why and where its log is."""


@dataclass(frozen=True)
class ServerProcess:
    """A server process that we started."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals

    def wait(self) -> None:
        """Wait until the server answers; raises EmbeddedServerError if it ends or never does."""
        deadline = time.monotonic() + TIMEOUT
        while not self.is_ready():
            if self.process.poll() is not None:
                raise EmbeddedServerError(f"{self.name} did not start; {self.log} ends with:\n{_tail(self.log)}")
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedServerError(f"{self.name} did not answer within {TIMEOUT:.0f} s; see {self.log}")
            time.sleep(0.01)

    def stop(self, *, timeout: float = 20.0) -> None:
        """Stop the server; kill it after `timeout` seconds."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def spawn(
    command: list[str], *, cwd: Path, log: Path, user: pwd.struct_passwd | None, stop_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a server that ends with its parent, optionally as another system user."""
    # its own session, so that Ctrl-C does not reach it: the supervisor stops servers last
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={"LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(stop_signal),
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )


def end_with_parent(stop_signal: signal.Signals) -> None:
    """Make the kernel signal this process when its parent's thread ends (Linux only)."""
    if _PRCTL is not None:
        _PRCTL(1, int(stop_signal), 0, 0, 0)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for a condition; raises EmbeddedServerError after two minutes."""
    deadline = time.monotonic() + TIMEOUT
    while not is_so():
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"waited {TIMEOUT:.0f} s in vain for {what}")
        time.sleep(0.05)


def log_file(settings: Settings, name: str) -> Path:
    """The path of a server's log under MSP_HOME; a large one is rotated first."""
    path = settings.home / "logs" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.old"))
    return path


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-8:])

"""A process that is killed by SIGKILL in the middle of its work."""

import os
import signal
import warnings
from collections.abc import Callable

from msp.kernel.db import db


def die_after(act: Callable[[], object]) -> None:
    """Run the work in a process that is killed right after it, or by it; only what it committed stays."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Python versions warn about forking a process with threads
        pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return
    try:
        db.session.remove()
        db.engine.dispose(close=False)  # the connections belong to the parent
        act()
    finally:
        kill_myself()


def kill_myself() -> None:
    """Kill this process at once, as the kernel's out-of-memory killer does."""
    os.kill(os.getpid(), signal.SIGKILL)

"""A process that dies by SIGKILL in the middle of its work."""

import os
import signal
import warnings
from collections.abc import Callable

from msp.kernel.db import db


def die_after(act: Callable[[], object]) -> None:
    """Do it in a process of its own that is killed right after, or by it; what it committed stays, nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of forking beside threads
        pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return
    try:
        db.session.remove()
        db.engine.dispose(close=False)  # the parent's connections are the parent's
        act()
    finally:
        kill_myself()


def kill_myself() -> None:
    """End here and now, as the machine's memory killer does it."""
    os.kill(os.getpid(), signal.SIGKILL)

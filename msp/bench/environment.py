"""Environment of the benchmark: a scratch home with servers of its own, and the desk's processes on it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

TIMEOUT = 240.0  # seconds; a first start loads demo data


def environment(home: Path, **more: str) -> dict[str, str]:
    """Environment variables of a benchmark process; nothing is inherited from the calling environment."""
    told = {"PATH": os.defpath, "PYTHONUTF8": "1", "MSP_HOME": str(home), "MSP_ENV": "demo", "MSP_DEMO": "0"}
    told["API_REQUESTS_PER_MINUTE"] = "100000000"
    return told | more


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a process group of its own and end the whole group afterwards; its output goes to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(arguments, env=dict(env), stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def msp(*arguments: str) -> tuple[str, ...]:
    """The installed command, run with this interpreter."""
    return (sys.executable, "-c", "from msp.cli import main; main()", *arguments)


def answers(port: int, path: str, *, process: subprocess.Popen[bytes], log: Path) -> float:
    """Wait for a 200; returns the seconds it took."""
    began = time.monotonic()
    while not _is_ok(port, path):
        if process.poll() is not None or time.monotonic() - began > TIMEOUT:
            raise RuntimeError(f"nothing answers at {path}; it printed: {log.read_text()[-3000:]}")
        time.sleep(0.02)
    return time.monotonic() - began


def memory(process: subprocess.Popen[bytes]) -> int:
    """Bytes of a process and its descendants, shared memory counted once (PSS)."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(each.memory_full_info().pss for each in family)


def _is_ok(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

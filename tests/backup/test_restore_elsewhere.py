"""End to end with the real commands: from an external database, encrypted, into an empty home that then serves."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.tokens import create_token
from tests.backup.installation import furnish
from tests.drills.desk import clean_environment
from tests.test_cli import free_port
from tests.world import World

MSP = [sys.executable, "-c", "from msp.cli import main; main()"]
WORDS = "correct horse battery staple"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="guardia-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_desk_moves_into_an_empty_home_and_serves_there(
    app: Flask, world: World, settings: Settings, home: Path
) -> None:
    key = furnish(world)
    with work(Scope.system()):
        token = create_token(world.tomas.email or "", "staff", "from before", at=clock.now())
    here = {
        "MSP_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }
    common = {"MSP_ENV": "demo", "MSP_DEMO": "0", "MSP_BACKUP_PASSPHRASE": WORDS}
    path = home / "backup"
    ran = subprocess.run(
        [*MSP, "backup", str(path)], env=clean_environment(**here, **common), capture_output=True, text=True
    )
    assert ran.returncode == 0 and "with its keys" in ran.stderr, ran.stderr
    port = free_port()
    there = clean_environment(MSP_HOME=str(home / "there"), PORT=str(port), **common)
    ran = subprocess.run([*MSP, "restore", str(path)], env=there, capture_output=True, text=True)
    assert ran.returncode == 0 and "Restored" in ran.stderr, ran.stderr
    assert (home / "there" / "secrets" / "secret-key").read_text() == settings.secret_key
    assert (home / "there" / "files" / key[:2] / key).stat().st_size == 300_003
    with (home / "printed").open("wb") as printed:
        desk = subprocess.Popen([*MSP, "run"], env=there, stdout=printed, stderr=printed)
    try:
        wait_until_ready(desk, port, home / "printed")
        numbers = {ticket["number"] for ticket in asked(port, "/api/v1/tickets", token)["items"]}
        assert {"LOZ-1", "AZC-1"} <= numbers
        backup_while_it_serves = subprocess.run(
            [*MSP, "backup", str(home / "second")], env=there, capture_output=True, text=True
        )
        assert backup_while_it_serves.returncode == 0, backup_while_it_serves.stderr
        refused = subprocess.run([*MSP, "restore", str(path), "--replace"], env=there, capture_output=True, text=True)
        assert refused.returncode == 1 and "The desk is running" in refused.stderr
        assert asked(port, "/api/v1/tickets", token)["items"]
    finally:
        desk.send_signal(signal.SIGTERM)
        desk.wait(60)


def wait_until_ready(desk: "subprocess.Popen[bytes]", port: int, printed: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        assert desk.poll() is None and time.monotonic() < deadline, printed.read_text()
        try:
            if asked(port, "/readyz", "")["status"] == "ready":
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)


def asked(port: int, path: str, token: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()

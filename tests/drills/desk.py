"""The whole desk as `msp run` starts it, with control of its processes, servers, clock and endpoints."""

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
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg

from msp.config import Settings
from msp.kernel import clock
from tests.drills.valkey import Valkey

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from msp.cli import main; main()", "run"]
SERVERS = {"postgres": "postgres", "valkey": "valkey-server"}  # by the desk's names, with their programs
GIVEN_UP = "reason from {} where state in ('dead', 'discarded')"


def eventually(is_so: Callable[[], Any], *, within: float, what: str, every: float = 0.02) -> float:
    """Poll until the condition holds and return the seconds it took; fails after `within`.

    `within` is for a machine with little other load; it is extended in proportion to the load.
    """
    began, limit = time.monotonic(), within * crowding()
    while not is_so():
        if time.monotonic() - began > limit:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


def crowding() -> float:
    """How many times longer things may take than on a quiet machine: 1 up to two processes that want each core."""
    return max(1.0, os.getloadavg()[0] / (2 * (os.cpu_count() or 1)))


@dataclass
class DeskTime:
    """The clock of the desk and of the simulated Slack and Teams: the present, moved ahead by a drill."""

    path: Path
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The desk's present instant."""
        return datetime.now(UTC) + self.ahead

    def move(self, by: timedelta) -> None:
        """Move the clock ahead."""
        self.ahead += by
        clock.shift(self.path, ahead=self.ahead)


@dataclass
class Desk:
    """A running desk: `environment` are the variables of its processes."""

    environment: dict[str, str]
    time: DeskTime
    printed: Path
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    wanted: dict[str, int] = field(
        default_factory=lambda: {"web": 1, "clock": 1, "worker": 2, "postgres": 1, "valkey": 1}
    )

    @cached_property
    def settings(self) -> Settings:
        """The settings that the desk reads from its environment."""
        return Settings.from_env(self.environment)

    @cached_property
    def valkey(self) -> Valkey:
        """The desk's Valkey."""
        return Valkey(self.settings.runtime_dir / "valkey.sock", lambda: self.role("valkey")[0])

    @property
    def port(self) -> int:
        return int(self.environment["PORT"])

    # --------------------------------------------------------------- processes

    def start(self) -> None:
        """Start everything, with the fixtures in the database."""
        with self.printed.open("ab") as out:
            self.process = subprocess.Popen(COMMAND, env=self.environment, cwd=ROOT, stdout=out, stderr=out)
        self.be_whole()
        stage = [sys.executable, "-m", "tests.drills.seed"]
        told = subprocess.run(stage, env=self.environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        self.tokens = json.loads(told.stdout)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def role(self, name: str) -> list[psutil.Process]:
        """The running processes of a role."""
        return self.family().get(name, [])

    def family(self) -> dict[str, list[psutil.Process]]:
        """The desk's child processes by role: servers by their programs, the web has children, a worker has threads."""
        assert self.process is not None
        everybody = psutil.Process(self.process.pid).children(recursive=True)
        found: dict[str, list[psutil.Process]] = {}
        parents = set()
        for child in everybody:
            try:
                parents.add(child.ppid())
            except psutil.NoSuchProcess:
                continue
        for child in everybody:
            try:
                if child.ppid() == self.process.pid:
                    found.setdefault(_role_of(child, is_parent=child.pid in parents), []).append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, name: str, *, most: int = 99) -> list[int]:
        """SIGKILL the processes of a role (at most some) and their children; returns the killed ones."""
        found = self.role(name)[:most]
        family = found + [each for process in found for each in process.children(recursive=True)]
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        return [process.pid for process in found]

    def be_whole(self, *, within: float = 120) -> None:
        """Wait until every role runs and the web reports database and queue as ready."""
        eventually(
            lambda: self.is_running() and self.is_ready(),
            within=within,
            every=0.1,
            what=f"the desk is whole; it printed: {self.printed.read_text()[-2000:]}",
        )

    def is_running(self) -> bool:
        """Whether every process is running; fails if the desk itself has stopped."""
        assert self.process is not None and self.process.poll() is None, self.printed.read_text()[-4000:]
        family = self.family()
        return all(len(family.get(name, [])) == count for name, count in self.wanted.items())

    def is_ready(self) -> bool:
        """Whether the web reports database and queue as ready."""
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    # -------------------------------------------------------------------- endpoints

    def ask(
        self, method: str, path: str, body: Any = None, *, by: str = "tomas", key: str = "", timeout: float = 10
    ) -> tuple[int, Any]:
        """Send an API request, repeatable by its `key`; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.tokens.get(by, '')}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
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
        """Run a query as the owner of the database and return its rows."""
        with self._owner() as owner:
            return owner.execute(statement.encode(), values).fetchall()

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement as the owner of the database."""
        with self._owner() as owner:
            owner.execute(statement.encode(), values)

    def _owner(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.settings.database_url.replace("+psycopg", "", 1), autocommit=True)

    def warn_at(self, ticket_id: str, at: datetime, *, kind: str = "first_response") -> None:
        """Move a target so that three quarters of it are over at an instant: of two hours, in a 24-hour calendar."""
        self.run(
            "update sla_clock set calendar_id = (select id from calendar where name = 'Siempre'),"
            " budget_seconds = 7200, started_at = %s, due_at = %s, next_step_at = %s"
            " where ticket_id = %s and kind = %s",
            at - timedelta(minutes=90),
            at + timedelta(minutes=30),
            at,
            ticket_id,
            kind,
        )

    def waiting(self) -> int:
        """How many rows of inbox and outbox are pending, without notifications held until their person's morning."""
        inbound = "select count(*) from inbound where state = 'pending'"
        delivery = "select count(*) from delivery where state = 'pending' and subscriber <> 'notify_send'"
        return int(self.rows(f"select ({inbound}) + ({delivery})")[0][0])

    def next_hour(self) -> datetime | None:
        """When the first scheduled row is due that is behind no other; None if nothing is pending."""
        first = "not exists (select 1 from {0} b where b.key = t.key and b.id < t.id and b.state = 'pending')"
        rows = "select due_at from {0} t where state = 'pending' and " + first
        both = f"{rows.format('inbound')} union all {rows.format('delivery')}"
        found: datetime | None = self.rows(f"select min(due_at) from ({both}) waiting")[0][0]
        return found

    def given_up(self) -> list[tuple[Any, ...]]:
        """The dead letters, which no drill may cause."""
        return self.rows(f"select {GIVEN_UP.format('inbound')} union all select {GIVEN_UP.format('delivery')}")

    def be_quiet(self, *, within: float) -> float:
        """Wait until nothing is pending; returns the seconds it took."""
        took = eventually(lambda: self.waiting() == 0, within=within, what="everything is worked and delivered")
        assert self.given_up() == []
        return took

    def be_quiet_soon(self, *, within: float) -> None:
        """As `be_quiet`, moving the clock over pauses between retries: only if no running call may end late."""

        def is_quiet() -> bool:
            pause = self.rows(
                "select min(due_at) from delivery where state = 'pending' and subscriber <> 'notify_send'"
            )
            if pause[0][0] is not None and pause[0][0] > self.time.now():
                self.time.move(pause[0][0] - self.time.now())
            return self.waiting() == 0

        eventually(is_quiet, within=within, every=0.1, what="everything is worked and delivered")
        assert self.given_up() == []

    def said_on(self, ticket_id: str) -> list[str]:
        """The messages of a ticket, in order of storage."""
        return [row[0] for row in self.rows("select body from message where ticket_id = %s order by id", ticket_id)]


def _role_of(child: psutil.Process, *, is_parent: bool) -> str:
    for name, program in SERVERS.items():
        if child.name() == program:
            return name
    return "web" if is_parent else "worker" if child.num_threads() > 4 else "clock"


def freeze(process: psutil.Process) -> None:
    """Stop a process with SIGSTOP, as on a machine that swaps."""
    process.send_signal(signal.SIGSTOP)


def thaw(process: psutil.Process) -> None:
    """Let a stopped process continue."""
    process.send_signal(signal.SIGCONT)


def clean_environment(**more: str) -> dict[str, str]:
    """The few variables that a desk needs from the calling environment, and the given ones."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | more

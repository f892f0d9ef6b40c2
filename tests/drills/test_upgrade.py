"""A real upgrade: the version of the first migration serves and works while the newest one migrates."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from msp.config import Settings, libpq_url
from tests.drills.conversations import CROWD, say
from tests.drills.desk import ROOT, DeskTime, eventually
from tests.drills.environment import _environment, _free_port, outside

MSP = [sys.executable, "-c", "from msp.cli import main; main()"]
WAITED = 10.0  # seconds: a request may wait two for a migration step; the rest is for a shared machine


@dataclass
class Load:
    """Requests during the migration."""

    port: int
    token: str
    client_id: str
    stop: threading.Event = field(default_factory=threading.Event)
    made: list[str] = field(default_factory=list)
    replied: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)
    longest: float = 0.0

    def ask(self, method: str, path: str, body: Any) -> Any:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        self.longest = max(self.longest, time.monotonic() - began)
        if answer.status >= 300:
            self.failed.append((method, path, answer.status, told))
        return told

    def technician(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            subject = f"Puesto {number} de {threading.get_ident()}"
            asked = {"client_id": self.client_id, "requester": "inigo@azcarate.example", "subject": subject}
            ticket = self.ask("POST", "/api/v1/tickets", asked)
            self.made.append(subject)
            self.ask("POST", f"/api/v1/tickets/{ticket['id']}/messages", {"body": "en ello"})
            self.replied.append((ticket["id"], "en ello"))
            self.ask("GET", f"/api/v1/tickets/{ticket['id']}/events", None)


@pytest.fixture(scope="module")
def before() -> Iterator[Path]:
    """The source tree at the first migration, from the history."""
    added = _git("log", "--diff-filter=A", "--format=%H", "--reverse", "--", "migrations/versions/*.py").split()
    since = [
        commit for commit in added if len(_git("ls-tree", "--name-only", commit, "migrations/versions/").split()) > 1
    ]
    if len(added) == len(since) or not since:
        pytest.skip("the history does not reach back to one migration")
    tree = Path(tempfile.mkdtemp(prefix="guardia-before-"))
    packed = subprocess.run(["git", "archive", f"{since[0]}^"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=packed, check=True)
    for made in ("msp/web/static/dist", "msp/translations/es/LC_MESSAGES"):  # the same in every version
        shutil.copytree(ROOT / made, tree / made)
    yield tree
    shutil.rmtree(tree, ignore_errors=True)


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout if ran.returncode == 0 else ""


def test_nothing_fails_and_nothing_is_lost(before: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home, port = tmp_path_factory.mktemp("upgrade"), _free_port()
    with outside(port, DeskTime(home / "ahead")) as around:
        old = _environment(home, port, around) | {"PYTHONPATH": str(before)}
        new = old | {"PYTHONPATH": str(ROOT)}
        settings = Settings.from_env(old)
        with _running(before, old, home / "printed", port):
            load = Load(port, _staged(before, old), _client(settings))
            assert _revision(settings) == "0001"
            with _at_work(load, lambda: _talk(load, around.slack), lambda: _read_for_long(load, settings)):
                eventually(lambda: len(load.made) > 5, within=60, what="the load is on")
                migrated = subprocess.run([*MSP, "migrate"], cwd=ROOT, env=new, capture_output=True, text=True)
                count = len(load.made)
                eventually(lambda: len(load.made) > count + 5 or load.failed, within=60, what="it goes on")
            assert migrated.returncode == 0, migrated.stderr[-3000:]
            assert load.failed == [] and load.longest < WAITED
            assert _revision(settings) != "0001"
            assert around.settle(30)
            _all_is_there(settings, load)
        with _running(ROOT, new, home / "printed-new", port):
            assert load.ask("GET", "/api/v1/tickets", None)["items"] and load.failed == []
            _all_is_there(settings, load)


def _staged(tree: Path, environment: dict[str, str]) -> str:
    """Create the fixtures with the old version; returns the technician's token."""
    stage = [sys.executable, "-m", "tests.drills.stage"]  # its name in the old version
    told = subprocess.run(stage, cwd=tree, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return str(json.loads(told)["tomas"]) if told.startswith("{") else told


def _rows(settings: Settings, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(libpq_url(settings.database_url), autocommit=True) as owner:
        return owner.execute(query.encode(), values).fetchall()


def _client(settings: Settings) -> str:
    return str(_rows(settings, "select id from client where code = 'AZC'")[0][0])


def _revision(settings: Settings) -> str:
    return str(_rows(settings, "select version_num from alembic_version")[0][0])


def _all_is_there(settings: Settings, load: Load) -> None:
    waiting = "select 1 from inbound where state = 'pending' union all select 1 from delivery where state = 'pending'"
    eventually(lambda: _rows(settings, waiting) == [], within=60, what="everything is worked")
    made = _rows(settings, "select subject from ticket where subject like 'Puesto %%'")
    assert sorted(subject for (subject,) in made) == sorted(load.made)
    answered = "select ticket_id::text, body from message where body = 'en ello'"
    assert sorted(_rows(settings, answered)) == sorted(load.replied)
    said = _rows(settings, "select body from message where body like 'Aviso %%'")
    assert sorted(body for (body,) in said) == sorted(load.said)
    for queue in ("inbound", "delivery"):
        assert _rows(settings, f"select reason from {queue} where state = 'dead'") == []


def _talk(load: Load, slack: Any) -> None:
    """Write in Slack, one message after another."""
    number = 0
    while not load.stop.is_set():
        number += 1
        say(slack, CROWD[number % len(CROWD)], f"Aviso {number}")
        load.said.append(f"Aviso {number}")
        time.sleep(0.25)  # within Slack's limit of messages per minute


def _read_for_long(load: Load, settings: Settings) -> None:
    """Run a report that reads longer than a migration waits for its locks."""
    with psycopg.connect(libpq_url(settings.database_url)) as reader:
        while not load.stop.is_set():
            reader.execute("select (select count(*) from ticket), (select count(*) from delivery), pg_sleep(0.8)")
            reader.commit()
            time.sleep(0.5)


@contextmanager
def _at_work(load: Load, *more: Callable[[], None]) -> Iterator[None]:
    threads = [threading.Thread(target=work) for work in (load.technician, load.technician, *more)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.stop.set()
        for thread in threads:
            thread.join(60)


@contextmanager
def _running(tree: Path, environment: dict[str, str], printed: Path, port: int) -> Iterator[None]:
    """Run `msp run` from a tree until it serves; if it ends instead, fail with its output."""
    with printed.open("wb") as out:
        process = subprocess.Popen([*MSP, "run"], cwd=tree, env=environment, stdout=out, stderr=out)
    try:
        eventually(lambda: _is_ready(port) or process.poll() is not None, within=240, what=f"{tree} serves")
        assert process.poll() is None, printed.read_text()[-2000:]
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

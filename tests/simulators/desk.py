"""A demonstration's desk with its own Slack, Teams and Stripe, as in `msp run`, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from werkzeug.serving import make_server

from msp.config import Settings
from msp.demo.running import load_app
from msp.kernel.db import db
from msp.kernel.jobs import Crew
from simulators.playground import local, run
from tests.world import SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, TEAMS_TENANT
from wsgi import create_app

SLACK_WORLD = {
    "workspaces": [
        {
            "name": "Lozano",
            "team_id": SLACK_TEAM,
            "bot_token": SLACK_BOT_TOKEN,
            "bot_user_id": SLACK_BOT_USER,
            "users": [{"id": "U0MARTA", "real_name": "Marta Ruiz", "email": "marta@lozano.example"}],
            "channels": [{"id": "C0SOPORTE", "name": "soporte", "members": ["U0MARTA"]}],
        }
    ]
}
TEAMS_WORLD = {
    "tenants": [
        {
            "name": "Azcárate",
            "id": TEAMS_TENANT,
            "domain": "azcarate.example",
            "users": [
                {"id": "29:inigo", "name": "Iñigo Azcárate", "email": "inigo@azcarate.example", "locale": "en-GB"}
            ],
            "teams": [{"name": "Despacho", "members": ["29:inigo"], "channels": ["IT"], "installed": True}],
        }
    ]
}


@dataclass(frozen=True, slots=True)
class Played:
    """A running desk, with the settings from its environment."""

    url: str
    settings: Settings


def bare(settings: Settings, home: Path, *, port: int) -> Settings:
    """The settings of a demonstration without any integration's keys in its environment."""
    keys = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"]
    keys += ["TEAMS_APP_ID", "TEAMS_APP_PASSWORD", "TEAMS_APP_TENANT_ID"]
    mine = replace(settings, home=home, port=port, load_demo=False, stripe_api_key="", stripe_webhook_secret="")
    return mine.with_values(**dict.fromkeys(keys, ""))


@contextmanager
def playing(settings: Settings, home: Path) -> Iterator[Played]:
    """The desk and its playground, running; inbox and outbox are processed. One person in Slack, one in Teams."""
    mine = bare(settings, home, port=local._any_free())
    local.claim_ports(mine)
    playground = run.start(mine)
    app = load_app(mine)
    server = make_server("127.0.0.1", mine.port, app, threaded=True)
    server.daemon_threads = False  # type: ignore[attr-defined]  # closing waits for requests, which hold connections
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    crew, done = Crew(app), threading.Event()
    crew.start()
    threading.Thread(target=_ring, args=(crew, done), daemon=True).start()
    ports = local.ports_of(mine)
    for port, world in ((ports.slack, SLACK_WORLD), (ports.teams, TEAMS_WORLD)):
        requests.post(f"http://127.0.0.1:{port}/_control/world", json=world, timeout=5).raise_for_status()
    try:
        yield Played(f"http://127.0.0.1:{mine.port}", mine)
    finally:
        playground.close()
        done.set()
        crew.stop(timeout=10)
        server.shutdown()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
        create_app(settings)


def _ring(crew: Crew, done: threading.Event) -> None:
    """Poll often, instead of the worker's wake-ups."""
    while not done.wait(0.1):
        crew.look("inbox")
        crew.look("outbox")

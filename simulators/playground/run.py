"""The process that serves the demonstration's Slack, Teams and Stripe, each on its port, until SIGTERM."""

import secrets
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from msp.config import Settings
from msp.demo import PASSWORD, generate_clients
from msp.demo.content.provider import STAFF
from msp.demo.world import DemoClient
from msp.kernel import clock
from simulators import keeping
from simulators.playground import cast
from simulators.playground.local import HOST, Ports, folder, joined, played, ports_of, write_staff
from simulators.playground.workspaces import saved_workspaces
from simulators.serving import RunningServer
from simulators.slack.server import create_slack_server
from simulators.stripe.server import create_stripe_server
from simulators.teams.server import create_teams_server


@dataclass(frozen=True, slots=True)
class Playground:
    """The servers that run in this process, and the threads that store their messages."""

    servers: list[RunningServer]
    keepers: list[threading.Thread]
    stop: threading.Event

    def close(self) -> None:
        """Stop serving and store the last messages."""
        self.stop.set()
        for server in self.servers:
            server.close()
        for keeper in self.keepers:
            keeper.join(timeout=5)


def serve_playground(settings: Settings) -> None:
    """Serve the simulated platforms until SIGTERM; blocks. Companies and people are the demo's, if it is loaded."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    playground = start(settings)
    told.wait()
    playground.close()


def start(settings: Settings) -> Playground:
    """Start the servers of the simulated platforms, in threads of this process."""
    here, ports, desk = played(settings), ports_of(settings), joined(settings)
    kept = folder(settings)
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    clients = _demo(settings) if settings.load_demo else ()
    made = Playground([], [], threading.Event())
    if "slack" in here:
        _slack(made, desk, ports, clients, kept / "slack.json")
    if "teams" in here:
        _teams(made, desk, ports, clients, kept / "teams.json")
    if "stripe" in here:
        _stripe(made, desk, ports, kept / "stripe.json")
    return made


def _demo(settings: Settings) -> tuple[DemoClient, ...]:
    """The companies of the demo in the desk; stores one of its technicians for the page."""
    technician = next(person for person in STAFF if person.role == "technician" and person.tier == 1)
    write_staff(settings, technician.email, PASSWORD)
    return generate_clients(clock.now().date())


def _slack(made: Playground, desk: Settings, ports: Ports, clients: tuple[DemoClient, ...], kept: Path) -> None:
    doors = f"http://{HOST}:{desk.port}/slack"
    server = create_slack_server(
        events_url=f"{doors}/events",
        interactions_url=f"{doors}/interactions",
        commands_url=f"{doors}/commands",
        signing_secret=desk.value("SLACK_SIGNING_SECRET"),
        client_id=desk.value("SLACK_CLIENT_ID"),
        client_secret=desk.value("SLACK_CLIENT_SECRET"),
        seed=secrets.randbits(64),  # the desk knows the event ids of earlier starts
    )
    cast.cast_slack(server, clients)
    server.load({"workspaces": saved_workspaces(desk)})
    keeping.slack_again(server.world, keeping.read(kept))
    made.servers.append(server.serve(HOST, ports.slack))
    made.keepers.append(keeping.keep(kept, lambda: keeping.slack_said(server.world), server.feed, stop=made.stop))


def _teams(made: Playground, desk: Settings, ports: Ports, clients: tuple[DemoClient, ...], kept: Path) -> None:
    server = create_teams_server(
        endpoint=f"http://{HOST}:{desk.port}/api/messages",
        app_id=desk.value("TEAMS_APP_ID"),
        app_password=desk.value("TEAMS_APP_PASSWORD"),
        app_tenant_id=desk.value("TEAMS_APP_TENANT_ID"),
        seed=secrets.randbits(64),
    )
    cast.cast_teams(server, clients)
    keeping.teams_again(server.world, keeping.read(kept))
    made.servers.append(server.serve(HOST, ports.teams))
    made.keepers.append(keeping.keep(kept, lambda: keeping.teams_said(server.world), server.feed, stop=made.stop))


def _stripe(made: Playground, desk: Settings, ports: Ports, kept: Path) -> None:
    webhook = (f"http://{HOST}:{desk.port}/stripe/webhook", desk.stripe_webhook_secret)
    server = create_stripe_server(webhooks=[webhook], api_key=desk.stripe_api_key, state=kept)
    made.servers.append(server.serve(HOST, ports.stripe))

"""A local Slack, the desk on a real port, and Lozano's people in their workspace."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from integrations import slack
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import Message, Ticket
from simulators import serve
from simulators.slack.limits import POSTING
from simulators.slack.manifest import read_manifest
from simulators.slack.server import SlackServer, create_slack_server
from tests.conftest import SLACK_SIGNING_SECRET
from tests.world import SLACK_APP_ID, SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, World

MARTA, PABLO, TOM = "U0MARTA", "U0PABLO", "U0TOM"
SUPPORT = "C0SUPPORT"
SHORT = 1  # timeout of a call in seconds
MANIFEST = read_manifest(Path(__file__).parents[2] / "docs" / "slack-app-manifest.yml")


@pytest.fixture
def slack_server(app: Flask, world: World, settings: Settings) -> Iterator[SlackServer]:
    """Slack with Lozano's workspace; the desk gets its events, and its workers call it."""
    server = create_slack_server(
        signing_secret=SLACK_SIGNING_SECRET,
        client_id=settings.value("SLACK_CLIENT_ID"),
        client_secret=settings.value("SLACK_CLIENT_SECRET"),
        app_id=SLACK_APP_ID,
        manifest=MANIFEST,
        echo_bot_messages=False,
        retry_schedule=(),
    )
    server.add_workspace("Lozano", team_id=SLACK_TEAM, bot_token=SLACK_BOT_TOKEN, bot_user_id=SLACK_BOT_USER)
    server.add_user(SLACK_TEAM, id=MARTA, real_name="Marta Ruiz", email="marta@lozano.example")
    server.add_user(SLACK_TEAM, id=PABLO, real_name="Pablo Gil", email="pablo@lozano.example", tz="Atlantic/Canary")
    server.add_user(SLACK_TEAM, id=TOM, real_name="Tom Price", email="tom@lozano.example", locale="en-GB")
    server.add_channel(SLACK_TEAM, "soporte", id=SUPPORT, members=[MARTA, PABLO, TOM])
    with serve(app) as desk, server.serve() as running:
        server.configure(
            events_url=f"{desk.url}/slack/events",
            interactions_url=f"{desk.url}/slack/interactions",
            commands_url=f"{desk.url}/slack/commands",
        )
        here = settings.with_values(SLACK_API_URL=f"{running.url}/api/")
        slack.listen(here, timeout=SHORT)
        app.config["SETTINGS"] = here
        yield server
        app.config["SETTINGS"] = settings
        slack.listen(settings)


@pytest.fixture
def drain(drain: Callable[[], int], slack_server: SlackServer) -> Callable[[], int]:
    """Process everything that waits; where Slack limits messages in a channel, advance the clock by a second.

    The clock is frozen otherwise: for other delays that Slack asks for, a test advances it.
    """

    def refused() -> int:
        return sum(count for (method, _), count in slack_server.limits.throttled.items() if method == POSTING)

    def run() -> int:
        before, total = refused(), drain()
        while refused() != before:
            before = refused()
            clock.advance(timedelta(seconds=1))
            total += drain()
        return total

    return run


@pytest.fixture
def tickets(world: World) -> Callable[[], list[Ticket]]:
    """Lozano's tickets, oldest first."""

    def read() -> list[Ticket]:
        with work(Scope.staff()) as session:
            return list(session.scalars(select(Ticket).order_by(Ticket.number)))

    return read


@pytest.fixture
def said_on(world: World) -> Callable[[Ticket], list[Message]]:
    """The messages of a ticket, oldest first."""

    def read(ticket: Ticket) -> list[Message]:
        with work(Scope.staff()) as session:
            return list(session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))

    return read


def now_in_slack() -> str:
    """The current time as in Slack's request timestamps."""
    return str(int(clock.now().timestamp()))

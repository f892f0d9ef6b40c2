"""Simulated Slack and Teams on real ports, an application that receives their requests, and a movable clock."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botframework.connector import ConnectorClient
from slack_sdk import WebClient

from simulators.slack.server import SlackServer, create_slack_server
from simulators.teams.server import TeamsServer, create_teams_server
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver
from tests.simulators.teams_kit import LOZANO, VEGA, client_for


@pytest.fixture
def hands() -> Hands:
    """The clock of the simulators."""
    return Hands()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An application that answers everything with 200 unless configured otherwise."""
    made = Receiver().start()
    yield made
    assert made.server is not None
    made.server.close()


@pytest.fixture
def slack(receiver: Receiver, hands: Hands) -> Iterator[SlackServer]:
    """One workspace with Ana, Luis and a channel, whose app is the receiver."""
    server = create_slack_server(
        events_url=f"{receiver.url}/slack/events",
        interactions_url=f"{receiver.url}/slack/interactions",
        commands_url=f"{receiver.url}/slack/commands",
        now=hands,
        ack_timeout=5.0,
        retry_schedule=(0.0, 0.02, 0.04),
        echo_bot_messages=False,
    )
    server.add_workspace("Ferretería Lozano", team_id="T01", bot_token="xoxb-lozano", bot_user_id="U0BOT")
    server.add_user("T01", id="U0ANA", real_name="Ana Lozano", email="ana@lozano.es")
    server.add_user("T01", id="U0LUIS", real_name="Luis Prieto", email="luis@lozano.es", tz="Atlantic/Canary")
    server.add_channel("T01", "soporte", id="C0SOPORTE", members=["U0ANA", "U0LUIS"])
    running = server.serve()
    yield server
    running.close()


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """The app's own client, built as in production."""
    return WebClient(token="xoxb-lozano", base_url=slack.api_url, timeout=5)


@pytest.fixture
def teams(receiver: Receiver, hands: Hands) -> Iterator[TeamsServer]:
    """Two companies, of which one has a team, whose bot is the receiver."""
    hands.at = datetime.now(UTC)  # PyJWT looks at the real clock
    server = create_teams_server(
        endpoint=f"{receiver.url}/api/messages", now=hands, turn_timeout=5.0, retry_schedule=(0.0,)
    )
    running = server.serve()
    server.add_tenant("Ferretería Lozano", id=LOZANO, domain="lozano.es")
    server.add_tenant("Clínica Vega", id=VEGA, domain="vega.es")
    server.add_user(LOZANO, id="29:ana", aad_object_id="aad-ana", name="Ana Lozano", email="ana@lozano.es")
    server.add_user(LOZANO, id="29:luis", name="Luis Prieto", email="luis@lozano.es", tz="Atlantic/Canary")
    server.add_user(VEGA, id="29:eva", name="Eva Vega", email="eva@vega.es", locale="en-GB")
    server.add_team(LOZANO, "Tienda", members=["29:ana", "29:luis"], channels=["Caja"], installed=True)
    yield server
    running.close()


@pytest.fixture
def channel(teams: TeamsServer) -> str:
    """The channel «Caja»."""
    return next(c.id for c in teams.world.conversations.values() if c.name == "Caja")


@pytest.fixture
def connector(teams: TeamsServer) -> ConnectorClient:
    """The bot's own client for Lozano's serviceUrl."""
    return client_for(teams, LOZANO)

"""One desk of real processes for all drills, with a Slack and a Teams that run here."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from integrations.playground.slack_server import SlackServer, create_slack_server
from integrations.playground.teams_server import TeamsServer, create_teams_server
from tests.conftest import SLACK_SIGNING_SECRET
from tests.drills.desk import Desk, Valkey, clean_environment
from tests.drills.talk import INIGO, MARTA, PABLO, SUPPORT, TOM
from tests.world import SLACK_APP_ID, SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, TEAMS_TENANT

GROUP = [pytest.mark.slow, pytest.mark.xdist_group("drills")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The drills share one desk: they stay together."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in GROUP:
                item.add_marker(mark)


@pytest.fixture(scope="package")
def slack_for_all() -> Iterator[SlackServer]:
    """Lozano's Slack, which sends an event again soon where it got no answer."""
    server = create_slack_server(
        signing_secret=SLACK_SIGNING_SECRET, app_id=SLACK_APP_ID, retry_schedule=(0.5, 1.0, 2.0)
    )
    server.add_workspace("Lozano", team_id=SLACK_TEAM, bot_token=SLACK_BOT_TOKEN, bot_user_id=SLACK_BOT_USER)
    server.add_user(SLACK_TEAM, id=MARTA, real_name="Marta Ruiz", email="marta@lozano.example")
    server.add_user(SLACK_TEAM, id=PABLO, real_name="Pablo Gil", email="pablo@lozano.example")
    server.add_user(SLACK_TEAM, id=TOM, real_name="Tom Price", email="tom@lozano.example", locale="en-GB")
    server.add_channel(SLACK_TEAM, "soporte", id=SUPPORT, members=[MARTA, PABLO, TOM])
    with server.serve():
        yield server


@pytest.fixture(scope="package")
def teams_for_all() -> Iterator[TeamsServer]:
    """Azcárate's Teams, with Íñigo in it."""
    server = create_teams_server(retry_schedule=(0.5, 1.0))
    server.add_tenant("Azcárate Abogados", id=TEAMS_TENANT, domain="azcarate.example")
    server.add_user(TEAMS_TENANT, id=INIGO, name="Iñigo Azcárate", email="inigo@azcarate.example")
    with server.serve():
        yield server


@pytest.fixture(scope="package")
def desk_for_all(
    slack_for_all: SlackServer, teams_for_all: TeamsServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """The desk by `msp run`: web, clock and two workers under their keeper."""
    home = tmp_path_factory.mktemp("drills")
    database = f"drills_{os.getpid()}"
    with psycopg.connect(os.environ["TEST_PG"], autocommit=True) as owner:
        owner.execute(f"create database {database}".encode())
    database_url = os.environ["TEST_PG"].replace("/postgres?", f"/{database}?")
    valkey, port = Valkey(home / "valkey.sock"), _free_port()
    desk = Desk(
        environment=clean_environment(
            MSP_HOME=str(home),
            MSP_ENV="demo",
            MSP_DEMO="0",
            PORT=str(port),
            DATABASE_URL=database_url,
            REDIS_URL=valkey.url,
            SLACK_SIGNING_SECRET=SLACK_SIGNING_SECRET,
            SLACK_API_URL=slack_for_all.api_url,
            TEAMS_APP_ID=teams_for_all.settings.app_id,
            TEAMS_APP_PASSWORD=teams_for_all.settings.password,
            TEAMS_APP_TENANT_ID=teams_for_all.settings.tenant_id,
            TEAMS_OPENID_METADATA_URL=teams_for_all.openid_url,
            TEAMS_TOKEN_URL=teams_for_all.token_url,
            STRIPE_API_KEY="sk_test_0123456789abcdefghij",
            STRIPE_WEBHOOK_SECRET="whsec_of_the_drills_0123456789abcdef",
            STRIPE_API_BASE="http://127.0.0.1:1",
        ),
        database_url=database_url,
        valkey=valkey,
        printed=home / "printed",
    )
    valkey.start()
    try:
        desk.start()
        slack_for_all.configure(events_url=f"http://127.0.0.1:{port}/slack/events")
        teams_for_all.configure(endpoint=f"http://127.0.0.1:{port}/api/messages")
        yield desk
    finally:
        desk.stop()
        valkey.stop()
        with psycopg.connect(os.environ["TEST_PG"], autocommit=True) as owner:
            owner.execute(f"drop database {database} with (force)".encode())
            owner.execute(f"drop role if exists {database}_login".encode())


@pytest.fixture
def slack_server(slack_for_all: SlackServer) -> Iterator[SlackServer]:
    """Slack without faults, before and after."""
    yield slack_for_all
    slack_for_all.faults.clear()
    slack_for_all.settle(20)


@pytest.fixture
def teams_server(teams_for_all: TeamsServer) -> Iterator[TeamsServer]:
    """Teams without faults, before and after."""
    yield teams_for_all
    teams_for_all.faults.clear()


@pytest.fixture
def desk(desk_for_all: Desk, slack_server: SlackServer) -> Desk:
    """The desk, whole and with nothing waiting."""
    desk_for_all.be_whole()
    desk_for_all.be_quiet(within=20)
    return desk_for_all


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Connecting a workspace by OAuth: which client it is linked to, and refusal of forged or stale answers."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.clients.models import Connection, UnknownSource
from msp.clients.queries import find_connection
from msp.kernel import clock, crypto
from msp.kernel.db import Scope, work
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World, sign_in

NEW_TEAM = "T0AZCARATE"


@pytest.fixture
def workspace(slack_server: SlackServer) -> str:
    """Azcárate's workspace, with a user who may approve the app; returns their user id."""
    slack_server.add_workspace("Azcárate", team_id=NEW_TEAM, installed=False)
    return slack_server.add_user(NEW_TEAM, real_name="Iñigo Azcárate").id


def begin(web: FlaskClient, query: str = "") -> dict[str, list[str]]:
    """Start at our endpoint; returns the query that is sent to Slack."""
    answer = web.get(f"/slack/install{query}")
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/oauth/v2/authorize"
    return parse_qs(target.query)


def come_back(web: FlaskClient, slack_server: SlackServer, asked: dict[str, list[str]], user: str, team: str) -> int:
    """Slack redirects the browser back with a code; returns the status."""
    code = slack_server.authorize(team, user, redirect_uri=asked["redirect_uri"][0])
    return web.get(f"/slack/oauth_redirect?code={code}&state={asked['state'][0]}").status_code


def test_an_administrator_connects_a_client(
    slack_server: SlackServer, web: FlaskClient, world: World, workspace: str
) -> None:
    sign_in(web, world.ana)
    asked = begin(web, f"?client_id={world.azcarate.id}")
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/slack/oauth_redirect"]
    assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 302
    with work(Scope.system()):
        connection = find_connection("slack", NEW_TEAM)
        assert connection is not None and connection.secret is not None
        assert connection.client_id == world.azcarate.id
        assert crypto.unseal(connection.secret) == slack_server.world.workspaces[NEW_TEAM].bot_token
        assert connection.settings["bot_user_id"] == slack_server.world.workspaces[NEW_TEAM].bot_user_id


def test_a_strangers_installation_waits_for_an_administrator(
    slack_server: SlackServer, web: FlaskClient, world: World, workspace: str
) -> None:
    assert come_back(web, slack_server, begin(web), workspace, NEW_TEAM) == 302
    with work(Scope.system()) as session:
        assert find_connection("slack", NEW_TEAM) is None
        source = session.scalars(select(UnknownSource)).one()
    assert (source.name, source.messages) == ("Azcárate", 0)
    assert source.secret and crypto.unseal(source.secret).startswith("xoxb-")


def test_reinstalling_renews_the_token_and_not_the_owner(
    slack_server: SlackServer, web: FlaskClient, world: World
) -> None:
    slack_server.uninstall(SLACK_TEAM, wait=False)
    assert slack_server.settle(5)
    assert come_back(web, slack_server, begin(web), MARTA, SLACK_TEAM) == 302
    with work(Scope.system()):
        connection = find_connection("slack", SLACK_TEAM)
        assert connection is not None and connection.secret is not None
        assert (connection.client_id, connection.broken_reason) == (world.lozano.id, None)
        assert crypto.unseal(connection.secret) == slack_server.world.workspaces[SLACK_TEAM].bot_token


def test_a_workspace_of_another_client_stays_theirs(slack_server: SlackServer, web: FlaskClient, world: World) -> None:
    sign_in(web, world.ana)
    asked = begin(web, f"?client_id={world.azcarate.id}")
    assert come_back(web, slack_server, asked, MARTA, SLACK_TEAM) == 302
    with work(Scope.system()) as session:
        owners = session.scalars(select(Connection.client_id).where(Connection.external_id == SLACK_TEAM)).all()
    assert owners == [world.lozano.id]


def test_a_state_counts_once_and_only_in_its_browser(
    slack_server: SlackServer, web: FlaskClient, world: World, workspace: str
) -> None:
    asked = begin(web)
    stranger = web.application.test_client()
    assert come_back(stranger, slack_server, asked, workspace, NEW_TEAM) == 400
    assert web.get("/slack/oauth_redirect?code=x&state=forged").status_code == 400
    assert web.get(f"/slack/oauth_redirect?code=x&state={asked['state'][0]}").status_code == 400
    assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 400  # the forged attempt used it up
    with work(Scope.system()):
        assert find_connection("slack", NEW_TEAM) is None


def test_a_state_grows_old(slack_server: SlackServer, web: FlaskClient, world: World, workspace: str) -> None:
    asked = begin(web)
    clock.advance(timedelta(minutes=11))
    assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 400


SPANISH = {"Accept-Language": "es"}


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("wrong", "La respuesta de Slack no corresponde a la conexión que se inició aquí."),
        ("missing", "La respuesta de Slack no corresponde a la conexión que se inició aquí."),
        ("stale", "La conexión ha tardado más de diez minutos."),
        ("reused", "Esta autorización ya se ha usado."),
        ("elsewhere", "La conexión no se inició en este navegador, o ya había terminado."),
    ],
)
def test_c9_a_state_that_cannot_be_used_is_told_with_what_to_do(
    slack_server: SlackServer, web: FlaskClient, world: World, workspace: str, case: str, says: str
) -> None:
    asked = begin(web)
    query = f"code=x&state={asked['state'][0]}"
    if case == "wrong":
        query = "code=x&state=forged"
    elif case == "missing":
        query = "code=x"
    elif case == "stale":
        clock.advance(timedelta(minutes=11))
    elif case == "reused":
        assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 302
    else:
        web = web.application.test_client()
    answer = web.get(f"/slack/oauth_redirect?{query}", headers=SPANISH)
    assert answer.status_code == 400 and says in answer.text and "Slack no se ha conectado" in answer.text
    assert 'href="/slack/install' in answer.text and "Empezar de nuevo" in answer.text
    assert "ticket" not in answer.text.lower()


def test_c9_starting_again_goes_on_for_the_same_client(
    slack_server: SlackServer, web: FlaskClient, world: World
) -> None:
    sign_in(web, world.ana)
    begin(web, f"?client_id={world.azcarate.id}&next=/clients")
    page = web.get("/slack/oauth_redirect?code=x&state=forged").text
    assert f'href="/slack/install?client_id={world.azcarate.id}&amp;next=/clients"' in page


@pytest.mark.parametrize("who", ["tomas", "carmen", "marta", None])
def test_only_administrators_connect_for_a_client(web: FlaskClient, world: World, who: str | None) -> None:
    if who:
        sign_in(web, getattr(world, who))
    assert web.get(f"/slack/install?client_id={world.azcarate.id}").status_code == 403


def test_a_refusal_of_slack_is_told(slack_server: SlackServer, web: FlaskClient, world: World) -> None:
    asked = begin(web, "?next=//evil.example/")
    answer = web.get(f"/slack/oauth_redirect?code=wrong&state={asked['state'][0]}", headers=SPANISH)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    with web.session_transaction() as cookie:
        told = str(cookie["_flashes"])
        assert "invalid_code" not in told and "ha caducado o ya se había usado" in told


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("error=access_denied", "se canceló la autorización"),
        ("error=invalid_scope", "Slack no lo aceptó. (invalid_scope)"),
        ("error=invalid_team_for_non_distributed_app", "solo se puede instalar en su propio espacio de trabajo"),
        ("", "dio una respuesta que no se puede leer"),
    ],
)
def test_c9_what_slack_says_is_told_as_it_is(web: FlaskClient, world: World, query: str, says: str) -> None:
    asked = begin(web)
    assert web.get(f"/slack/oauth_redirect?{query}&state={asked['state'][0]}", headers=SPANISH).status_code == 302
    with web.session_transaction() as cookie:
        assert says in str(cookie["_flashes"])


def test_c9_a_client_that_is_gone_meanwhile_and_an_answer_without_a_workspace(
    slack_server: SlackServer, web: FlaskClient, world: World, workspace: str
) -> None:
    sign_in(web, world.ana)
    asked = begin(web, f"?client_id={uuid4()}")
    assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 302
    asked = begin(web)
    slack_server.faults.add("oauth.v2.access", "garbage")
    assert come_back(web, slack_server, asked, workspace, NEW_TEAM) == 302
    with work(Scope.system()):
        assert find_connection("slack", NEW_TEAM) is None

"""Organizations, other companies, guests: how the app sees them, and which installation gets their events."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient

from simulators.slack.server import SlackServer
from simulators.slack.world import Workspace
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import CARD, refused


@pytest.fixture
def organization(slack: SlackServer) -> Workspace:
    """An organization of two workspaces, with the app in each; Eva is in one, Iván in both."""
    slack.roster.add_enterprise("Grupo Sol", id="E0SOL")
    slack.add_workspace(
        "Sol Norte", team_id="T0NORTE", bot_token="xoxb-norte", bot_user_id="U0NORTE", enterprise="E0SOL"
    )
    slack.add_workspace("Sol Sur", team_id="T0SUR", bot_token="xoxb-sur", bot_user_id="U0SUR", enterprise="E0SOL")
    slack.add_user("T0NORTE", id="W0EVA", real_name="Eva Sol", email="eva@sol.example")
    slack.add_user("T0NORTE", id="W0IVAN", real_name="Iván Sol", email="ivan@sol.example", teams=["T0SUR"])
    slack.add_channel("T0SUR", "soporte", id="C0SUR", members=["W0IVAN"])
    slack.add_channel("T0NORTE", "todos", id="C0TODOS", members=["W0EVA", "W0IVAN"], shared_with=["T0SUR"])
    return slack.world.workspaces["T0SUR"]


def web(slack: SlackServer, token: str) -> WebClient:
    return WebClient(token=token, base_url=slack.api_url, timeout=5)


def event_of(receiver: Receiver) -> dict[str, Any]:
    return dict(receiver.got[-1].json)


# ------------------------------------------------------------------ organizations


def test_ids_of_an_organization_s_people_begin_with_w(slack: SlackServer, organization: Workspace) -> None:
    assert slack.add_user("T0SUR", real_name="Ada").id.startswith("W")
    assert slack.add_user("T01", real_name="Ada").id.startswith("U")


def test_a_colleague_s_teams_tell_who_they_are(slack: SlackServer, organization: Workspace) -> None:
    sur = web(slack, "xoxb-sur")
    ivan = sur.users_info(user="W0IVAN")["user"]
    assert ivan["team_id"] == "T0NORTE" and "is_stranger" not in ivan
    assert ivan["profile"]["email"] == "ivan@sol.example"
    assert ivan["enterprise_user"]["enterprise_id"] == "E0SOL"
    assert ivan["enterprise_user"]["teams"] == ["T0NORTE", "T0SUR"]
    eva = sur.users_info(user="W0EVA")["user"]
    assert eva["enterprise_user"]["teams"] == ["T0NORTE"] and "is_stranger" not in eva


def test_a_colleague_of_another_workspace_writes(
    slack: SlackServer, organization: Workspace, receiver: Receiver
) -> None:
    slack.say("T0SUR", "W0IVAN", "C0SUR", "<@U0SUR> no imprime")
    message, mention = (got.json for got in receiver.got)
    for envelope in (message, mention):
        assert (envelope["team_id"], envelope["enterprise_id"]) == ("T0SUR", "E0SOL")
        assert envelope["event"]["team"] == "T0NORTE" and envelope["is_ext_shared_channel"] is False
        [authorization] = envelope["authorizations"]
        assert authorization == {
            "enterprise_id": "E0SOL", "team_id": "T0SUR", "user_id": "U0SUR", "is_bot": True,
            "is_enterprise_install": False,
        }  # fmt: skip


def test_a_channel_of_several_workspaces_is_no_other_company_s(
    slack: SlackServer, organization: Workspace, receiver: Receiver
) -> None:
    slack.say("T0NORTE", "W0EVA", "C0TODOS", "hola")
    [got] = receiver.got
    event = got.json["event"]
    assert (event["user_team"], event["source_team"]) == ("T0NORTE", "T0NORTE")
    assert got.json["is_ext_shared_channel"] is False
    shown = web(slack, "xoxb-sur").conversations_info(channel="C0TODOS")["channel"]
    assert (shown["is_org_shared"], shown["is_ext_shared"]) == (True, False)


def test_an_organization_s_installation_has_no_workspace(
    slack: SlackServer, organization: Workspace, receiver: Receiver
) -> None:
    code = slack.authorize("E0SOL", "W0EVA", redirect_uri="http://127.0.0.1:1/back", scope=["chat:write", "im:history"])
    granted = WebClient(base_url=slack.api_url).oauth_v2_access(
        code=code, redirect_uri="http://127.0.0.1:1/back", client_id=slack.settings.client_id,
        client_secret=slack.settings.client_secret,
    )  # fmt: skip
    assert (granted["team"], granted["is_enterprise_install"]) == (None, True)
    assert granted["enterprise"] == {"id": "E0SOL", "name": "Grupo Sol"}
    assert granted["bot_user_id"].startswith("W")
    client = web(slack, granted["access_token"])
    assert (client.auth_test()["team_id"], client.auth_test()["enterprise_id"]) == (None, "E0SOL")
    assert [team["id"] for team in client.auth_teams_list()["teams"]] == ["T0NORTE", "T0SUR"]
    said = slack.say("T0SUR", "W0IVAN", "im", "no imprime")
    envelope = event_of(receiver)
    assert envelope["authorizations"][0]["team_id"] is None
    assert envelope["authorizations"][0]["is_enterprise_install"] is True
    assert (envelope["team_id"], envelope["enterprise_id"]) == ("T0SUR", "E0SOL")
    card = client.chat_postMessage(channel=said.channel, thread_ts=said.ts, text="ACME-1", blocks=CARD)
    assert card["channel"] == said.channel == slack.open_im("T0NORTE", "W0IVAN").id
    slack.click("T0SUR", "W0IVAN", said.channel, card["ts"], "close")
    assert refused(web(slack, "xoxb-sur").auth_test) == "invalid_auth"


def test_what_an_organization_asks_in_a_workspace_names_it(slack: SlackServer, organization: Workspace) -> None:
    token = slack.roster.install_organization("E0SOL").bot_token
    client = web(slack, token)
    assert refused(client.users_list) == "missing_argument"
    assert refused(client.conversations_list) == "missing_argument"
    assert "W0IVAN" in {user["id"] for user in client.users_list(team_id="T0SUR")["members"]}


def test_presses_and_commands_in_an_organization(
    slack: SlackServer, organization: Workspace, receiver: Receiver
) -> None:
    token = slack.roster.install_organization("E0SOL").bot_token
    posted = web(slack, token).chat_postMessage(channel="C0SUR", text="x", blocks=CARD)
    slack.click("T0SUR", "W0IVAN", "C0SUR", posted["ts"], "close")
    payload = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])
    assert payload["team"] is None and payload["enterprise"]["id"] == "E0SOL"
    assert payload["is_enterprise_install"] is True and payload["user"]["team_id"] == "T0NORTE"
    slack.slash("T0SUR", "W0IVAN", "C0SUR", "/guardia", "hola")
    form = parse_qs(receiver.got[-1].body.decode())
    assert form["is_enterprise_install"] == ["true"] and form["enterprise_id"] == ["E0SOL"]


# ---------------------------------------------------------------- other companies


@pytest.fixture
def vega(slack: SlackServer) -> WebClient:
    """Vega has the app too, and shares a channel with Lozano."""
    slack.add_workspace("Clínica Vega", team_id="T02", bot_token="xoxb-vega", bot_user_id="U0BOT2")
    slack.add_user("T02", id="U0EVA", real_name="Eva Vega", email="eva@vega.es")
    slack.add_channel("T01", "obra", id="C0OBRA", members=["U0ANA", "U0EVA"], shared_with=["T02"])
    return web(slack, "xoxb-vega")


def test_what_is_said_between_companies_comes_once_for_who_joined_last(
    slack: SlackServer, vega: WebClient, receiver: Receiver
) -> None:
    slack.say("T01", "U0ANA", "C0OBRA", "hola")
    [got] = receiver.got
    envelope = got.json
    assert envelope["is_ext_shared_channel"] is True
    assert envelope["team_id"] == "T01"  # the owner of the channel
    assert envelope["authorizations"][0] | {"enterprise_id": None} == {
        "enterprise_id": None, "team_id": "T02", "user_id": "U0BOT2", "is_bot": True, "is_enterprise_install": False,
    }  # fmt: skip
    assert envelope["context_team_id"] == "T02"
    slack.join("T01", "U0BOT", "C0OBRA")
    slack.say("T01", "U0ANA", "C0OBRA", "hola otra vez")
    assert event_of(receiver)["authorizations"][0]["team_id"] == "T01"


def test_all_installations_that_see_an_event_are_listed(
    slack: SlackServer, vega: WebClient, receiver: Receiver
) -> None:
    slack.say("T01", "U0ANA", "C0OBRA", "hola")
    context = event_of(receiver)["event_context"]
    client = web(slack, slack.settings.app_token)
    listed = client.apps_event_authorizations_list(event_context=context)["authorizations"]
    assert [each["team_id"] for each in listed] == ["T01", "T02"]
    assert refused(client.apps_event_authorizations_list, event_context="4-x") == "invalid_event_context"
    assert refused(vega.apps_event_authorizations_list, event_context=context) == "not_allowed_token_type"


def test_a_stranger_has_no_address(slack: SlackServer, vega: WebClient, client: WebClient, receiver: Receiver) -> None:
    slack.say("T02", "U0EVA", "C0OBRA", "hola a todos")
    event = event_of(receiver)["event"]
    assert {event[key] for key in ("team", "user_team", "source_team")} == {"T02"}
    stranger = client.users_info(user="U0EVA")["user"]
    assert stranger["is_stranger"] is True and "email" not in stranger["profile"] and stranger["team_id"] == "T02"
    assert "email" in vega.users_info(user="U0EVA")["user"]["profile"]
    assert refused(client.conversations_open, users="U0EVA") == "user_not_found"
    shared = client.conversations_info(channel="C0OBRA")["channel"]
    assert shared["is_ext_shared"] is True and shared["shared_team_ids"] == ["T01", "T02"]


def test_a_stranger_s_file_is_asked_for_first(
    slack: SlackServer, vega: WebClient, client: WebClient, receiver: Receiver
) -> None:
    file = {"name": "plano.png", "content": b"x"}
    slack.say("T02", "U0EVA", "C0OBRA", "mira", files=[file], check_file_info=True)
    [withheld] = receiver.events("message")[0]["files"]
    assert withheld["file_access"] == "check_file_info" and "url_private" not in withheld
    assert client.files_info(file=withheld["id"])["file"]["name"] == "plano.png"


# ------------------------------------------------------------------- guests, staff


def test_guests_are_marked_and_keep_to_their_channels(slack: SlackServer, client: WebClient) -> None:
    slack.add_channel("T01", "almacen", id="C0ALMACEN")
    many = {"real_name": "Gestor", "email": "gestor@asesoria.example"}
    guest = slack.roster.add_guest("T01", channels=["C0SOPORTE", "C0ALMACEN"], **many)
    single = slack.roster.add_guest("T01", channels=["C0SOPORTE"], real_name="Pintor", email="p@pintura.example")
    shown = [client.users_info(user=each.id)["user"] for each in (guest, single)]
    assert [(user["is_restricted"], user["is_ultra_restricted"]) for user in shown] == [(True, False), (True, True)]
    assert shown[0]["profile"]["email"] == "gestor@asesoria.example" and "is_stranger" not in shown[0]
    slack.say("T01", guest.id, "C0ALMACEN", "hola")
    with pytest.raises(ValueError, match="no member"):
        slack.say("T01", single.id, "C0ALMACEN", "hola")


def test_names_change_are_blank_and_go(slack: SlackServer, client: WebClient, receiver: Receiver) -> None:
    slack.person("T01", "U0ANA").rename("García López, Ana")
    changed = receiver.events("user_change")[0]["user"]
    assert changed["real_name"] == changed["profile"]["real_name"] == "García López, Ana"
    assert client.users_info(user="U0ANA")["user"]["real_name"] == "García López, Ana"
    blank = slack.add_user("T01", real_name="", email="x@lozano.es")
    shown = client.users_info(user=blank.id)["user"]
    assert (shown["real_name"], shown["profile"]["real_name"], shown["profile"]["display_name"]) == ("", "", "")
    slack.say("T01", blank.id, "im", "a@b")  # a blank name cannot be mentioned
    assert receiver.events("message")[0]["text"] == "a@b"
    slack.roster.deactivate("T01", "U0LUIS")
    assert receiver.events("user_change")[-1]["user"]["deleted"] is True
    assert refused(client.conversations_open, users="U0LUIS") == "user_disabled"
    with pytest.raises(ValueError, match="deactivated"):
        slack.say("T01", "U0LUIS", "im", "¿hola?")

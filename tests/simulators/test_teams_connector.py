"""The simulated Teams' Connector and sign-in, driven with botframework's own ConnectorClient."""

import json
from typing import Any

import pytest
import requests
from botbuilder.schema import Activity, Attachment, ChannelAccount, ConversationParameters
from botframework.connector import ConnectorClient
from botframework.connector.teams import TeamsConnectorClient
from msrest.authentication import BasicTokenAuthentication

from simulators.teams.server import APP_ID, APP_PASSWORD, HOME_TENANT, TeamsServer
from tests.simulators.moving_clock import Hands
from tests.simulators.teams_kit import CARD, LOZANO, VEGA, bot_token, card, client_for, denied, message

# ---------------------------------------------------------------------- Connector


def test_replies_updates_and_deletes(teams: TeamsServer, connector: ConnectorClient, channel: str) -> None:
    root = teams.say(LOZANO, "29:ana", channel, "@Guardia la caja no abre")
    place = root.activity["conversation"]["id"]
    sent = connector.conversations.reply_to_activity(place, root.id, message("Lo miramos"))
    carded = connector.conversations.send_to_conversation(place, Activity(type="message", attachments=[card()]))
    thread = teams.messages(conversation=channel, thread=root.id)
    assert [m["id"] for m in thread] == [root.id, sent.id, carded.id]
    assert thread[1]["replyToId"] == root.id and thread[2]["attachments"][0]["content"] == CARD
    assert connector.conversations.update_activity(place, sent.id, message("Resuelto")).id == sent.id
    assert [(m.get("text"), m["edited"]) for m in teams.messages(author="bot")][:1] == [("Resuelto", True)]
    connector.conversations.delete_activity(place, sent.id)
    assert [m["id"] for m in teams.messages(author="bot")] == [carded.id]
    gone = denied(connector.conversations.update_activity, place, sent.id, message("x"))
    assert gone == (404, "ActivityNotFoundInConversation")
    theirs = denied(connector.conversations.update_activity, place, root.id, message("x"))
    assert theirs == (403, "NotEnoughPermissions")
    nowhere = denied(connector.conversations.send_to_conversation, "a:nowhere", message("x"))
    assert nowhere == (404, "ConversationNotFound")


def test_starting_a_chat_and_a_thread(teams: TeamsServer, connector: ConnectorClient, channel: str) -> None:
    start = connector.conversations.create_conversation
    to_ana = {"members": [ChannelAccount(id="29:ana")], "bot": ChannelAccount(id=f"28:{APP_ID}")}
    assert denied(start, ConversationParameters(**to_ana)) == (400, "BadSyntax")
    made = start(ConversationParameters(**to_ana, tenant_id=LOZANO, channel_data={"tenant": {"id": LOZANO}}))
    again = start(ConversationParameters(**to_ana, tenant_id=LOZANO, activity=message("Hola")))
    assert made.id == again.id and made.id.startswith("a:")
    assert [m["text"] for m in teams.messages(conversation=made.id)] == ["Hola"]
    next(iter(teams.world.teams.values())).installed = False
    to_luis = ConversationParameters(members=[ChannelAccount(id="29:luis")], tenant_id=LOZANO)
    assert denied(start, to_luis) == (403, "ForbiddenOperationException")
    next(iter(teams.world.teams.values())).installed = True
    by_mail = ConversationParameters(members=[ChannelAccount(id="ana@lozano.es")], tenant_id=LOZANO)
    assert denied(start, by_mail) == (404, "NotFound")
    thread = start(
        ConversationParameters(
            is_group=True, channel_data={"channel": {"id": channel}}, activity=message("Aviso de corte")
        )
    )
    assert thread.id == f"{channel};messageid={thread.activity_id}"
    connector.conversations.send_to_conversation(thread.id, message("Ya está"))
    texts = [m["text"] for m in teams.messages(thread=thread.activity_id)]
    assert texts == ["Aviso de corte", "Ya está"]


def test_people_in_lists_pages_and_one_by_one(teams: TeamsServer, connector: ConnectorClient, channel: str) -> None:
    ana = connector.conversations.get_conversation_member(channel, "29:ana")
    assert (ana.aad_object_id, ana.additional_properties["email"]) == ("aad-ana", "ana@lozano.es")
    guest = teams.add_user(LOZANO, name="Invitado", email="x@otra.es", is_guest=True)
    assert guest.upn == "x_otra.es#EXT#@lozano.es"
    missing = denied(connector.conversations.get_conversation_member, channel, guest.id)
    assert missing == (404, "MemberNotFoundInConversation")
    team = next(iter(teams.world.teams.values()))
    team.members += [teams.add_user(LOZANO, name=f"Persona {n}", email=f"p{n}@lozano.es").id for n in range(60)]
    page = connector.conversations.get_conversation_paged_members(channel, page_size=10)
    assert len(page.members) == 50
    rest = connector.conversations.get_conversation_paged_members(
        channel, page_size=50, continuation_token=page.continuation_token
    )
    assert len(rest.members) == 12 and rest.continuation_token is None
    assert len(connector.conversations.get_conversation_members(channel)) == 62
    lists = TeamsConnectorClient(
        BasicTokenAuthentication({"access_token": bot_token(teams)}), teams.service_url(LOZANO)
    ).teams
    details = lists.get_team_details(team.id)
    assert (details.name, details.aad_group_id) == ("Tienda", team.aad_group_id)
    assert [c.name for c in lists.get_teams_channels(team.id).conversations] == [None, "Caja"]


def test_one_tenants_service_url_does_not_reach_anothers_conversations(teams: TeamsServer) -> None:
    said = teams.say(LOZANO, "29:ana", "", "hola")
    other = client_for(teams, VEGA)
    refusal = denied(other.conversations.send_to_conversation, said.conversation, message("x"))
    assert refusal == (404, "ConversationNotFound")


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ({"type": "message", "text": "x" * 52_000}, (413, "MessageSizeTooBig")),
        ({"type": "message"}, (400, "BadSyntax")),
        ({"type": "event", "text": "x"}, (400, "BadArgument")),
        ({"type": "message", "attachments": [card({"type": "AdaptiveCard", "version": "dos"})]}, (400, "BadSyntax")),
        ({"type": "message", "attachments": [card({"type": "HeroCard", "version": "1.5"})]}, (400, "BadSyntax")),
        ({"type": "message", "attachments": [Attachment(content_type="text/html", content="x")]}, (400, "BadSyntax")),
        ({"type": "message", "attachments": [Attachment(content_type="text/csv")]}, (400, "BadSyntax")),
    ],
)
def test_what_a_message_is_refused_for(
    teams: TeamsServer, connector: ConnectorClient, activity: dict[str, Any], expected: tuple[int, str]
) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    assert denied(connector.conversations.send_to_conversation, chat, Activity(**activity)) == expected
    assert teams.messages() == []


def test_typing_is_seen_and_forgotten(teams: TeamsServer, connector: ConnectorClient) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    connector.conversations.send_to_conversation(chat, Activity(type="typing"))
    assert teams.messages() == []
    assert [entry["kind"] for entry in teams.feed.since(0)["entries"]] == ["typing"]


# ------------------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "AADSTS7000215"),
        ({"client_id": "wrong"}, 400, "AADSTS700016"),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "AADSTS1002012"),
        ({"grant_type": "password"}, 400, "AADSTS70003"),
    ],
)
def test_the_token_endpoint_refuses(teams: TeamsServer, change: dict[str, str], status: int, code: str) -> None:
    form = {
        "grant_type": "client_credentials", "client_id": APP_ID, "client_secret": APP_PASSWORD,
        "scope": "https://api.botframework.com/.default",
    }  # fmt: skip
    answer = requests.post(teams.token_url, data=form | change, timeout=5)
    assert answer.status_code == status and answer.json()["error_description"].startswith(code)


def test_a_token_of_another_tenant_or_past_its_time_opens_nothing(teams: TeamsServer, hands: Hands) -> None:
    said = teams.say(LOZANO, "29:ana", "", "hola")
    nothing = (401, "Authorization has been denied for this request.")
    of_client = bot_token(teams, teams.token_url.replace(HOME_TENANT, LOZANO))
    good = bot_token(teams)
    for token in ("junk", of_client, teams.core.keyring.channel_token(teams.service_url(LOZANO))):
        client = client_for(teams, LOZANO, token)
        assert denied(client.conversations.send_to_conversation, said.conversation, message("x")) == nothing
    client = client_for(teams, LOZANO, good)
    client.conversations.send_to_conversation(said.conversation, message("vale"))
    hands.move(hours=2)
    assert denied(client.conversations.send_to_conversation, said.conversation, message("x")) == nothing


# ------------------------------------------------------------------------- faults


def test_faults_of_the_connector(teams: TeamsServer) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    url = f"{teams.service_url(LOZANO)}v3/conversations/{chat}/activities"
    auth = {"Authorization": f"Bearer {bot_token(teams)}"}

    def post(timeout: float = 5) -> requests.Response:
        return requests.post(url, json={"type": "message", "text": "hola"}, headers=auth, timeout=timeout)

    teams.faults.add("send", "429", retry_after=9)
    throttled = post()
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "9")
    assert throttled.json()["error"]["code"] == "Throttled"
    teams.faults.add("send", "error", error="MessageWritesBlocked", where={"conversation": chat})
    blocked = post()
    assert blocked.status_code == 403 and blocked.json()["errorCode"] == 209
    assert json.loads(blocked.json()["message"])["subCode"] == "MessageWritesBlocked"
    teams.faults.add("send", "error", error="PreconditionFailed")
    teams.faults.add("send", "500")
    teams.faults.add("send", "502")
    assert [post().status_code for _ in range(3)] == [412, 500, 502]
    teams.faults.add("send", "drop")
    with pytest.raises(requests.ConnectionError):
        post()
    assert [m["text"] for m in teams.messages()] == ["hola"]
    teams.faults.add("send", "hang", seconds=30)
    with pytest.raises(requests.Timeout):
        post(timeout=0.3)
    assert len(teams.messages()) == 1
    teams.faults.clear()
    teams.block(LOZANO, "29:ana")
    assert post().json()["errorCode"] == 209
    teams.faults.add("token", "503")
    assert requests.post(teams.token_url, data={}, timeout=5).status_code == 503

"""The bot's messages in the local Teams: splitting, updates, unknown places, cards that are not displayed."""

from typing import Any

import pytest
import requests
from botbuilder.schema import Activity, ConversationParameters, Mention
from botframework.connector import ConnectorClient

from simulators.teams.cards import problems
from simulators.teams.server import TeamsServer
from tests.simulators.teams_kit import CARD, LOZANO, bot_token, card, denied, message

BOTH = {"type": "message", "text": "Abierto", "attachments": [card()]}
SPLIT = "Activity resulted into multiple skype activities"


def post(teams: TeamsServer, conversation: str, activity: dict[str, Any]) -> requests.Response:
    url = f"{teams.service_url(LOZANO)}v3/conversations/{conversation}/activities"
    return requests.post(url, json=activity, headers={"Authorization": f"Bearer {bot_token(teams)}"}, timeout=5)


@pytest.fixture
def chat(teams: TeamsServer) -> str:
    """Ana's personal chat."""
    return str(teams.open_chat(LOZANO, "29:ana")["id"])


@pytest.mark.parametrize(
    ("activity", "status", "parts"),
    [
        ({"text": "Abierto"}, 201, ["text"]),
        ({"attachments": [card().serialize()]}, 201, ["card"]),
        ({"text": "", "attachments": [card().serialize()]}, 201, ["card"]),
        ({"text": "Abierto", "attachments": [card().serialize()]}, 202, ["text", "card"]),
        ({"attachments": [card().serialize()] * 2}, 202, ["card", "card"]),
        ({"attachments": [card().serialize()] * 2, "attachmentLayout": "carousel"}, 201, ["card"]),
    ],
)
def test_text_and_cards_are_messages_of_their_own(
    teams: TeamsServer, chat: str, activity: dict[str, Any], status: int, parts: list[str]
) -> None:
    """OfficeDev/BotBuilder-MicrosoftTeams#125: several messages are 202, without an id."""
    answer = post(teams, chat, {"type": "message", **activity})
    seen = teams.seen_by(LOZANO, "29:ana", conversation=chat)
    assert answer.status_code == status and ["text" if "text" in m else "card" for m in seen] == parts
    assert not any("text" in m and "attachments" in m for m in seen)
    if status == 201:
        assert answer.json() == {"id": seen[0]["id"]}
    else:
        assert answer.content == b""


def test_the_bots_own_client_gets_no_id_of_a_split_activity(
    teams: TeamsServer, connector: ConnectorClient, chat: str
) -> None:
    answer = connector.conversations.send_to_conversation(chat, Activity(**BOTH))
    assert answer is None or not answer.id
    assert len(teams.messages(author="bot")) == 2


def test_an_update_or_a_new_thread_with_text_and_card_is_refused(
    teams: TeamsServer, connector: ConnectorClient, chat: str, channel: str
) -> None:
    """OfficeDev/BotBuilder-MicrosoftTeams#126."""
    sent = connector.conversations.send_to_conversation(chat, message("Abierto"))
    assert denied(connector.conversations.update_activity, chat, sent.id, Activity(**BOTH)) == (400, "BadSyntax")
    assert [m["text"] for m in teams.messages(author="bot")] == ["Abierto"]
    wanted = ConversationParameters(is_group=True, channel_data={"channel": {"id": channel}}, activity=Activity(**BOTH))
    assert denied(connector.conversations.create_conversation, wanted) == (400, "BadSyntax")
    wanted = ConversationParameters(
        members=[{"id": "29:ana"}], tenant_id=LOZANO, channel_data={"tenant": {"id": LOZANO}}, activity=Activity(**BOTH)
    )
    assert denied(connector.conversations.create_conversation, wanted) == (400, "BadSyntax")
    only_card = Activity(type="message", attachments=[card()])
    assert connector.conversations.update_activity(chat, sent.id, only_card).id == sent.id
    [changed] = teams.messages(author="bot")
    assert changed["id"] == sent.id and "text" not in changed and changed["attachments"][0]["content"] == CARD


def test_only_channels_have_threads_to_name(teams: TeamsServer, connector: ConnectorClient, chat: str) -> None:
    send = connector.conversations.send_to_conversation
    group = teams.add_group_chat(LOZANO, members=["29:ana", "29:luis"]).id
    for place in (chat, group):
        said = teams.say(LOZANO, "29:ana", place, "@Guardia hola")
        send(place, message("sin hilo"))
        assert denied(send, f"{place};messageid={said.id}", message("x")) == (404, "ConversationNotFound")
        members = connector.conversations.get_conversation_members
        assert denied(members, f"{place};messageid={said.id}") == (404, "ConversationNotFound")
    assert [m["text"] for m in teams.messages(author="bot")] == ["sin hilo", "sin hilo"]


def test_unknown_messages_are_404_in_every_verb(
    teams: TeamsServer, connector: ConnectorClient, chat: str, channel: str
) -> None:
    talk, nowhere = connector.conversations, (404, "ActivityNotFoundInConversation")
    assert denied(talk.reply_to_activity, chat, "1700000000000", message("x")) == nowhere
    assert denied(talk.update_activity, chat, "1700000000000", message("x")) == nowhere
    assert denied(talk.delete_activity, chat, "1700000000000") == nowhere
    assert denied(talk.send_to_conversation, f"{channel};messageid=1700000000000", message("x")) == nowhere
    sent = talk.send_to_conversation(chat, message("Abierto"))
    talk.delete_activity(chat, sent.id)
    assert denied(talk.delete_activity, chat, sent.id) == nowhere and teams.messages(author="bot") == []


def test_a_mention_that_stands_nowhere_in_the_text_is_refused(connector: ConnectorClient, chat: str) -> None:
    """microsoft/botbuilder-js#2111."""
    entity = Mention(type="mention", text="<at>Ana & Luis</at>", mentioned={"id": "29:ana", "name": "Ana & Luis"})
    activity = Activity(type="message", text="Hola <at>Ana &amp; Luis</at>", entities=[entity])
    assert denied(connector.conversations.send_to_conversation, chat, activity) == (400, "BadSyntax")
    entity.text = "<at>Ana &amp; Luis</at>"
    assert connector.conversations.send_to_conversation(chat, activity).id


@pytest.mark.parametrize(("letters", "status"), [(50_000, 201), (51_300, 413)])
def test_a_message_has_a_hundred_kilobytes_in_utf_16(teams: TeamsServer, chat: str, letters: int, status: int) -> None:
    assert post(teams, chat, {"type": "message", "text": "ñ" * letters}).status_code == status


def block(**more: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "x"}], **more}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (CARD, ""),
        (block(version="1.6"), "version 1.6 is newer than 1.5"),
        (block(body=[], actions=[]), "neither body nor actions"),
        (block(body=[], actions=[{"type": "Action.Submit", "title": "x"}]), ""),
        (block(actions=[{"type": "Action.Http", "url": "https://x"}]), "Teams knows no Action.Http"),
        (block(actions=[{"type": "Action.Execute", "title": "x"}]), "Action.Execute has no verb"),
        (block(actions=[{"type": "Action.OpenUrl", "title": "x"}]), "Action.OpenUrl has no url"),
        (block(body=[{"type": "Media", "sources": []}]), "Teams knows no Media"),
        (block(body=[{"type": "Media", "fallback": "drop"}]), ""),
        (block(body=[{"type": "TextBlock", "text": ""}]), "TextBlock has no text"),
        (block(body=[{"type": "Container", "items": [{"type": "Input.Text"}]}]), "Input.Text has no id"),
        (block(body=[{"type": "ColumnSet", "columns": [{"items": [{"type": "Nonsense"}]}]}]), "knows no Nonsense"),
        (block(actions=[{"type": "Action.ShowCard", "card": {"body": [{"type": "Chart"}]}}]), "knows no Chart"),
        (block(refresh={"userIds": ["29:x"] * 61}), "61 people"),
    ],
)
def test_which_cards_teams_shows(content: dict[str, Any], complaint: str) -> None:
    found = problems(content)
    assert (complaint in "; ".join(found)) if complaint else found == []


def test_a_card_that_teams_cannot_show_is_taken_and_not_seen(
    teams: TeamsServer, connector: ConnectorClient, chat: str
) -> None:
    sent = connector.conversations.send_to_conversation(
        chat, Activity(type="message", attachments=[card(CARD | {"version": "1.6"})])
    )
    [seen] = teams.seen_by(LOZANO, "29:ana")
    assert seen["id"] == sent.id and seen["card"] is None and seen["card_problems"] == teams.unshown_cards() != []
    with pytest.raises(ValueError, match="does not show"):
        teams.press(LOZANO, "29:ana", sent.id, "close")
    connector.conversations.update_activity(chat, sent.id, Activity(type="message", attachments=[card()]))
    assert teams.unshown_cards() == [] and teams.seen_by(LOZANO, "29:ana")[0]["card"] == CARD

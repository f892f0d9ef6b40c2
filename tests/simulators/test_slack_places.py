"""Removing the bot from channels, archived channels, channels without posting: events and errors."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from simulators.slack.server import SlackServer
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import refused


def test_a_bot_that_is_removed_hears_it_and_posts_no_more(
    slack: SlackServer, client: WebClient, receiver: Receiver, hands: Hands
) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="hola")
    slack.places.remove_bot("T01", "U0ANA", "C0SOPORTE")
    left, member, told = receiver.events()
    assert left | {"event_ts": ""} == {
        "type": "channel_left", "channel": "C0SOPORTE", "actor_id": "U0ANA", "event_ts": "",
    }  # fmt: skip
    assert (member["type"], member["user"], member["channel_type"]) == ("member_left_channel", "U0BOT", "C")
    assert (told["user"], told["channel_type"]) == ("USLACKBOT", "im")
    assert told["text"] == "You have been removed from #soporte by <@U0ANA>"
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="hola") == "not_in_channel"
    assert refused(client.chat_postMessage, channel="C0SOPORTE", thread_ts=posted["ts"], text="x") == "not_in_channel"
    assert refused(client.conversations_history, channel="C0SOPORTE") == "not_in_channel"
    assert refused(client.chat_postMessage, channel=told["channel"], text="gracias") == "cannot_dm_bot"
    slack.say("T01", "U0LUIS", "C0SOPORTE", "<@U0BOT> ¿sigues ahí?")
    assert len(receiver.events()) == 3
    slack.join("T01", "U0BOT", "C0SOPORTE", inviter="U0ANA")
    hands.move(seconds=1)  # refused calls count too
    assert client.chat_postMessage(channel="C0SOPORTE", text="hola")["ok"] is True


def test_out_of_a_private_channel_it_is_not_found(slack: SlackServer, client: WebClient, receiver: Receiver) -> None:
    slack.add_channel("T01", "secreto", id="C0SECRETO", members=["U0ANA"], private=True)
    slack.places.remove_bot("T01", "U0ANA", "C0SECRETO")
    assert [event["type"] for event in receiver.events()] == ["group_left", "member_left_channel", "message"]
    assert refused(client.chat_postMessage, channel="C0SECRETO", text="hola") == "channel_not_found"
    with pytest.raises(ValueError, match="no member"):
        slack.say("T01", "U0LUIS", "C0SECRETO", "¿qué es esto?")


def test_people_who_leave(slack: SlackServer, receiver: Receiver) -> None:
    slack.places.leave("T01", "U0LUIS", "C0SOPORTE")
    said, left = receiver.events()
    assert (said["subtype"], left["type"], left["user"]) == ("channel_leave", "member_left_channel", "U0LUIS")
    assert "U0LUIS" not in slack.world.channels["C0SOPORTE"].members


def test_an_archived_channel_takes_nothing_until_it_is_opened_again(
    slack: SlackServer, client: WebClient, receiver: Receiver
) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="ACME-1")
    slack.archive("T01", "U0ANA", "C0SOPORTE")
    assert receiver.events("channel_archive")[0]["user"] == "U0ANA"
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="hola") == "is_archived"
    assert refused(client.chat_postEphemeral, channel="C0SOPORTE", user="U0ANA", text="hola") == "is_archived"
    assert refused(client.chat_update, channel="C0SOPORTE", ts=posted["ts"], text="x") == "is_inactive"
    assert refused(client.conversations_join, channel="C0SOPORTE") == "is_archived"
    with pytest.raises(ValueError, match="archived"):
        slack.say("T01", "U0ANA", "C0SOPORTE", "hola")
    slack.places.unarchive("T01", "U0ANA", "C0SOPORTE")
    assert client.chat_postMessage(channel="C0SOPORTE", text="hola")["ok"] is True


def test_a_topic_is_a_message_of_its_own_kind(slack: SlackServer, receiver: Receiver) -> None:
    slack.places.set_topic("T01", "U0ANA", "C0SOPORTE", "averías")
    event = receiver.events()[0]
    assert (event["subtype"], event["topic"]) == ("channel_topic", "averías")


def test_whom_the_bot_may_not_write_to(slack: SlackServer, client: WebClient) -> None:
    other = slack.add_user("T01", real_name="Alertas", is_bot=True)
    assert refused(client.chat_postMessage, channel=other.id, text="hola") == "cannot_dm_bot"
    im = client.conversations_open(users="U0ANA")["channel"]["id"]
    slack.roster.deactivate("T01", "U0ANA")
    assert refused(client.chat_postMessage, channel=im, text="hola") == "user_disabled"
    assert refused(client.chat_postMessage, channel="U0ANA", text="hola") == "user_disabled"
    slack.settings.messages_tab = False
    im = client.conversations_open(users="U0LUIS")["channel"]["id"]
    assert refused(client.chat_postMessage, channel=im, text="hola") == "messages_tab_disabled"
    with pytest.raises(ValueError, match="turned off"):
        slack.say("T01", "U0LUIS", "im", "hola")


@pytest.mark.parametrize(
    ("method", "arguments", "scope"),
    [
        ("chat_postMessage", {"channel": "C0SOPORTE", "text": "x"}, "chat:write"),
        ("users_info", {"user": "U0ANA"}, "users:read"),
        ("users_lookupByEmail", {"email": "ana@lozano.es"}, "users:read.email"),
        ("conversations_open", {"users": "U0ANA"}, "im:write"),
        ("conversations_info", {"channel": "C0SOPORTE"}, "channels:read"),
        ("conversations_info", {"channel": "C0SECRETO"}, "groups:read"),
        ("conversations_members", {"channel": "C0SECRETO"}, "groups:read"),
        ("conversations_list", {"types": "private_channel"}, "groups:read"),
        ("conversations_history", {"channel": "C0SOPORTE"}, "channels:history"),
        ("conversations_replies", {"channel": "C0SECRETO", "ts": "1.1"}, "groups:history"),
        ("files_info", {"file": "F1"}, "files:read"),
        ("reactions_add", {"channel": "C0SOPORTE", "timestamp": "1.1", "name": "x"}, "reactions:write"),
    ],
)
def test_a_scope_that_is_missing_is_named(
    slack: SlackServer, client: WebClient, method: str, arguments: dict[str, str], scope: str
) -> None:
    slack.add_channel("T01", "secreto", id="C0SECRETO", private=True)
    workspace = slack.world.workspaces["T01"]
    workspace.scopes = tuple(each for each in workspace.scopes if each != scope)
    with pytest.raises(SlackApiError) as caught:
        getattr(client, method)(**arguments)
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)
    assert answer["provided"] == ",".join(workspace.scopes)

"""Ephemeral messages: shown only to active people with the conversation open, and until they reload."""

import pytest
from flask import Response
from slack_sdk import WebClient

from simulators.slack.person import SlackPerson
from simulators.slack.server import SlackServer
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import CARD, refused


@pytest.fixture
def ana(slack: SlackServer) -> SlackPerson:
    return slack.person("T01", "U0ANA")


@pytest.fixture
def luis(slack: SlackServer) -> SlackPerson:
    return slack.person("T01", "U0LUIS")


def whisper(client: WebClient, thread_ts: str | None = None) -> None:
    client.chat_postEphemeral(channel="C0SOPORTE", user="U0ANA", text="solo para ti", thread_ts=thread_ts)


def test_at_the_top_level_the_person_and_nobody_else_sees_it(
    client: WebClient, ana: SlackPerson, luis: SlackPerson
) -> None:
    ana.mention("C0SOPORTE")
    whisper(client)
    assert ana.sees("C0SOPORTE") == ["<@U0BOT>", "solo para ti"]
    assert luis.sees("C0SOPORTE") == ["<@U0BOT>"]


def test_in_a_thread_that_nobody_has_open_it_is_ok_and_invisible(
    slack: SlackServer, client: WebClient, ana: SlackPerson
) -> None:
    said = ana.mention("C0SOPORTE")
    whisper(client, said.ts)  # ok, as at Slack
    assert ana.sees("C0SOPORTE") == ["<@U0BOT>"] and ana.sees("C0SOPORTE", thread_ts=said.ts) == ["<@U0BOT>"]
    assert ana.ephemerals("C0SOPORTE") == []
    assert [message["text"] for message in slack.unseen("C0SOPORTE", "U0ANA")] == ["solo para ti"]
    ana.open_thread(said)  # too late for that one
    assert ana.ephemerals("C0SOPORTE") == []
    whisper(client, said.ts)
    assert ana.sees("C0SOPORTE", thread_ts=said.ts) == ["<@U0BOT>", "solo para ti"]


def test_who_writes_in_a_thread_has_it_open_until_they_close_it(client: WebClient, ana: SlackPerson) -> None:
    said = ana.say("C0SOPORTE", "no imprime")
    ana.reply(said, "es la de la planta dos")
    whisper(client, said.ts)
    assert len(ana.ephemerals("C0SOPORTE")) == 1
    ana.close_thread(said)
    whisper(client, said.ts)
    assert len(ana.ephemerals("C0SOPORTE")) == 1


def test_somebody_else_s_reply_opens_it_for_nobody_else(client: WebClient, ana: SlackPerson, luis: SlackPerson) -> None:
    said = ana.say("C0SOPORTE", "no imprime")
    luis.reply(said, "la mía tampoco")
    whisper(client, said.ts)
    assert ana.ephemerals("C0SOPORTE") == []


def test_who_presses_a_button_in_a_thread_has_it_open(slack: SlackServer, client: WebClient, ana: SlackPerson) -> None:
    said = ana.say("C0SOPORTE", "no imprime")
    card = client.chat_postMessage(channel="C0SOPORTE", thread_ts=said.ts, text="ACME-1", blocks=CARD)
    slack.click("T01", "U0ANA", "C0SOPORTE", card["ts"], "close")
    whisper(client, said.ts)
    assert len(ana.ephemerals("C0SOPORTE")) == 1


def test_a_reload_and_an_absence_lose_it(client: WebClient, ana: SlackPerson) -> None:
    whisper(client)
    ana.reload()
    assert ana.ephemerals("C0SOPORTE") == []
    ana.leave_slack()
    whisper(client)
    assert ana.ephemerals("C0SOPORTE") == []
    ana.come_back()
    assert ana.ephemerals("C0SOPORTE") == []
    whisper(client)
    assert len(ana.ephemerals("C0SOPORTE")) == 1


def test_an_answer_to_a_command_shows_and_is_taken_away(
    slack: SlackServer, receiver: Receiver, ana: SlackPerson
) -> None:
    receiver.answer = lambda got: Response('{"text": "Hola, Ana"}', mimetype="application/json")
    slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia", "hola")
    assert ana.sees("C0SOPORTE") == ["Hola, Ana"]


def test_an_ephemeral_message_is_for_members_and_not_too_long(client: WebClient, slack: SlackServer) -> None:
    slack.add_user("T01", id="U0EVA", real_name="Eva")
    assert refused(client.chat_postEphemeral, channel="C0SOPORTE", user="U0EVA", text="x") == "user_not_in_channel"
    long = "x" * 40_001
    assert refused(client.chat_postEphemeral, channel="C0SOPORTE", user="U0ANA", text=long) == "msg_too_long"

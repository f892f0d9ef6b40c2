"""Every kind of message that people send, as the app receives it."""

import pytest
import requests
from slack_sdk import WebClient

from simulators.slack.person import SlackPerson
from simulators.slack.server import SlackServer
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver

TOKEN = {"Authorization": "Bearer xoxb-lozano"}


@pytest.fixture
def ana(slack: SlackServer) -> SlackPerson:
    return slack.person("T01", "U0ANA")


def test_a_typed_message_has_all_that_a_client_gives_it(ana: SlackPerson, receiver: Receiver) -> None:
    ana.say("C0SOPORTE", "no imprime")
    envelope = receiver.got[0].json
    event = envelope["event"]
    assert event["blocks"][0]["type"] == "rich_text" and len(event["client_msg_id"]) == 36
    assert (event["team"], event["channel_type"], event["event_ts"]) == ("T01", "channel", event["ts"])
    assert envelope["api_app_id"] == "A0GUARDIA01" and envelope["is_ext_shared_channel"] is False
    assert envelope["event_time"] == 1795424400 and envelope["event_context"].startswith("4-")
    assert envelope["context_team_id"] == "T01" and "enterprise_id" not in envelope


def test_slash_me(ana: SlackPerson, receiver: Receiver) -> None:
    ana.me("im", "no puede entrar")
    event = receiver.events()[0]
    assert (event["subtype"], event["text"], event["user"]) == ("me_message", "no puede entrar", "U0ANA")
    assert not {"client_msg_id", "blocks", "team"} & event.keys()


def test_a_forward_stands_in_an_attachment(ana: SlackPerson, receiver: Receiver) -> None:
    ana.forward("im", author="Luis", text="El servidor no responde", files=[{"name": "a.png", "content": b"x"}])
    event = receiver.events("message")[0]
    [shared] = event["attachments"]
    assert (event["text"], "blocks" in event) == ("", False)
    assert (shared["is_share"], shared["is_msg_unfurl"]) == (True, True)
    assert (shared["author_name"], shared["text"]) == ("Luis", "El servidor no responde")
    [inner] = shared["message_blocks"]
    assert inner["message"]["blocks"][0]["elements"][0]["elements"][0]["text"] == "El servidor no responde"
    assert shared["files"][0]["name"] == "a.png" and shared["fallback"].endswith("Luis: El servidor no responde")


def test_a_forward_of_a_message_here_with_a_comment(slack: SlackServer, ana: SlackPerson, receiver: Receiver) -> None:
    said = slack.person("T01", "U0LUIS").say("C0SOPORTE", "no va *nada*")
    ana.forward("im", author="U0LUIS", original=(said.channel, said.ts), comment="mira esto", only_blocks=True)
    event = receiver.events("message")[-1]
    [shared] = event["attachments"]
    assert event["text"] == "mira esto" and shared["text"] == ""
    assert shared["author_id"] == "U0LUIS" and shared["ts"] == said.ts
    assert shared["message_blocks"][0]["message"]["blocks"] == said.message["blocks"]


def test_a_linked_message_is_shown_without_being_forwarded(
    slack: SlackServer, ana: SlackPerson, receiver: Receiver
) -> None:
    said = ana.say("C0SOPORTE", "mira https://lozano.slack.com/archives/C0OTRO/p1795424400000001")
    slack.kinds.unfurl_message("T01", said.channel, said.ts, author="Luis", text="El servidor no responde")
    event = receiver.events()[-1]
    [shown] = event["message"]["attachments"]
    assert shown["is_msg_unfurl"] is True and "is_share" not in shown
    assert event["message"]["text"] == event["previous_message"]["text"]
    assert "attachments" not in event["previous_message"]


def test_a_voice_clip_brings_what_slack_heard(ana: SlackPerson, receiver: Receiver, client: WebClient) -> None:
    words = "No puedo entrar en la VPN. " * 20
    ana.voice("im", words)
    [clip] = receiver.events("message")[0]["files"]
    assert (clip["subtype"], clip["transcription"]["status"]) == ("slack_audio", "complete")
    preview = clip["transcription"]["preview"]
    assert preview == {"content": words[:200], "has_more": True}
    assert requests.get(clip["vtt"], headers=TOKEN, timeout=5).text.startswith("WEBVTT \n\n")
    assert words in requests.get(clip["vtt"], headers=TOKEN, timeout=5).text
    assert "text/html" in requests.get(clip["vtt"], timeout=5).headers["Content-Type"]


def test_a_clip_s_words_may_come_later(
    slack: SlackServer, ana: SlackPerson, receiver: Receiver, client: WebClient
) -> None:
    ana.voice("im", "no va", status="processing", mimetype="")
    [clip] = receiver.events("message")[0]["files"]
    assert clip["transcription"] == {"status": "processing"} and clip["mimetype"] == ""
    slack.kinds.transcribe(clip["id"])
    assert receiver.events("file_change")[0]["file_id"] == clip["id"]
    heard = client.files_info(file=clip["id"])["file"]["transcription"]
    assert heard["preview"] == {"content": "no va", "has_more": False}


def test_words_that_stand_only_in_blocks(ana: SlackPerson, receiver: Receiver) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "no imprime"}}
    ana.say_in_blocks("im", [block])
    event = receiver.events()[0]
    assert (event["text"], event["blocks"]) == ("", [block])


def test_another_app_s_message_has_no_user(slack: SlackServer, receiver: Receiver) -> None:
    slack.kinds.bot_says("T01", "C0SOPORTE", "disco lleno", username="Alertas")
    event = receiver.events()[0]
    assert event["subtype"] == "bot_message" and "user" not in event
    assert event["bot_id"].startswith("B") and event["username"] == "Alertas"
    assert slack.messages(author="bot") == []


def test_a_reply_shown_in_the_channel_brings_its_root(ana: SlackPerson, receiver: Receiver) -> None:
    said = ana.say("C0SOPORTE", "no imprime")
    ana.broadcast(said, "ya imprime")
    event = receiver.events()[-1]
    assert (event["subtype"], event["root"]["text"]) == ("thread_broadcast", "no imprime")
    assert ana.sees("C0SOPORTE") == ["no imprime", "ya imprime"]


def test_previews_and_languages_change_messages_without_changing_words(
    slack: SlackServer, ana: SlackPerson, receiver: Receiver
) -> None:
    said = ana.say("C0SOPORTE", "mira https://tpv.example/41")
    slack.unfurl("T01", said.channel, said.ts)
    slack.detect_language("T01", said.channel, said.ts)
    ana.edit(said, "mira esto")
    unfurled, detected, edited = receiver.events()[1:]
    for event in (unfurled, detected):
        assert event["subtype"] == "message_changed"
        assert event["message"]["text"] == event["previous_message"]["text"] and "edited" not in event["message"]
    assert edited["message"]["edited"]["user"] == "U0ANA"
    assert (edited["message"]["user_team"], edited["message"]["source_team"]) == ("T01", "T01")


def test_a_deleted_root_with_replies_leaves_a_tombstone_until_the_last_of_them_goes(
    slack: SlackServer, ana: SlackPerson, receiver: Receiver
) -> None:
    said = ana.say("C0SOPORTE", "la clave es 1234")
    reply = slack.person("T01", "U0LUIS").reply(said, "no la digas aquí")
    ana.delete(said)
    event = receiver.events()[-1]
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
    assert event["message"]["user"] == "USLACKBOT" and event["message"]["reply_count"] == 1
    assert event["previous_message"]["text"] == "la clave es 1234"
    slack.person("T01", "U0LUIS").delete(reply)
    gone, stone = receiver.events()[-2:]
    assert gone["deleted_ts"] == reply.ts
    assert (stone["subtype"], stone["previous_message"]["subtype"]) == ("message_deleted", "tombstone")
    assert slack.messages(channel="C0SOPORTE") == []


def test_a_file_of_another_service_is_external(ana: SlackPerson, receiver: Receiver) -> None:
    ana.share_link_to_file("im", "Informe", "https://drive.example/informe")
    [file] = receiver.events("message")[0]["files"]
    assert file["is_external"] is True and file["url_private"] == "https://drive.example/informe"
    assert "url_private_download" not in file


def test_a_file_is_read_where_the_bot_is_and_nowhere_else(slack: SlackServer, ana: SlackPerson) -> None:
    slack.add_channel("T01", "secreto", id="C0SECRETO", members=["U0ANA"], private=True, with_bot=False)
    said = ana.upload("C0SECRETO", "a.png", b"x")
    url = said.message["files"][0]["url_private"]
    answer = requests.get(url, headers=TOKEN, timeout=5)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    said = ana.upload("im", "a.png", b"x")
    url = said.message["files"][0]["url_private"]
    assert requests.get(url, headers=TOKEN, timeout=5).content == b"x"
    slack.installs.revoke_token("T01")
    assert "text/html" in requests.get(url, headers=TOKEN, timeout=5).headers["Content-Type"]


def test_an_upload_that_is_ok_may_never_appear(client: WebClient, slack: SlackServer, hands: Hands) -> None:
    asked = slack.say("T01", "U0ANA", "im", "¿el manual?")
    slack.faults.add("share", "drop")
    for _ in range(2):
        assert client.files_upload_v2(channel=asked.channel, filename="a.pdf", content=b"x")["ok"] is True
    hands.move(seconds=5)
    assert len(slack.messages(author="bot")) == 1

"""Buttons, dialogs and file consent in the local Teams: the bot's invokes, and its answers as people see them."""

import json
from typing import Any

import pytest
import requests
from botbuilder.schema import Activity, Attachment
from botframework.connector import ConnectorClient
from flask import Response

from simulators.teams.invokes import UNREACHABLE, WENT_WRONG, Invoked
from simulators.teams.server import TeamsServer
from tests.simulators.receiver import Receiver, busy
from tests.simulators.teams_kit import CARD, LOZANO, card, message

TOAST = "application/vnd.microsoft.activity.message"
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
CLOSED = CARD | {"body": [{"type": "TextBlock", "text": "Cerrada"}], "actions": []}


def says(receiver: Receiver, body: Any, status: int = 200) -> None:
    """Make the bot answer everything with this."""
    receiver.answer = lambda got: Response(json.dumps(body), status=status, mimetype="application/json")


@pytest.fixture
def sent(teams: TeamsServer, connector: ConnectorClient, receiver: Receiver, channel: str) -> str:
    """Post a card in a thread of the channel."""
    place = teams.say(LOZANO, "29:ana", channel, "@Guardia la caja no abre").activity["conversation"]["id"]
    posted = connector.conversations.send_to_conversation(place, Activity(type="message", attachments=[card()]))
    receiver.got.clear()
    return str(posted.id)


def press(teams: TeamsServer, sent: str, action: str = "close", **inputs: Any) -> Invoked:
    pressed = teams.press(LOZANO, "29:ana", sent, action, inputs=inputs)
    assert isinstance(pressed, Invoked)
    return pressed


def test_a_card_button_replaces_the_card_for_who_pressed_it(
    teams: TeamsServer, connector: ConnectorClient, receiver: Receiver, sent: str
) -> None:
    says(receiver, {"statusCode": 200, "type": ADAPTIVE, "value": CLOSED})
    pressed = press(teams, sent, note="listo")
    [invoke] = (got.json for got in receiver.got)
    assert (invoke["type"], invoke["name"], invoke["replyToId"]) == ("invoke", "adaptiveCard/action", sent)
    action = {"type": "Action.Execute", "title": "Cerrar", "verb": "close"}
    data = {"ticket": "ACME-1", "note": "listo"}
    assert invoke["value"] == {"action": action | {"data": data}, "trigger": "manual"}
    assert invoke["channelData"]["legacy"]["replyToId"].startswith("1:")
    assert pressed.as_json()["failed"] is False and pressed.shown == ""
    assert teams.card("29:ana", sent) == CLOSED and teams.card("29:luis", sent) == CARD
    assert [m["card"] for m in teams.seen_by(LOZANO, "29:ana")][-1] == CLOSED
    assert [m["card"] for m in teams.seen_by(LOZANO, "29:luis")][-1] == CARD
    place = invoke["conversation"]["id"]
    connector.conversations.update_activity(place, sent, Activity(type="message", attachments=[card()]))
    assert teams.card("29:ana", sent) == CARD


def test_a_message_in_the_answer_is_for_who_pressed_alone(teams: TeamsServer, receiver: Receiver, sent: str) -> None:
    says(receiver, {"statusCode": 200, "type": TOAST, "value": "Solo lo cierra quien lo abrió."})
    pressed = press(teams, sent)
    assert (pressed.shown, pressed.failed) == ("Solo lo cierra quien lo abrió.", False)
    [notice] = teams.notices(LOZANO, "29:ana")
    assert (notice["message"], notice["text"], notice["is_error"]) == (sent, "Solo lo cierra quien lo abrió.", False)
    assert teams.notices(LOZANO, "29:luis") == [] and teams.card("29:ana", sent) == CARD


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (200, []),
        (200, "Noted."),
        (200, {"status": 200, "type": TOAST, "value": "Got it!"}),
        (200, {"statusCode": 200, "type": TOAST, "value": ""}),
        (200, {"statusCode": 200, "type": TOAST}),
        (200, {"statusCode": "200", "type": TOAST, "value": "x"}),
        (201, {"statusCode": 200, "type": TOAST, "value": "x"}),
        (501, {}),
        (500, {"statusCode": 200, "type": TOAST, "value": "x"}),
    ],
)
def test_any_other_answer_is_an_error_and_asked_for_again(
    teams: TeamsServer, receiver: Receiver, sent: str, status: int, body: Any
) -> None:
    """microsoft/teams.ts#71, vercel/chat#731, microsoft/botbuilder-dotnet#5005."""
    says(receiver, body, status)
    pressed = press(teams, sent)
    assert (pressed.failed, pressed.shown, pressed.status) == (True, UNREACHABLE, status)
    first, again = receiver.got
    assert first.body == again.body
    assert [(n["text"], n["is_error"]) for n in teams.notices(LOZANO, "29:ana")] == [(UNREACHABLE, True)]
    repeated = teams.invokes.repeat(pressed)
    assert {got.json["id"] for got in receiver.got[2:]} == {repeated.activity["id"]} != {pressed.activity["id"]}


def test_an_answer_that_comes_at_the_second_try_counts(teams: TeamsServer, receiver: Receiver, sent: str) -> None:
    good = json.dumps({"statusCode": 200, "type": TOAST, "value": "Hecho"})
    receiver.answer = lambda got: Response(good, status=200 if len(receiver.got) > 1 else 503)
    assert press(teams, sent).shown == "Hecho" and len(receiver.got) == 2


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"statusCode": 400, "type": "application/vnd.microsoft.error", "value": {"code": "x", "message": "No"}}, "No"),
        ({"statusCode": 500, "type": "application/vnd.microsoft.error", "value": {"code": "x"}}, WENT_WRONG),
        ({"statusCode": 403, "type": TOAST, "value": "No puedes"}, "No puedes"),
    ],
)
def test_an_error_in_the_right_shape_is_shown_and_not_asked_for_again(
    teams: TeamsServer, receiver: Receiver, sent: str, body: Any, shown: str
) -> None:
    says(receiver, body)
    pressed = press(teams, sent)
    assert (pressed.failed, pressed.shown, len(receiver.got)) == (True, shown, 1)
    assert teams.notices(LOZANO, "29:ana")[0]["is_error"]


def test_a_card_in_the_answer_must_be_one_that_teams_shows(teams: TeamsServer, receiver: Receiver, sent: str) -> None:
    says(receiver, {"statusCode": 200, "type": ADAPTIVE, "value": CLOSED | {"version": "1.6"}})
    pressed = press(teams, sent)
    assert (pressed.failed, pressed.shown) == (True, WENT_WRONG) and teams.card("29:ana", sent) == CARD


def test_who_is_not_in_the_conversation_presses_nothing(teams: TeamsServer, sent: str) -> None:
    stranger = teams.add_user(LOZANO, name="Eva")
    with pytest.raises(ValueError, match="not in"):
        teams.press(LOZANO, stranger.id, sent, "close")


def test_submit_dialog_and_failing_invokes(teams: TeamsServer, connector: ConnectorClient, receiver: Receiver) -> None:
    chat = teams.say(LOZANO, "29:ana", "", "hola").conversation
    sent = connector.conversations.send_to_conversation(chat, Activity(type="message", attachments=[card()]))
    teams.press(LOZANO, "29:ana", sent.id, "Avisar")
    submitted = receiver.got[-1].json
    assert submitted["type"] == "message" and "text" not in submitted
    assert (submitted["value"], submitted["replyToId"]) == ({"ticket": "ACME-1", "do": "notify"}, sent.id)
    teams.press(LOZANO, "29:ana", sent.id, "Detalles")
    assert receiver.got[-1].json["name"] == "task/fetch"
    teams.submit_task(LOZANO, "29:ana", {"subject": "x"})
    assert receiver.got[-1].json["value"]["data"] == {"subject": "x"}
    receiver.answer = lambda got: Response(status=501)
    assert teams.invoke(LOZANO, "29:ana", "composeExtension/query", {}).failed
    teams.courier.timeout = 0.6
    receiver.answer = busy(0.9)
    assert teams.invoke(LOZANO, "29:ana", "task/fetch", {}).status is None


def test_file_consent_and_upload_in_parts(teams: TeamsServer, connector: ConnectorClient, receiver: Receiver) -> None:
    chat = teams.say(LOZANO, "29:ana", "", "¿el manual?").conversation
    offer = Attachment(
        content_type="application/vnd.microsoft.teams.card.file.consent",
        name="manual.pdf",
        content={"description": "Manual", "sizeInBytes": 6, "acceptContext": {"k": 1}, "declineContext": {"k": 2}},
    )
    sent = connector.conversations.send_to_conversation(chat, Activity(type="message", attachments=[offer]))
    teams.consent(LOZANO, "29:ana", sent.id, accept=False)
    assert receiver.got[-1].json["value"] == {"type": "fileUpload", "action": "decline", "context": {"k": 2}}
    teams.consent(LOZANO, "29:ana", sent.id)
    upload = receiver.got[-1].json["value"]["uploadInfo"]
    first = requests.put(upload["uploadUrl"], data=b"abc", headers={"Content-Range": "bytes 0-2/6"}, timeout=5)
    assert (first.status_code, first.json()["nextExpectedRanges"]) == (202, ["3-"])
    second = requests.put(upload["uploadUrl"], data=b"def", headers={"Content-Range": "bytes 3-5/6"}, timeout=5)
    assert second.status_code == 201
    assert requests.get(upload["contentUrl"], timeout=5).content == b"abcdef"


def test_a_button_of_a_text_message_is_no_button(teams: TeamsServer, connector: ConnectorClient) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    sent = connector.conversations.send_to_conversation(chat, message("hola"))
    with pytest.raises(ValueError, match="no card"):
        teams.press(LOZANO, "29:ana", sent.id, "close")

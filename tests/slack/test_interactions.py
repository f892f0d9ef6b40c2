"""Slack interactions: answered in the request or stored for a job, by kind and name, through the endpoints."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from flask.testing import FlaskClient
from slack_sdk import WebClient
from sqlalchemy import func, select

from integrations.channels import Transport, interactions
from integrations.channels.interactions import (
    BUTTON,
    COMMAND,
    FORM_SUBMITTED,
    HOME_OPENED,
    REACTION_ADDED,
    SHORTCUT,
    Handler,
    Interaction,
    InteractionAnswer,
    register_interaction,
)
from msp.kernel.db import Scope, current_scope_or_none, work
from msp.kernel.inbox import Inbound
from simulators.slack.server import SlackServer
from tests.kernel.slow_servers import dripping
from tests.slack.conftest import MARTA, SUPPORT, TOM
from tests.slack.test_endpoints import post, send
from tests.world import SLACK_BOT_TOKEN, SLACK_TEAM, World

Drain = Callable[[], int]
FORM = {
    "type": "modal",
    "callback_id": "request",
    "title": {"type": "plain_text", "text": "Request"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What happens?"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


class Recorder:
    """A handler that records its arguments and the scope it ran in."""

    def __init__(self, answer: InteractionAnswer | None = None) -> None:
        self.answer, self.called, self.scopes = answer, list[Interaction](), list[object]()

    def __call__(self, transport: Transport, interaction: Interaction) -> InteractionAnswer | None:
        self.called.append(interaction)
        self.scopes.append(current_scope_or_none())
        return self.answer


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo a test's registrations at its end."""
    monkeypatch.setattr(interactions, "_handlers", dict(interactions._handlers))


def stored() -> int:
    with work(Scope.system()) as session:
        return session.execute(select(func.count()).select_from(Inbound)).scalar_one()


def payload(kind: str, **fields: Any) -> bytes:
    """An interaction of Marta as Slack posts it."""
    who = {"type": kind, "team": {"id": SLACK_TEAM}, "user": {"id": MARTA}, "trigger_id": "T1.1"}
    return urlencode({"payload": json.dumps(who | fields)}).encode()


def click(action: str) -> bytes:
    container = {"type": "message", "channel_id": SUPPORT, "message_ts": "1.1", "thread_ts": "1.0"}
    return payload("block_actions", container=container, actions=[{"action_id": action, "value": "v"}])


def event(kind: str, **fields: Any) -> dict[str, Any]:
    inner = {"type": kind, "user": MARTA, "event_ts": "1795424400.000100"} | fields
    return {"type": "event_callback", "team_id": SLACK_TEAM, "event_id": "Ev1", "event": inner}


REACTION = event("reaction_added", reaction="eyes", item={"type": "message", "channel": SUPPORT, "ts": "1.1"})


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (payload("block_actions", actions=[]), b""),
        (payload("view_submission", view={"callback_id": "dance"}), b""),
        (payload("view_closed", view={"callback_id": "dance"}), b""),
        (payload("shortcut", callback_id="dance"), b""),
        (payload("message_action", callback_id="dance"), b""),
        (payload("block_suggestion", action_id="dance", value="x"), b'{"options":[]}'),
        (payload("something_new"), b""),
    ],
)
def test_unknown_names_are_answered_with_nothing_and_not_stored(
    slack_server: SlackServer, web: FlaskClient, caplog: pytest.LogCaptureFixture, body: bytes, answer: bytes
) -> None:
    with caplog.at_level("INFO", "integrations.channels.interactions"):
        got = post(web, body, door="/slack/interactions")
    assert (got.status_code, got.data.strip()) == (200, answer)
    assert stored() == 0
    assert ("unknown interaction" in caplog.messages) == (b"actions%22%3A+%5B%5D" not in body)


@pytest.mark.parametrize("envelope", [REACTION, event("app_home_opened", channel="D1", tab="home")])
def test_events_that_nobody_handles_are_not_stored(
    slack_server: SlackServer, web: FlaskClient, envelope: dict[str, Any]
) -> None:
    assert send(web, envelope).status_code == 200
    assert stored() == 0


def test_a_form_is_opened_and_answered_in_the_request(slack_server: SlackServer, web: FlaskClient) -> None:
    slack = WebClient(SLACK_BOT_TOKEN, base_url=f"{slack_server.url}/api/")
    opened = Recorder()

    def open_form(transport: Transport, asked: Interaction) -> InteractionAnswer | None:
        slack.views_open(trigger_id=asked.payload["trigger_id"], view=FORM)
        return opened(transport, asked)

    def check(transport: Transport, sent: Interaction) -> InteractionAnswer | None:
        text = sent.payload["view"]["state"]["values"]["what"]["text"]["value"]
        errors = {"response_action": "errors", "errors": {"what": "Please say more."}}
        return InteractionAnswer(body=errors) if len(text) < 10 else None

    register_interaction(SHORTCUT, "request", open_form, is_synchronous=True)
    register_interaction(FORM_SUBMITTED, "request", check, is_synchronous=True)
    asked = slack_server.shortcut(SLACK_TEAM, MARTA, "request")
    assert (asked.status, asked.body, opened.scopes) == (200, None, [None])
    [view] = slack_server.world.views
    refused = slack_server.submit(SLACK_TEAM, MARTA, view, {"what": {"text": "VPN"}})
    assert refused.errors == {"what": "Please say more."}
    sent = slack_server.submit(SLACK_TEAM, MARTA, view, {"what": {"text": "The VPN is down"}})
    assert not sent.failed and not sent.errors and slack_server.world.views[view]["_closed"]
    assert stored() == 0


def test_the_home_tab_is_handled_in_the_request(slack_server: SlackServer, web: FlaskClient) -> None:
    opened = Recorder()
    register_interaction(HOME_OPENED, "home", opened, is_synchronous=True)
    assert send(web, event("app_home_opened", channel="D1", tab="home")).status_code == 200
    [home] = opened.called
    assert (home.author, home.place.workspace, home.place.channel) == (MARTA, SLACK_TEAM, "D1")
    assert stored() == 0


def test_a_slow_service_ends_a_handler_in_two_seconds(slack_server: SlackServer, web: FlaskClient) -> None:
    with dripping() as port:

        def ask(transport: Transport, asked: Interaction) -> InteractionAnswer | None:
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
            return None

        register_interaction(SHORTCUT, "slow", ask, is_synchronous=True)
        began = time.monotonic()
        answer = post(web, payload("shortcut", callback_id="slow"), door="/slack/interactions")
        assert answer.status_code == 500 and 1.5 < time.monotonic() - began < 2.9


@pytest.mark.parametrize("door", ["/slack/interactions", "/slack/commands"])
def test_a_handler_that_raises_is_a_failure_that_slack_shows(
    slack_server: SlackServer, web: FlaskClient, caplog: pytest.LogCaptureFixture, door: str
) -> None:
    def fail(transport: Transport, asked: Interaction) -> InteractionAnswer | None:
        raise ZeroDivisionError

    register_interaction(SHORTCUT, "broken", fail, is_synchronous=True)
    register_interaction(COMMAND, "/broken", fail, is_synchronous=True)
    if door == "/slack/commands":
        assert slack_server.slash(SLACK_TEAM, MARTA, SUPPORT, "/broken").status == 500
    else:
        assert slack_server.shortcut(SLACK_TEAM, MARTA, "broken").failed
    assert "an interaction failed" in caplog.messages and stored() == 0


def test_a_command_of_its_own_name_has_its_own_answer(slack_server: SlackServer) -> None:
    register_interaction(COMMAND, "/status", Recorder(InteractionAnswer("All is well.")), is_synchronous=True)
    answer = slack_server.slash(SLACK_TEAM, MARTA, SUPPORT, "/status")
    assert answer.body == {"response_type": "ephemeral", "text": "All is well."}
    assert stored() == 0


@pytest.mark.parametrize(("kind", "name"), [(BUTTON, "later"), (REACTION_ADDED, "eyes")])
def test_asynchronous_ones_are_stored_once_and_handled_in_a_job(
    slack_server: SlackServer, web: FlaskClient, drain: Drain, kind: str, name: str
) -> None:
    later = Recorder()
    register_interaction(kind, name, later)
    for _ in range(3):
        answer = post(web, click("later"), door="/slack/interactions") if kind == BUTTON else send(web, REACTION)
        assert answer.status_code == 200
    assert (stored(), later.called) == (1, [])
    drain()
    [handled] = later.called
    assert (handled.name, handled.author, handled.place.channel) == (name, MARTA, SUPPORT)
    assert handled.value == ("v" if kind == BUTTON else "1.1")


def test_what_a_job_answers_is_seen_by_that_person_alone(
    slack_server: SlackServer, web: FlaskClient, drain: Drain
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "hello")
    register_interaction(REACTION_ADDED, "eyes", Recorder(InteractionAnswer("Seen.")))
    slack_server.places.open_thread(SLACK_TEAM, MARTA, SUPPORT, said.ts)
    item = {"type": "message", "channel": SUPPORT, "ts": said.ts}
    send(web, event("reaction_added", reaction="eyes", item=item))
    drain()
    assert [each["text"] for each in slack_server.ephemerals(SUPPORT, MARTA)] == ["Seen."]


@pytest.mark.parametrize("is_synchronous", [True, False])
def test_nothing_is_handled_without_slacks_signature(
    slack_server: SlackServer, web: FlaskClient, drain: Drain, world: World, is_synchronous: bool
) -> None:
    called = Recorder()
    handler: Handler = called
    register_interaction(BUTTON, "later", handler, is_synchronous=is_synchronous)
    forged = {"X_Slack_Signature": "v0=" + "0" * 64}
    assert post(web, click("later"), door="/slack/interactions", **forged).status_code == 401
    drain()
    assert called.called == [] and stored() == 0


@pytest.mark.parametrize(
    ("who", "fails", "answer"),
    [
        (MARTA, False, "Esta acción no está disponible aquí."),
        (TOM, False, "This action is not available here."),
        (TOM, True, "Esta acción no está disponible aquí."),  # the company's language
    ],
)
def test_an_unknown_button_is_answered_in_words(
    slack_server: SlackServer, web: FlaskClient, drain: Drain, who: str, fails: bool, answer: str
) -> None:
    """Also where the person's profile cannot be read."""
    if fails:
        slack_server.faults.add("users.info", "503", times=9)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "Se ha caído la VPN")
    thread = slack_server.messages(channel=SUPPORT)[0]["ts"]
    slack_server.places.open_thread(SLACK_TEAM, who, SUPPORT, thread)
    container = {"type": "message", "channel_id": SUPPORT, "message_ts": thread, "thread_ts": thread}
    body = payload(
        "block_actions", user={"id": who}, container=container, actions=[{"action_id": "dance", "value": "v"}]
    )
    assert post(web, body, door="/slack/interactions").status_code == 200
    drain()
    assert [each["text"] for each in slack_server.ephemerals(SUPPORT, who)] == [answer]

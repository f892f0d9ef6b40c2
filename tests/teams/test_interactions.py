"""Teams invokes and reactions: found by kind and name, answered in their own format, through the real endpoint."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from integrations.channels import Transport, interactions
from integrations.channels.interactions import (
    BUTTON,
    FORM_OPENED,
    FORM_SUBMITTED,
    REACTION_ADDED,
    REACTION_REMOVED,
    SEARCH,
    Interaction,
    InteractionAnswer,
    register_interaction,
)
from msp.kernel.db import Scope, current_scope_or_none, work
from msp.kernel.events import StoredEvent
from msp.kernel.inbox import Inbound
from msp.tickets.models import Ticket
from simulators.teams.invokes import Invoked
from tests.kernel.slow_servers import dripping
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT

Drain = Callable[[], int]
TOAST = "application/vnd.microsoft.activity.message"
NO_RESULTS = {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}}
FAILED = "No ha funcionado. Inténtalo de nuevo dentro de un minuto."
DIALOG = {"task": {"type": "continue", "value": {"title": "Request", "url": "https://desk.example/form"}}}


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo a test's registrations at its end."""
    monkeypatch.setattr(interactions, "_handlers", dict(interactions._handlers))


class Recorder:
    """A handler that records its arguments and the scope it ran in."""

    def __init__(self, answer: InteractionAnswer | None = None) -> None:
        self.answer, self.called, self.scopes = answer, list[Interaction](), list[object]()

    def __call__(self, transport: Transport, interaction: Interaction) -> InteractionAnswer | None:
        self.called.append(interaction)
        self.scopes.append(current_scope_or_none())
        return self.answer


def stored(kind: str) -> int:
    with work(Scope.system()) as session:
        query = select(func.count()).select_from(Inbound).where(Inbound.payload["type"].as_string() == kind)
        return session.execute(query).scalar_one()


def invoke(desk: Desk, name: str, value: Any, *, reply_to: str = "") -> Invoked:
    return desk.teams.invoke(TEAMS_TENANT, desk.person, name, value, reply_to=reply_to)


def opened_card(desk: Desk, drain: Drain) -> str:
    desk.say("The VPN is down")
    drain()
    return str(desk.card()["id"])


def press_unknown(desk: Desk, card: str, verb: str) -> Invoked:
    action = {"type": "Action.Execute", "verb": verb, "data": {}}
    return invoke(desk, "adaptiveCard/action", {"action": action}, reply_to=card)


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("task/fetch", {"data": {"code": "dance"}}, {}),
        ("task/submit", {"data": {"code": "dance"}}, {}),
        ("composeExtension/query", {"commandId": "dance"}, NO_RESULTS),
        ("composeExtension/queryLink", {"url": "https://desk.example"}, NO_RESULTS),
        ("composeExtension/fetchTask", {"commandId": "dance"}, {}),
        ("fileConsent/invoke", {"action": "accept"}, {}),
        ("config/fetch", {}, {}),
        ("something/new", 7, {}),
        ("task/fetch", None, {}),
        ("", {}, {}),
    ],
)
def test_unknown_invokes_are_answered_with_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture, name: str, value: Any, body: Any
) -> None:
    with caplog.at_level("INFO", "integrations.channels.interactions"):
        answer = invoke(desk, name, value)
    assert (answer.status, answer.body) == (200, body)
    assert caplog.messages.count("unknown interaction") == 1 and stored("invoke") == 0


@pytest.mark.parametrize("value", [{"action": {"verb": "dance"}}, {"action": 7}, {}, None, "x"])
def test_an_unknown_button_is_answered_in_words(desk: Desk, drain: Drain, value: Any) -> None:
    card = opened_card(desk, drain)
    answer = invoke(desk, "adaptiveCard/action", value, reply_to=card)
    assert (answer.status, answer.failed) == (200, False)
    assert answer.body["type"] == TOAST and answer.shown == "This action is not available here."


def test_dialogs_and_searches_are_answered_in_the_request_outside_of_a_transaction(desk: Desk) -> None:
    opened, sent = Recorder(InteractionAnswer(body=DIALOG)), Recorder(InteractionAnswer("Thank you."))
    register_interaction(FORM_OPENED, "request", opened, is_synchronous=True)
    register_interaction(FORM_SUBMITTED, "request", sent, is_synchronous=True)
    register_interaction(SEARCH, "tickets", Recorder(InteractionAnswer(body=NO_RESULTS)), is_synchronous=True)
    assert invoke(desk, "task/fetch", {"data": {"code": "request"}}).body == DIALOG
    assert invoke(desk, "composeExtension/query", {"commandId": "tickets"}).body == NO_RESULTS
    answer = desk.teams.submit_task(TEAMS_TENANT, desk.person, {"code": "request", "ticket": "AZC-1", "what": "VPN"})
    assert answer.body == {"task": {"type": "message", "value": "Thank you."}}
    [form] = sent.called
    assert (form.author, form.value, form.payload["value"]["data"]["what"]) == (desk.person, "AZC-1", "VPN")
    assert opened.scopes == sent.scopes == [None]


def test_a_slow_service_ends_a_handler_in_two_seconds(desk: Desk, drain: Drain) -> None:
    card = opened_card(desk, drain)
    with dripping() as port:

        def ask(transport: Transport, asked: Interaction) -> InteractionAnswer | None:
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
            return None

        register_interaction(BUTTON, "slow", ask)
        began = time.monotonic()
        pressed = press_unknown(desk, card, "slow")
        assert pressed.shown == FAILED and 1.5 < time.monotonic() - began < 2.9


def test_a_handler_that_raises_is_answered_in_the_form_of_the_invoke(
    desk: Desk, drain: Drain, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(transport: Transport, asked: Interaction) -> InteractionAnswer | None:
        raise ZeroDivisionError

    card = opened_card(desk, drain)
    register_interaction(BUTTON, "broken", fail)
    register_interaction(FORM_OPENED, "broken", fail, is_synchronous=True)
    assert press_unknown(desk, card, "broken").shown == FAILED
    assert invoke(desk, "task/fetch", {"data": {"code": "broken"}}).status == 500
    assert "an interaction failed" in caplog.messages


def test_an_invoke_that_comes_again_is_done_once(desk: Desk, drain: Drain) -> None:
    card = opened_card(desk, drain)
    pressed = desk.press(card, "talk_to_person")
    again = desk.teams.invokes.repeat(pressed)
    assert (pressed.status, again.status) == (200, 200)
    with work(Scope.system()) as session:
        asked = select(func.count()).select_from(StoredEvent).where(StoredEvent.kind == "ticket.person_asked")
        assert session.execute(asked).scalar_one() == 1


def test_nothing_is_handled_without_the_bot_frameworks_token(desk: Desk) -> None:
    called = Recorder()
    register_interaction(FORM_OPENED, "request", called, is_synchronous=True)
    forged = desk.activity("") | {"type": "invoke", "name": "task/fetch", "value": {"data": {"code": "request"}}}
    assert desk.post(forged, token="forged").status_code == 401
    assert called.called == []


def test_reactions_are_stored_where_somebody_handles_them(desk: Desk, drain: Drain) -> None:
    card = opened_card(desk, drain)
    assert desk.teams.react(TEAMS_TENANT, desk.person, card, "like").delivery.answer.status == 200  # type: ignore[union-attr]
    assert stored("messageReaction") == 0
    added, removed = Recorder(), Recorder(InteractionAnswer("Gone."))
    register_interaction(REACTION_ADDED, "like", added)
    register_interaction(REACTION_REMOVED, "like", removed)
    desk.teams.react(TEAMS_TENANT, desk.person, card, "like")
    desk.teams.react(TEAMS_TENANT, desk.person, card, "like", on=False)
    assert (stored("messageReaction"), added.called) == (2, [])
    drain()
    assert [(each.name, each.value, each.author) for each in added.called] == [("like", card, desk.person)]
    assert len(removed.called) == 1
    assert [each["text"] for each in desk.from_bot() if each.get("text")][-1] == "Gone."


def test_what_the_library_would_refuse_or_lose_arrives(desk: Desk, drain: Drain) -> None:
    """botbuilder's Activity raises on each of these and drops ids of attachments."""
    copy = '<p>The <strong>VPN</strong> is down</p><attachment id="f1"></attachment>'
    odd = desk.activity("ignored") | {
        "timestamp": "nonsense",
        "entities": [7, {"type": "mention"}, {"type": "clientInfo", "timezone": "Europe/Madrid", "locale": "en-GB"}],
        "attachments": [{"contentType": "text/html", "content": copy, "id": "h1"}, 7],
        "value": {"text": "no button"},
        "action": 7,
        "membersRemoved": [7, {}],
        "reactionsAdded": [7],
    }
    odd["channelData"] |= {"team": "odd", "channel": 7, "settings": []}
    token = desk.teams.core.keyring.channel_token(odd["serviceUrl"])
    assert desk.post(odd, token=token).status_code == 200
    drain()
    with work(Scope.staff()) as session:
        ticket = session.query(Ticket).one()
        assert ticket.subject == "The VPN is down"

"""Signed bodies of unexpected shape: 400, and nothing stored (F10)."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from flask.testing import FlaskClient
from sqlalchemy import func, select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from simulators.signing import slack_headers
from tests.conftest import SLACK_SIGNING_SECRET, STRIPE_WEBHOOK_SECRET
from tests.world import World

MESSAGE = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "text": "a", "ts": "1.1"}
EVENT = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": MESSAGE}
ACTION = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": [], "trigger_id": "t"}
ODD: list[Any] = ["x", 7, [1], True]


def kept() -> int:
    with work(Scope.system()) as session:
        return session.execute(select(func.count()).select_from(Inbound)).scalar_one()


def post(web: FlaskClient, path: str, body: bytes, content_type: str = "application/json") -> int:
    headers = slack_headers(SLACK_SIGNING_SECRET, body=body, at=clock.now())
    return web.post(path, data=body, headers=headers, content_type=content_type).status_code


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", ["event_callback", "app_rate_limited", "anything"])
def test_an_event_that_is_no_object(web: FlaskClient, world: World, kind: str, odd: Any) -> None:
    assert post(web, "/slack/events", json.dumps(EVENT | {"type": kind, "event": odd}).encode()) == 400
    assert kept() == 0


@pytest.mark.parametrize("missing", ["ts", "channel"])
@pytest.mark.parametrize("kind", ["message", "app_mention"])
def test_a_message_is_checked_whatever_its_envelope_is_called(
    web: FlaskClient, world: World, kind: str, missing: str
) -> None:
    event = {name: value for name, value in MESSAGE.items() if name != missing} | {"type": kind}
    assert post(web, "/slack/events", json.dumps(EVENT | {"type": "anything", "event": event}).encode()) == 400
    assert kept() == 0


@pytest.mark.parametrize("text", ["NaN", "1e999", "[" * 500 + "]" * 500, "9" * 5000])
def test_values_that_are_none(web: FlaskClient, world: World, text: str) -> None:
    body = json.dumps(EVENT).replace('"a"', text).encode()
    assert post(web, "/slack/events", body) == 400
    form = urlencode({"payload": json.dumps(ACTION).replace('"t"', text)}).encode()
    assert post(web, "/slack/interactions", form, "application/x-www-form-urlencoded") == 400
    assert kept() == 0


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", ["block_actions", "view_submission", "message_action"])
@pytest.mark.parametrize("name", ["container", "channel", "team", "user"])
def test_parts_of_an_interaction_that_are_no_objects(
    web: FlaskClient, world: World, name: str, kind: str, odd: Any
) -> None:
    form = urlencode({"payload": json.dumps(ACTION | {"type": kind, name: odd})}).encode()
    assert post(web, "/slack/interactions", form, "application/x-www-form-urlencoded") == 400
    assert kept() == 0


@pytest.mark.parametrize("name", ["a%00b", "%00", "a\x00b"])
def test_nul_in_the_name_of_a_form_field_is_dropped(web: FlaskClient, world: World, name: str) -> None:
    fields = {"team_id": "T0LOZANO1", "user_id": "U0MARTA", "channel_id": "C1", "command": "/guardia"}
    form = urlencode(fields | {"trigger_id": "t1", "text": "No hay red"}) + f"&{name}=x"
    assert post(web, "/slack/commands", form.encode(), "application/x-www-form-urlencoded") == 200
    with work(Scope.system()) as session:
        assert "\x00" not in json.dumps(session.scalars(select(Inbound)).one().payload)


@pytest.mark.parametrize("odd", [*ODD[1:], {"a": 1}])
@pytest.mark.parametrize("name", ["container.channel_id", "container.thread_ts", "container.message_ts", "channel.id"])
def test_places_of_an_interaction_that_are_no_texts(web: FlaskClient, world: World, name: str, odd: Any) -> None:
    part, _, field = name.partition(".")
    form = urlencode({"payload": json.dumps(ACTION | {part: {field: odd}})}).encode()
    assert post(web, "/slack/interactions", form, "application/x-www-form-urlencoded") == 400
    assert kept() == 0


@pytest.mark.parametrize("odd", [*ODD[1:], {"a": 1}])
def test_a_deletion_of_what_is_no_text(web: FlaskClient, world: World, odd: Any) -> None:
    event = MESSAGE | {"subtype": "message_deleted", "deleted_ts": odd}
    assert post(web, "/slack/events", json.dumps(EVENT | {"event": event}).encode()) == 400
    assert kept() == 0


def stripe_event(odd: str) -> str:
    about = '{"id": "in_1", "a": ' + odd + "}"
    return '{"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {"object": ' + about + "}}"


@pytest.mark.parametrize(
    "body",
    [
        *map(stripe_event, ("NaN", "Infinity", "1e999", "[" * 500 + "]" * 500, "9" * 5000)),
        "[1]",
        "7",
        "null",
        '{"id": "evt_1", "object": "event", "type": "a", "data": {"object": [1]}}',
    ],
)
def test_odd_events_of_stripe(web: FlaskClient, world: World, body: str) -> None:
    at = int(clock.now().timestamp())
    at = at if abs(at - time.time()) < 250 else int(time.time())  # the library reads no other clock
    made = stripe.WebhookSignature._compute_signature(f"{at}.{body}", STRIPE_WEBHOOK_SECRET)
    answer = web.post("/stripe/webhook", data=body.encode(), headers={"Stripe-Signature": f"t={at},v1={made}"})
    assert answer.status_code == 400 and kept() == 0

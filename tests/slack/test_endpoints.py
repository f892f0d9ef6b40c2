"""Slack's endpoints: authentication, refusals, and that accepted means stored."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.tickets.models import Ticket
from simulators.signing import slack_headers
from simulators.slack.server import SlackServer
from tests.conftest import SLACK_SIGNING_SECRET
from tests.slack.conftest import MARTA
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

DOORS = ("/slack/events", "/slack/interactions", "/slack/commands")


def event(text: object = "El TPV no cobra", *, event_id: str = "Ev1", **changes: Any) -> dict[str, Any]:
    """A direct message in Slack's event envelope."""
    inner = {
        "type": "message",
        "channel": "D0MARTA",
        "channel_type": "im",
        "user": MARTA,
        "team": SLACK_TEAM,
        "text": text,
        "ts": "1795424400.000100",
        "event_ts": "1795424400.000100",
    }
    return {
        "type": "event_callback",
        "token": "verification-token",
        "team_id": SLACK_TEAM,
        "api_app_id": "A0GUARDIA",
        "event_id": event_id,
        "event": inner | changes,
    }


def post(web: FlaskClient, body: bytes, *, door: str = "/slack/events", **headers: str) -> TestResponse:
    """Post a body with Slack's signature; `headers` replace those of the signature."""
    signed = slack_headers(SLACK_SIGNING_SECRET, body=body, at=clock.now())
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.post(door, data=body, headers=signed | given)


def send(web: FlaskClient, payload: object) -> TestResponse:
    """Post a signed JSON body to the events endpoint."""
    return post(web, json.dumps(payload).encode())


def stored() -> int:
    """The number of stored messages of Slack."""
    with work(Scope.system()) as session:
        return session.execute(select(func.count()).select_from(Inbound)).scalar_one()


def test_slack_checks_the_address(web: FlaskClient, world: World) -> None:
    answer = send(web, {"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"})
    assert (answer.status_code, answer.json) == (200, {"challenge": "3eZbrw1aB"})
    assert stored() == 0


def test_accepted_means_stored_once(web: FlaskClient, world: World) -> None:
    for _ in range(3):
        assert send(web, event()).status_code == 200
    assert stored() == 1
    with work(Scope.system()) as session:
        payload = session.execute(select(Inbound.payload)).scalar_one()
    assert payload["event"]["text"] == "El TPV no cobra"
    assert "token" not in payload


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        {"X_Slack_Signature": "v0=" + "0" * 64},
        {"X_Slack_Signature": ""},
        {"X_Slack_Signature": "v0=ñ"},
        {"X_Slack_Request_Timestamp": "yesterday"},
        {"X_Slack_Request_Timestamp": ""},
        {"X_Slack_Request_Timestamp": "9" * 400},
    ],
    ids=["forged", "empty", "not ascii", "no number", "no time", "huge"],
)
def test_forged_signatures_are_refused(web: FlaskClient, world: World, door: str, headers: dict[str, str]) -> None:
    answer = post(web, json.dumps(event()).encode(), door=door, **headers)
    assert answer.status_code == 401
    assert stored() == 0


@pytest.mark.parametrize("door", DOORS)
def test_unsigned_requests_are_refused(web: FlaskClient, world: World, door: str) -> None:
    assert web.post(door, data=json.dumps(event())).status_code == 401
    assert stored() == 0


@pytest.mark.parametrize("minutes", [-6, 6])
def test_stale_signatures_are_refused_on_both_sides(web: FlaskClient, world: World, minutes: int) -> None:
    body = json.dumps(event()).encode()
    headers = slack_headers(SLACK_SIGNING_SECRET, body=body, at=clock.now() + timedelta(minutes=minutes))
    assert web.post("/slack/events", data=body, headers=headers).status_code == 401
    assert stored() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'"text"',
        b"null",
        b'{"type": NaN}',
        b"{}",
        b'{"type": 7}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"type": "url_verification"}',
        b'{"type": "event_callback"}',
        b'{"type": "event_callback", "event_id": "Ev1", "team_id": "T1"}',
        b'{"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": []}',
        b'{"type": "event_callback", "event_id": 1, "team_id": "T1", "event": {"type": "message"}}',
        json.dumps(event(channel=["D1"])).encode(),
        json.dumps(event(ts=17)).encode(),
        json.dumps(event(text={"a": 1})).encode(),
        json.dumps(event(files="all")).encode(),
        json.dumps(event(message="x")).encode(),
    ],
)
def test_malformed_events_are_refused(web: FlaskClient, world: World, body: bytes) -> None:
    answer = post(web, body)
    assert answer.status_code in (400, 401)  # no signature is valid for bytes that are no text
    assert stored() == 0


@pytest.mark.parametrize(
    ("door", "form"),
    [
        ("/slack/interactions", {}),
        ("/slack/interactions", {"payload": "no json"}),
        ("/slack/interactions", {"payload": "[]"}),
        ("/slack/interactions", {"payload": '{"type": "block_actions"}'}),
        (
            "/slack/interactions",
            {"payload": '{"type": "block_actions", "team": {"id": "T"}, "user": {"id": "U"}, "actions": 1}'},
        ),
        ("/slack/commands", {}),
        ("/slack/commands", {"command": "/guardia"}),
    ],
)
def test_malformed_forms_are_refused(web: FlaskClient, world: World, door: str, form: dict[str, str]) -> None:
    assert post(web, urlencode(form).encode(), door=door).status_code == 400
    assert stored() == 0


@pytest.mark.parametrize("door", DOORS)
def test_more_than_a_megabyte_is_refused(web: FlaskClient, world: World, door: str) -> None:
    body = json.dumps(event("x" * (1024 * 1024))).encode()
    assert post(web, body, door=door).status_code == 413
    assert stored() == 0


def test_text_that_the_database_cannot_hold_is_kept_without_it(
    web: FlaskClient, world: World, drain: Callable[[], int]
) -> None:
    body = json.dumps(event("El TPV")).replace("El TPV", "El\\u0000 TPV \\ud83d no cobra").encode()
    assert post(web, body).status_code == 200
    drain()
    with work(Scope.staff()) as session:
        assert session.execute(select(Ticket.body)).scalar_one() == "El TPV ? no cobra"


def test_events_with_whole_objects_under_known_names_are_no_fault(
    web: FlaskClient, world: World, drain: Callable[[], int]
) -> None:
    payload = event(event_id="Ev2")
    payload["event"] = {"type": "channel_rename", "channel": {"id": "C1", "name": "nuevo"}, "event_ts": "1.1"}
    assert send(web, payload).status_code == 200
    drain()
    with work(Scope.system()) as session:
        assert session.execute(select(Inbound.state)).scalar_one() == "done"


def test_slack_warns_of_too_many_events(web: FlaskClient, world: World, drain: Callable[[], int]) -> None:
    warning = {"type": "app_rate_limited", "team_id": SLACK_TEAM, "minute_rate_limited": 1518467820}
    assert send(web, warning).status_code == 200
    drain()
    with work(Scope.system()) as session:
        assert session.execute(select(Inbound.state)).scalar_one() == "done"


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B0OTHER"},
        {"user": SLACK_BOT_USER},
        {"app_id": "A0GUARDIA"},
        {"user": None},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"subtype": "something_new"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted", "deleted_ts": "1795424400.000100"},
    ],
)
def test_what_no_person_said_makes_no_ticket(
    web: FlaskClient, world: World, drain: Callable[[], int], changes: dict[str, Any]
) -> None:
    assert send(web, event(**changes)).status_code == 200
    drain()
    with work(Scope.system()) as session:
        assert session.execute(select(func.count()).select_from(Ticket)).scalar_one() == 0
        assert set(session.scalars(select(Inbound.state))) <= {"done"}


def test_the_same_event_five_times_at_once_is_one_ticket(
    slack_server: SlackServer, drain: Callable[[], int], tickets: Callable[[], list[Ticket]]
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    again = slack_server.redeliver(said.event_ids[0], times=5, parallel=True)
    assert [delivery.answer.status for delivery in again if delivery.answer] == [200] * 5
    drain()
    assert stored() == 1 and len(tickets()) == 1
    assert len(slack_server.messages(author="bot")) == 1

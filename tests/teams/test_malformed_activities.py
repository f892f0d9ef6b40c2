"""Activities that JSON allows and PostgreSQL cannot store, and activities nested too deep to parse."""

import json
from typing import Any

import pytest
from flask import Flask

from integrations.teams.shapes import InvalidActivity, read_activity
from msp.kernel import inbox

ACTIVITY: dict[str, Any] = {
    "type": "message",
    "id": "1",
    "serviceUrl": "https://smba.example/",
    "conversation": {"id": "a"},
    "from": {"id": "b"},
    "recipient": {"id": "c"},
    "channelData": {"tenant": {"id": "t"}},
}


@pytest.mark.parametrize("text", ["NUL \x00 dentro", "medio \ud800 par"])
def test_what_the_database_cannot_keep_is_left_out_and_the_rest_stored(app: Flask, text: str) -> None:
    activity = read_activity(json.dumps(ACTIVITY | {"text": text}).encode())
    assert activity["text"].split()[0] == text.split()[0]
    assert inbox.store("teams", text[:3], activity, key="a")


@pytest.mark.parametrize("odd", [7, True, {"a": 1}, 1.5])
@pytest.mark.parametrize("name", ["entities", "attachments", "membersAdded", "locale", "replyToId", "name", "id"])
def test_parts_of_another_type_are_refused(name: str, odd: Any) -> None:
    with pytest.raises(InvalidActivity):
        read_activity(json.dumps(ACTIVITY | {"type": "invoke", name: odd}).encode())


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"type": NaN}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidActivity):
        read_activity(body)


def test_strangers_bodies_too_deep_to_read_are_refused(app: Flask) -> None:
    assert app.test_client().post("/api/messages", data=b"[" * 100_000).status_code in (400, 401)

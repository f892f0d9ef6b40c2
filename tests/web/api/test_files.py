"""Files through the API: sent as multipart, read by who sees their message."""

from typing import Any

import pytest

from tests.web.api.conftest import Program, Programs
from tests.web.api.test_tickets import opened
from tests.web.multipart import Sent, multipart
from tests.world import World

LOG = (b"error 41", "../error.log", "text/plain")


@pytest.fixture
def path(staff: Program, world: World) -> str:
    """The messages of Marta's ticket."""
    return f"/tickets/{opened(staff, world)['id']}/messages"


def post(program: Program, path: str, *sent: Sent, key: str = "uno", **fields: str) -> tuple[int, Any]:
    body = multipart({"body": "Mira", **fields}, *sent)
    answer = program.call("POST", path, headers={"Idempotency-Key": key}, **body)
    return answer.status_code, answer.get_json()


def status(program: Program, path: str) -> int:
    with program.get(path) as answer:
        return answer.status_code


def test_files_are_sent_with_a_message(staff: Program, path: str) -> None:
    status, message = post(staff, path, LOG, (b"x" * 2_000_000, "foto.png", "image/png"), visibility="internal")
    assert (status, message["visibility"]) == (201, "internal")
    assert [(each["name"], each["size"], each["state"]) for each in message["attachments"]] == [
        ("error.log", 8, "stored"),
        ("foto.png", 2_000_000, "stored"),
    ]
    with staff.get(f"/attachments/{message['attachments'][0]['id']}") as answer:
        assert (answer.data, answer.headers["Content-Disposition"]) == (b"error 41", "attachment; filename=error.log")


def test_a_client_reads_those_of_public_messages(
    staff: Program, manager: Program, program: Programs, world: World, path: str
) -> None:
    public, internal = (post(staff, path, LOG, key=each, visibility=each)[1] for each in ("public", "internal"))
    shared, own = (f"/attachments/{each['attachments'][0]['id']}" for each in (public, internal))
    assert [status(manager, each) for each in (shared, own)] == [200, 404]
    assert [status(program(world.inigo), each) for each in (shared, own)] == [404, 404]
    assert post(manager, path, LOG, key="dos")[0] == 201


def test_what_does_not_fit_is_refused(staff: Program, path: str) -> None:
    assert post(staff, path, (b"", "nada.txt", "text/plain"))[1]["errors"] == {"files": ["empty"]}
    assert post(staff, path, *[LOG] * 11)[1]["errors"] == {"files": ["too_many"]}
    assert post(staff, path, LOG, last_seen_message_id="x")[1]["errors"] == {"last_seen_message_id": ["invalid"]}
    assert post(staff, path, LOG, unknown="x")[0] == 422
    assert post(staff, "/tickets", LOG)[0] == 415
    assert staff.get(path).get_json()["items"][-1]["attachments"] == []


def test_the_same_key_stores_them_once(staff: Program, path: str) -> None:
    assert post(staff, path, LOG)[1]["id"] == post(staff, path, LOG)[1]["id"]
    assert len(staff.get(path).get_json()["items"]) == 2

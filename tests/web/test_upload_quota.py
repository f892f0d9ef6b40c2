"""Daily upload quota of a person and of a client: counted, refused with a sentence, reset the next day (F11)."""

import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets import upload_quota
from msp.tickets.models import Attachment
from tests.world import World, sign_in

KILOBYTE = 1024


@pytest.fixture(autouse=True)
def small_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_quota, "PERSON_BYTES", 10 * KILOBYTE)
    monkeypatch.setattr(upload_quota, "CLIENT_BYTES", 15 * KILOBYTE)


def send(web: FlaskClient, kilobytes: int, files: int = 1) -> int:
    clock.advance(timedelta(seconds=1))
    sent = [(io.BytesIO(b"x" * kilobytes * KILOBYTE), f"{number}.bin") for number in range(files)]
    form = {"body": f"Mirad {clock.now().isoformat()}", "files": sent}
    return web.post("/portal/new", data=form).status_code


def stored() -> int:
    with work(Scope.system()) as session:
        return int(session.scalar(select(func.coalesce(func.sum(Attachment.size), 0))) or 0) // KILOBYTE


def other(web: FlaskClient, person: Person) -> FlaskClient:
    return sign_in(web.application.test_client(), person)


def test_a_person_sends_so_much_a_day_and_is_told(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    assert send(web, 4) == 303 and send(web, 4) == 303
    answer = web.post("/portal/new", data={"body": "Y más", "files": (io.BytesIO(b"x" * 4 * KILOBYTE), "c.bin")})
    assert answer.status_code == 422 and "Has alcanzado el límite diario" in answer.text
    assert send(web, 1) == 303
    assert stored() == 9
    clock.advance(upload_quota.DAY)
    assert send(web, 4) == 303


def test_files_of_one_message_count_together(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    assert send(web, 4, files=3) == 422
    assert stored() == 0


def test_a_client_has_a_quota_too_and_others_their_own(web: FlaskClient, world: World) -> None:
    sign_in(web, world.marta)
    assert send(web, 9) == 303
    assert send(other(web, world.dolores), 9) == 422
    assert send(other(web, world.dolores), 5) == 303
    assert send(other(web, world.inigo), 9) == 303

"""Password guessing: after ten attempts an address is blocked for a quarter of an hour."""

import pytest
import redis
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from sqlalchemy import select
from werkzeug.test import TestResponse

from msp.kernel import wake
from msp.kernel.db import Scope, work
from msp.people.models import Account
from msp.web.attempts import MOST_FAILED
from tests.world import World

PASSWORD = "correcto caballo pila grapa"


@pytest.fixture
def tomas(world: World) -> str:
    """The address of a person with a password."""
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.person_id == world.tomas.id)).one()
        account.password = hash_password(PASSWORD)
        return account.email


def attempt(web: FlaskClient, email: str, password: str) -> TestResponse:
    return web.post("/signin", data={"email": email, "password": password})


def test_after_ten_wrong_passwords_even_the_right_one_waits(web: FlaskClient, tomas: str) -> None:
    for _ in range(MOST_FAILED):
        assert attempt(web, tomas, "no es esta").status_code == 200
    assert attempt(web, tomas.upper(), PASSWORD).status_code == 429
    assert web.get("/account").status_code == 302
    assert attempt(web, "otra@guardia.example", "x").status_code == 200


def test_whoever_signs_in_starts_anew(web: FlaskClient, tomas: str) -> None:
    for _ in range(MOST_FAILED - 1):
        attempt(web, tomas, "no es esta")
    assert attempt(web, tomas, PASSWORD).status_code == 302
    web.post("/signout")
    assert attempt(web, tomas, "no es esta").status_code == 200


def test_programs_that_guess_in_json_are_counted_too(web: FlaskClient, tomas: str) -> None:
    for _ in range(MOST_FAILED):
        web.post("/signin", json={"email": tomas, "password": "no es esta"})
    assert web.post("/signin", json={"email": tomas, "password": PASSWORD}).status_code == 429


def test_without_redis_people_still_sign_in(web: FlaskClient, tomas: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "_connection", redis.Redis.from_url("unix:///nowhere/valkey.sock"))
    assert attempt(web, tomas, PASSWORD).status_code == 302
    monkeypatch.undo()

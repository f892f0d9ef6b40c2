"""Password reset links: for everybody who asks, without revealing accounts, and usable while others guess passwords."""

import re
import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from msp.config import Settings
from msp.kernel.db import db
from simulators.smtp.server import MailServer
from tests.mail.conftest import with_mail
from tests.web.test_sign_in import attack, attempt, give_password
from tests.world import World
from wsgi import create_app


@pytest.fixture
def dolores(world: World) -> str:
    return give_password(world.dolores.id)


@pytest.fixture
def door(app: Flask, settings: Settings, mail_server: MailServer) -> Iterator[FlaskClient]:
    """A browser at a desk with mail."""
    desk = create_app(with_mail(settings, mail_server.url))
    desk.config["WTF_CSRF_ENABLED"] = False
    desk.test_client_class = app.test_client_class
    with desk.app_context():
        yield desk.test_client()
        db.engine.dispose()


def test_a_reset_takes_the_same_steps_with_and_without_an_account(door: FlaskClient, dolores: str) -> None:
    seen: list[str] = []
    engine = db.engine

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    def ask(email: str) -> tuple[list[str], float]:
        seen.clear()
        began = time.perf_counter()
        door.post("/reset", data={"email": email})
        return list(seen), time.perf_counter() - began

    event.listen(engine, "before_cursor_execute", note)
    try:
        known = [ask(dolores) for _ in range(5)]
        unknown = [ask(f"nadie{number}@lozano.example") for number in range(5)]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert known[-1][0] == unknown[-1][0]
    apart = statistics.median(t for _, t in known) - statistics.median(t for _, t in unknown)
    assert abs(apart) < 0.03


def test_a_reset_link_gets_in_whatever_others_do(
    app: Flask, door: FlaskClient, mail_server: MailServer, drain: Callable[[], int], dolores: str
) -> None:
    attack(door.application, dolores)
    door.post("/reset", data={"email": dolores})
    drain()
    link = re.search(r"http://127.0.0.1:8000(/reset/\S+)", mail_server.messages()[0].text)
    assert link
    fresh = "cuatro gatos en la luna"
    assert door.post(link[1], data={"password": fresh, "password_confirm": fresh}).status_code == 302
    attack(door.application, dolores)
    assert attempt(door, dolores, fresh).status_code == 302


def test_one_origin_may_not_ask_for_links_without_end(door: FlaskClient, world: World) -> None:
    answers = [door.post("/reset", data={"email": f"nadie{n}@lozano.example"}).status_code for n in range(21)]
    assert answers == [200] * 20 + [429]

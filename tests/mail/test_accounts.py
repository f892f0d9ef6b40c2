"""Sign-in mails are sent by the outbox, with links made when they are written and stored nowhere."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import Security
from sqlalchemy import select

from msp.config import Settings
from msp.kernel.db import Scope, db, work
from msp.kernel.events import StoredEvent
from msp.people.models import Account
from simulators.smtp.server import MailServer
from tests.mail.conftest import with_mail
from wsgi import create_app

Drain = Callable[[], int]


@pytest.fixture
def door(mail_server: MailServer, settings: Settings, app: Flask) -> Iterator[FlaskClient]:
    """A browser at a desk with mail and running workers."""
    desk = create_app(with_mail(settings, mail_server.url))
    desk.config["WTF_CSRF_ENABLED"] = False
    desk.test_client_class = app.test_client_class
    with desk.app_context():
        yield desk.test_client()
        db.engine.dispose()


def test_a_forgotten_password_is_mended_by_mail(
    door: FlaskClient, mail_server: MailServer, drain: Drain, world: object
) -> None:
    assert door.post("/reset", data={"email": "inigo@azcarate.example"}).status_code in (200, 302)
    drain()
    (got,) = mail_server.messages()
    assert got.recipients == ("inigo@azcarate.example",) and got.subject == "Choose a new password"
    assert got.header("Auto-Submitted") == "auto-generated" and got.header("List-Unsubscribe") == ""
    link = re.search(r"http://127.0.0.1:8000(/reset/\S+)", got.text)
    assert link
    words = {"password": "cuatro-gatos-en-la-luna", "password_confirm": "cuatro-gatos-en-la-luna"}
    assert door.post(link[1], data=words).status_code in (200, 302)
    drain()
    assert "was changed" in mail_server.messages()[1].text
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.email == "inigo@azcarate.example")).one()
        assert account.password is not None
        for event in session.scalars(select(StoredEvent)):
            assert link[1].removeprefix("/reset/") not in str(event.data)


def test_strangers_learn_nothing_and_no_mailbox_is_filled(
    door: FlaskClient, mail_server: MailServer, drain: Drain, world: object
) -> None:
    known = door.post("/reset", data={"email": "tomas@guardia.example"})
    unknown = door.post("/reset", data={"email": "nadie@guardia.example"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    for _ in range(9):
        door.post("/reset", data={"email": "tomas@guardia.example"})
    drain()
    assert len(mail_server.messages()) == 5


def test_without_mail_nobody_is_offered_a_new_password(web: FlaskClient, app: Flask) -> None:
    security: Security = app.extensions["security"]
    assert not security.recoverable
    assert web.get("/reset").status_code == 404

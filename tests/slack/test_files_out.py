"""Files of replies in Slack: each is shared once, whatever fails meanwhile; what Slack refuses is linked instead."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations.slack.transport import SlackTransport
from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.http_outcomes import send_bytes
from msp.tickets.attaching import Upload, attach_files
from msp.tickets.messages import reply
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SENT = [("Mira esto", ()), ("", ("a.log",)), ("", ("b.log",))]


@pytest.fixture
def answered(slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World) -> None:
    """Tomás has answered Marta with two files; nothing is sent yet."""
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra en la tienda de Getafe")
    drain()
    at = clock.now()
    with work(Scope.staff(actor_id=world.tomas.id)):
        said = reply(access_ticket(tickets()[0].id), author=world.tomas, body="Mira esto", at=at)
        attach_files(said, [Upload(name, "text/plain", [name.encode()]) for name in ("a.log", "b.log")], at=at)


def settle(drain: Drain) -> None:
    for _ in range(12):
        clock.advance(timedelta(seconds=20))
        drain()


def seen(slack_server: SlackServer) -> list[tuple[str, tuple[str, ...]]]:
    """Our messages after the card: the reply's words, and the names of files."""
    im = slack_server.world.im(SLACK_TEAM, MARTA).id
    found = [each for each in slack_server.messages(channel=im, author="bot") if each["ts"] != each.get("thread_ts")]
    return [
        ("Mira esto" if "Mira esto" in str(each) else each["text"], names_of(each)) for each in found if is_new(each)
    ]


def is_new(message: dict[str, Any]) -> bool:
    return bool(message.get("files")) or any(words in str(message) for words in ("Mira esto", "Archivos:"))


def names_of(message: dict[str, Any]) -> tuple[str, ...]:
    return tuple(file["name"] for file in message.get("files", ()))


def delivery() -> str:
    with work(Scope.staff()) as session:
        return session.scalars(select(Message.delivery_state).order_by(Message.id.desc())).first() or ""


@pytest.mark.parametrize("operation", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
@pytest.mark.parametrize("kind", ["429", "500", "drop"])
def test_each_is_shared_once(
    slack_server: SlackServer, drain: Drain, answered: None, operation: str, kind: str
) -> None:
    slack_server.faults.add(operation, kind, times=1)
    drain()
    assert delivery() == "pending"
    settle(drain)
    assert (seen(slack_server), delivery()) == (SENT, "sent")


def test_without_the_scope_the_files_are_linked(slack_server: SlackServer, drain: Drain, answered: None) -> None:
    install = slack_server.world.workspaces[SLACK_TEAM].install
    install.scopes = tuple(each for each in install.scopes if each != "files:write")
    drain()
    settle(drain)
    [(_, _), (linked, _)] = seen(slack_server)
    assert "a.log, b.log" in linked and "/portal/tickets/LOZ-1" in linked and delivery() == "sent"


def test_a_file_that_is_missing_is_linked(slack_server: SlackServer, drain: Drain, answered: None) -> None:
    with work(Scope.staff()) as session:
        key = session.scalars(select(Attachment.storage_key).order_by(Attachment.id)).first()
    assert key is not None
    files.remove(key, stored_at=clock.now())
    drain()
    settle(drain)
    words, linked, shared = seen(slack_server)
    assert (words, shared) == (SENT[0], SENT[2])
    assert "a.log" in linked[0] and delivery() == "sent"


@pytest.mark.parametrize("url", ["https://files.evil.example/upload", "http://files.slack.com/upload", "ftp://x", None])
def test_an_upload_is_sent_to_slack_alone(url: object) -> None:
    transport = SlackTransport("https://slack.com/api/")
    with pytest.raises(Permanent, match="foreign_address"):
        send_bytes(url, io.BytesIO(b"x"), may_fetch=transport._is_slack, timeout=1, seconds=1)

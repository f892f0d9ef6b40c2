"""Files of replies by mail: MIME parts up to a limit; what does not fit is named, and in the portal."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.mail import replies
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.notify.portal_channel import PortalChannel
from msp.notify.replies import reply_channel_named
from msp.people.models import Person
from msp.tickets import messages, opening, queries
from msp.tickets.attaching import Upload, attach_files
from simulators.smtp.server import MailServer
from tests.mail.test_replies import somebody
from tests.notify.channels import only
from tests.world import World

Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def channels(mail_server: MailServer) -> Iterator[None]:
    """Mail and the portal, whatever chat platforms are enabled."""
    mail = reply_channel_named("email")
    assert mail is not None
    with only(mail, PortalChannel()):
        yield


def send(world: World, requester: Person, *uploads: Upload, source: str = "email") -> None:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject="VPN caída", body="No entra", source=source)
        ticket, _ = opening.open_ticket(world.lozano, requester=requester, request=request, at=clock.now())
    with work(Scope.staff(actor_id=world.tomas.id)):
        about, at = queries.access_ticket(ticket.id), clock.now()
        attach_files(messages.reply(about, author=world.tomas, body="Mira", at=at), uploads, at=at)
        noted = messages.note(about, author=world.tomas, body="Psst", at=at)
        attach_files(noted, [Upload("clave.txt", "text/plain", [b"secreto"])], at=at)


def parts(mail_server: MailServer) -> list[tuple[str | None, str, Any]]:
    [got] = mail_server.messages()
    return [
        (each.get_filename(), each.get_content_type(), each.get_payload(decode=True))
        for each in got.mail.iter_attachments()
    ]


def body(mail_server: MailServer, kind: str) -> str:
    [got] = mail_server.messages()
    found = got.mail.get_body((kind,))
    return str(found.get_content()) if found else ""


def test_files_are_parts_of_the_mail(mail_server: MailServer, drain: Drain, world: World) -> None:
    sent = [
        Upload("guía “1”.pdf", "application/pdf", [b"%PDF\r\n.\r\n"]),
        Upload("página.html", "text/html", [b"<script>"]),
        Upload("otro.eml", "message/rfc822", [b"From: x"]),
    ]
    send(world, somebody(world, email="pablo@lozano.example"), *sent)
    drain()
    assert parts(mail_server) == [
        ("guía “1”.pdf", "application/pdf", b"%PDF\r\n.\r\n"),
        ("página.html", "text/html", b"<script>"),
        ("otro.eml", "application/octet-stream", b"From: x"),
    ]
    assert "Demasiado grandes" not in body(mail_server, "plain")


@pytest.mark.parametrize(
    ("has_portal", "sentence"),
    [
        (False, "Demasiado grandes para un correo: dos.bin. Pídenoslos."),
        (True, "Demasiado grandes para un correo, en el portal: dos.bin."),
    ],
)
def test_what_is_too_large_is_named(
    mail_server: MailServer,
    drain: Drain,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    has_portal: bool,
    sentence: str,
) -> None:
    monkeypatch.setattr(replies, "MAX_FILE_BYTES", 10)
    requester = world.marta if has_portal else somebody(world, email="pablo@lozano.example")
    sent = [Upload(f"{name}.bin", "", [b"x" * size]) for name, size in (("uno", 6), ("dos", 5), ("tres", 4))]
    send(world, requester, *sent)
    drain()
    assert [name for name, _, _ in parts(mail_server)] == ["uno.bin", "tres.bin"]
    for kind in ("plain", "html"):
        assert sentence in body(mail_server, kind)

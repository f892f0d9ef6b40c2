"""A technician's reply by mail: in their name, in the requester's language, in one thread, only where mail is used."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Unreachable
from msp.kernel.events import Delivery, StoredEvent
from msp.notify.models import Notification
from msp.notify.portal_channel import PortalChannel
from msp.notify.replies import reply_channel_named
from msp.people.actions import add_person
from msp.people.models import Account, Person
from msp.tickets import messages, opening, queries
from msp.tickets.models import Message, Ticket
from simulators.smtp.server import MailServer
from tests.notify.channels import Recorder, only
from tests.world import World

Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def channels(mail_server: MailServer) -> Iterator[None]:
    """Mail and the portal, whatever chat platforms are enabled."""
    mail = reply_channel_named("email")
    assert mail is not None
    with only(mail, PortalChannel()):
        yield


@pytest.fixture
def pablo(world: World) -> Person:
    """An employee of Lozano who has an address and nothing else."""
    return somebody(world, email="pablo@lozano.example")


def somebody(world: World, *, email: str | None, locale: str = "es") -> Person:
    with work(Scope.system()):
        return add_person(
            client_id=world.lozano.id,
            name="Pablo Gil",
            email=email,
            role="client_employee",
            locale=locale,
            timezone="Europe/Madrid",
            at=clock.now(),
        )


def opened(world: World, requester: Person, *, source: str = "phone", subject: str = "VPN caída") -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject=subject, body="No entra", source=source)
        return opening.open_ticket(world.lozano, requester=requester, request=request, at=clock.now())[0]


def replied(world: World, ticket: Ticket, body: str = "Lo miro ahora.") -> UUID:
    with work(Scope.staff(actor_id=world.tomas.id)):
        return messages.reply(queries.access_ticket(ticket.id), author=world.tomas, body=body, at=clock.now()).id


def where(message_id: UUID) -> tuple[str, str | None, str | None]:
    with work(Scope.staff()) as session:
        found = session.get_one(Message, message_id)
        return found.delivery_state, found.delivery_channel, found.delivery_reason


# ------------------------------------------------------- where each ticket's reply is sent


@pytest.mark.parametrize("source", ["phone", "email", "portal", "console", "api"])
def test_c1_a_reply_reaches_who_has_only_an_address_by_mail(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person, source: str
) -> None:
    made = replied(world, opened(world, pablo, source=source))
    assert where(made) == ("pending", None, None)
    drain()
    assert where(made) == ("sent", "email", None)
    assert [got.recipients for got in mail_server.messages()] == [("pablo@lozano.example",)]


@pytest.mark.parametrize(
    ("source", "channel"),
    [("portal", "portal"), ("email", "email"), ("phone", "email"), ("console", "email"), ("api", "email")],
)
def test_c1_who_can_sign_in_is_answered_where_they_wrote(
    mail_server: MailServer, drain: Drain, world: World, source: str, channel: str
) -> None:
    made = replied(world, opened(world, world.marta, source=source))
    drain()
    assert where(made) == ("sent", channel, None)
    assert len(mail_server.messages()) == (channel == "email")


def test_c1_without_an_address_the_portal_is_the_way(mail_server: MailServer, drain: Drain, world: World) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = None
    made = replied(world, opened(world, world.marta))
    drain()
    assert where(made) == ("sent", "portal", None)


@pytest.mark.parametrize("closed", ["account", "person", "client", "none"])
def test_c1_the_portal_counts_only_for_who_can_sign_in(drain: Drain, world: World, closed: str) -> None:
    ticket = opened(world, world.marta)
    with work(Scope.system()) as session:
        marta = session.get_one(Person, world.marta.id)
        marta.email = None
        account = session.scalars(select(Account).where(Account.person_id == marta.id)).one()
        if closed == "account":
            account.active = False
        elif closed == "person":
            marta.active = False
        elif closed == "client":
            session.merge(world.lozano).active = False
        else:
            session.delete(account)
    made = replied(world, ticket)
    drain()
    assert where(made) == ("failed", None, "no_channel")


# ------------------------------------------------------------------------ the mail


def test_the_mail_is_the_technicians_own(mail_server: MailServer, drain: Drain, world: World, pablo: Person) -> None:
    ticket = opened(world, pablo)
    replied(world, ticket, "Prueba esto:\nreinicia el router.\n\n¿Sigue <igual>?")
    drain()
    (got,) = mail_server.messages()
    assert got.header("From") == '"Tomás (Guardia)" <desk@guardia.example>' and got.sender == "desk@guardia.example"
    assert got.header("To") == "Pablo Gil <pablo@lozano.example>" and got.subject == "[LOZ-1] VPN caída"
    assert got.text.startswith("Prueba esto:\nreinicia el router.\n\n¿Sigue <igual>?")
    assert "<p>Prueba esto:<br>reinicia el router.</p>" in got.html and "¿Sigue &lt;igual&gt;?" in got.html
    for mark in ("Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe", "Precedence"):
        assert got.mail[mark] is None
    assert "http" not in got.html  # no remote content, no open tracking


def test_all_mails_of_a_ticket_are_one_thread(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person
) -> None:
    ticket = opened(world, pablo)
    for body in ("Lo miro.", "Ya está."):
        replied(world, ticket, body)
        drain()
    first, second = mail_server.messages()
    root = f"<ticket.{ticket.id}@guardia.example>"
    assert first.header("References") == second.header("References") == root == first.header("In-Reply-To")
    assert first.message_id != second.message_id and first.subject == second.subject


def test_rich_text_is_html_and_text(mail_server: MailServer, drain: Drain, world: World, pablo: Person) -> None:
    body = "Abre **Ajustes**, luego:\n\n- `ipconfig /renew`\n- https://ayuda.example/a_b?c=1&d=2"
    replied(world, opened(world, pablo), body)
    drain()
    (got,) = mail_server.messages()
    assert "<strong>Ajustes</strong>" in got.html and "ipconfig /renew</code>" in got.html
    assert 'href="https://ayuda.example/a_b?c=1&amp;d=2"' in got.html and "<li>" in got.html
    assert "https://ayuda.example/a_b?c=1&d=2" in got.text and "**" not in got.text


@pytest.mark.parametrize(
    ("locale", "says"),
    [("es", "Las respuestas a este correo no se leen."), ("en", "Replies to this email are not read.")],
)
def test_in_the_requesters_language(
    mail_server: MailServer, drain: Drain, world: World, locale: str, says: str
) -> None:
    replied(world, opened(world, somebody(world, email="pablo@lozano.example", locale=locale)))
    drain()
    (got,) = mail_server.messages()
    assert says in got.text and says in got.html and f'lang="{locale}"' in got.html


def test_who_can_sign_in_is_sent_to_the_portal(mail_server: MailServer, drain: Drain, world: World) -> None:
    replied(world, opened(world, world.marta))
    drain()
    (got,) = mail_server.messages()
    url = "http://127.0.0.1:8000/portal/tickets/LOZ-1"
    assert f"Responde en el portal: {url}" in got.text and f'href="{url}"' in got.html


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("phone", "llámanos e indica el ticket LOZ-1"),
        ("email", "con LOZ-1 en el asunto"),
        ("slack", "escribe en Slack, en la conversación de LOZ-1"),
        ("teams", "escribe en Teams, en la conversación de LOZ-1"),
        ("api", "contacta con nosotros e indica el ticket LOZ-1"),
    ],
)
def test_who_cannot_sign_in_is_told_how_to_answer(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person, source: str, says: str
) -> None:
    replied(world, opened(world, pablo, source=source))
    drain()
    (got,) = mail_server.messages()
    assert says in got.text and says in got.html and "portal" not in got.text


def test_nobody_is_sent_back_to_a_channel_that_is_closed(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person
) -> None:
    mail = reply_channel_named("email")
    assert mail is not None
    with only(Recorder("slack", always=Unreachable("is_archived")), mail):
        replied(world, opened(world, pablo, source="slack"))
        drain()
    (got,) = mail_server.messages()
    assert "Slack" not in got.text and "contacta con nosotros" in got.text


def test_a_subject_cannot_become_a_header(mail_server: MailServer, drain: Drain, world: World, pablo: Person) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).name = "Tomás\r\nBcc: otra@x.example"
    replied(world, opened(world, pablo, subject="Hola\r\nBcc: todos@lozano.example"))
    drain()
    (got,) = mail_server.messages()
    assert got.mail["Bcc"] is None and got.recipients == ("pablo@lozano.example",)


# ------------------------------------------------------------------------ failures


def test_c2_a_mailbox_that_is_none_leaves_the_portal(mail_server: MailServer, drain: Drain, world: World) -> None:
    mail_server.refuse("rcpt", 550, error="5.1.1 no such user")
    made = replied(world, opened(world, world.marta))
    drain()
    assert where(made) == ("sent", "portal", None) and mail_server.messages() == []


def test_c2_where_mail_was_the_only_way_the_reply_has_failed(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person
) -> None:
    mail_server.refuse("rcpt", 550, error="5.1.1 no such user")
    ticket = opened(world, pablo)
    made = replied(world, ticket)
    drain()
    assert where(made) == ("failed", "email", "smtp_550 5.1.1 no such user")
    with work(Scope.staff()) as session:
        told = session.scalars(select(Notification).where(Notification.kind == "ticket.reply_failed")).all()
        assert {each.person_id for each in told} == {world.rosa.id, world.tomas.id}
        assert (
            session.scalars(select(StoredEvent).where(StoredEvent.kind == "sla.reopened")).one().subject_id == ticket.id
        )
    clock.advance(timedelta(hours=12))  # past the quiet hours of the recipients
    drain()
    heard = mail_server.messages(to="rosa@guardia.example")
    assert "Una respuesta en LOZ-1 no se pudo entregar" in heard[0].text
    assert "El servidor de correo no conoce esta dirección." in heard[0].text and "550" not in heard[0].text


@pytest.mark.parametrize("code", [421, 450, 451])
def test_what_the_server_refuses_for_a_time_comes_later_and_once(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person, code: int
) -> None:
    mail_server.refuse("rcpt", code)
    made = replied(world, opened(world, pablo))
    drain()
    assert where(made)[0] == "pending"
    clock.advance(timedelta(minutes=10))
    drain()
    assert where(made) == ("sent", "email", None) and len(mail_server.messages()) == 1


@pytest.mark.parametrize("kind", ["drop", "hang"])
def test_in_doubt_it_stays_with_mail_under_one_message_id(
    mail_server: MailServer, drain: Drain, world: World, kind: str
) -> None:
    """Marta could use the portal too, but it is unknown whether the mail arrived."""
    mail_server.faults.add("message", kind, seconds=2.0, times=2)
    made = replied(world, opened(world, world.marta))
    drain()
    clock.advance(timedelta(minutes=45))
    drain()
    assert where(made)[0] == "pending"
    mail_server.faults.clear()
    clock.advance(timedelta(minutes=6))
    drain()
    assert where(made) == ("sent", "email", None)
    assert len({got.message_id for got in mail_server.messages()}) == 1


def test_a_reply_that_was_taken_is_not_mailed_again(
    mail_server: MailServer, drain: Drain, world: World, pablo: Person
) -> None:
    """The worker was killed after the server's answer and before the message was marked."""
    made = replied(world, opened(world, pablo))
    drain()
    with work(Scope.system()) as session:
        session.get_one(Message, made).delivery_state = "pending"
        session.scalars(select(Delivery).where(Delivery.subscriber == "replies")).one().state = "pending"
    drain()
    assert len(mail_server.messages()) == 1 and where(made)[0] == "sent"


@pytest.mark.parametrize("address", ["Desk@guardia.example", "no es una dirección", "", "x@", "a@b@c"])
def test_what_is_no_address_of_theirs_is_no_way(drain: Drain, world: World, address: str) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = address
    made = replied(world, opened(world, world.marta))
    drain()
    assert where(made) == ("sent", "portal", None)

"""Mail notifications to staff and clients: once, in their language, threaded by ticket, and never at night."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations import mail
from integrations.mail.doubts import count_in_doubt
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, emit
from msp.notify.models import Notification
from msp.notify.preferences import set_preferences
from msp.people.models import Person
from msp.tickets.events import Recipients, SlaBreached, SlaWarned
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from simulators.smtp.server import MailServer
from tests.mail.conftest import SHORT, with_mail
from tests.oncall.desk import add_rota
from tests.world import World

Drain = Callable[[], int]
NIGHT = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # 3:30 in Madrid
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 8:00 in Madrid


@pytest.fixture
def ticket(world: World, drain: Drain) -> Ticket:
    return ticket_of(world, "VPN caída")


def ticket_of(world: World, subject: str, *, azcarate: bool = False) -> Ticket:
    client, who = (world.azcarate, world.inigo) if azcarate else (world.lozano, world.marta)
    with work(Scope.client(client.id)):
        request = Request(subject=subject, body="Nadie entra", source="portal", priority="urgent")
        return open_ticket(client, requester=who, request=request, at=clock.now())[0]


def escalate(ticket: Ticket, *who: str, by: tuple[str, ...] = ("mail",), **more: Any) -> None:
    """Emit what a contract's escalation policy emits."""
    recipients = Recipients(who, by, more.pop("is_urgent", False))
    of = more.pop("of", SlaBreached)
    values = {"clock": "first_response", "due_at": clock.now(), "is_late": False, "assignee_id": None} | more
    with work(Scope.system()):
        event = of(recipients=recipients, **values)
        emit(event, ticket.id, client_id=ticket.client_id, at=clock.now())


def prefer(person: Person, **preferences: Any) -> None:
    usual = {"by_chat": True, "by_mail": True, "allow_urgent": False, "night": (1200, 480), "days": ()}
    with work(Scope.system()):
        set_preferences(person, **{**usual, **preferences}, at=clock.now())


def test_a_breach_comes_by_mail_with_all_that_a_reader_needs(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    (got,) = mail_server.messages()
    assert got.recipients == ("tomas@guardia.example",) and got.sender == "desk@guardia.example"
    assert got.subject == "[LOZ-1] VPN caída"
    assert "LOZ-1 ha incumplido el SLA (respuesta): VPN caída (Ferretería Lozano)." in got.text
    assert "http://127.0.0.1:8000/desk/tickets/LOZ-1" in got.text and 'href="http://127.0.0.1:8000' in got.html
    assert got.header("From") == "Guardia <desk@guardia.example>" and got.header("To").startswith("Tomás Rey <")
    assert got.header("Auto-Submitted") == "auto-generated"
    assert got.header("List-Unsubscribe") == "<http://127.0.0.1:8000/account>"
    assert got.header("References") == got.header("In-Reply-To") == f"<ticket.{ticket.id}@guardia.example>"
    assert got.message_id.endswith("@guardia.example>") and b"\r\n.\r\n" not in got.raw


def test_mails_of_one_ticket_thread_and_each_has_an_id_of_its_own(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.tomas.id}", of=SlaWarned)
    drain()
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    first, second = mail_server.messages()
    assert first.header("References") == second.header("References") and first.subject == second.subject
    assert first.message_id != second.message_id


def test_in_the_readers_language_and_zone(mail_server: MailServer, drain: Drain, world: World) -> None:
    ticket = ticket_of(world, "Backup failed", azcarate=True)
    with work(Scope.system()) as session:
        inigo = session.get_one(Person, world.inigo.id)
        inigo.timezone = "Atlantic/Canary"
    escalate(ticket, "client_manager", of=SlaWarned)
    drain()
    (got,) = mail_server.messages(to="inigo@azcarate.example")
    assert got.text.startswith("Hello, Iñigo.") and "due at 9:00" in got.text  # 10:00 in Madrid
    assert "/portal/tickets/AZC-1" in got.text


# ------------------------------------------------------------------------ failures


@pytest.mark.parametrize(("operation", "code"), [("message", 451), ("rcpt", 450), ("mail", 421), ("connect", 421)])
def test_what_is_refused_for_a_time_comes_later_and_once(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket, operation: str, code: int
) -> None:
    mail_server.refuse(operation, code)
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    assert mail_server.messages() == []
    clock.advance(timedelta(minutes=10))
    drain()
    assert len(mail_server.messages()) == 1
    with work(Scope.system()):
        assert count_in_doubt(clock.now()) == 0


def test_what_is_refused_for_good_is_dead_with_the_servers_words(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    mail_server.refuse("rcpt", 550, error="5.1.1 no such user")
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    clock.advance(timedelta(hours=1))
    drain()
    assert mail_server.messages() == []
    with work(Scope.system()) as session:
        dead = session.scalars(select(Delivery).where(Delivery.state == "dead")).one()
        assert dead.reason == "smtp_550 5.1.1 no such user"


@pytest.mark.parametrize("kind", ["drop", "hang"])
def test_in_doubt_it_is_sent_again_with_the_same_message_id_and_counted(
    mail_server: MailServer, settings: Settings, drain: Drain, world: World, ticket: Ticket, kind: str
) -> None:
    if kind == "hang":
        mail.listen(with_mail(settings, mail_server.url), timeout=SHORT)
    mail_server.faults.add("message", kind, seconds=2.0)
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    mail_server.faults.clear()
    clock.advance(timedelta(minutes=1))
    drain()
    got = mail_server.messages()
    assert len(got) == (2 if kind == "drop" else 1)
    assert len({each.message_id for each in got}) == 1 and len({each.text for each in got}) == 1
    with work(Scope.system()):
        assert count_in_doubt(clock.now()) == 1


def test_a_mail_that_was_taken_is_not_sent_again_when_its_delivery_comes_again(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    """The worker was killed after the answer and before the row was marked."""
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    with work(Scope.system()) as session:
        for row in session.scalars(select(Delivery)):
            row.state = "pending"
    drain()
    assert len(mail_server.messages()) == 1


def test_nothing_that_is_typed_becomes_a_header(mail_server: MailServer, drain: Drain, world: World) -> None:
    ticket = ticket_of(world, "Hola\r\nBcc: todos@lozano.example\n\nFuera")
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).name = "Tomás\r\nBcc: otra@x.example"
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    (got,) = mail_server.messages()
    assert got.mail["Bcc"] is None and got.recipients == ("tomas@guardia.example",)
    assert got.subject == "[LOZ-1] Hola Bcc: todos@lozano.example Fuera"


def test_an_address_that_is_none_is_refused_before_anything_is_sent(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).email = "tomas@x.example>\r\nRCPT TO:<otra@x.example"
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    assert mail_server.messages() == []
    with work(Scope.system()) as session:
        assert session.scalars(select(Delivery).where(Delivery.state == "dead")).one().reason == "bad_address"


def test_the_desk_does_not_write_to_itself(mail_server: MailServer, drain: Drain, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).email = "Desk@guardia.example"
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    assert mail_server.messages() == []


# ------------------------------------------------------------------- recipients


def test_managers_of_a_client_hear_of_their_own_company_only_and_public_facts_only(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, "client_manager", f"person:{world.inigo.id}", assignee_id=str(world.tomas.id))
    drain()
    assert [each.recipients for each in mail_server.messages()] == [("dolores@lozano.example",)]
    with work(Scope.system()) as session:
        row = session.scalars(select(Notification).where(Notification.person_id == world.dolores.id)).one()
    assert set(row.data) == {"clock", "due_at", "delivery"}


def test_staff_of_other_clients_hear_nothing(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.nuria.id}")
    drain()
    assert mail_server.messages(to="nuria@guardia.example") == []


# ---------------------------------------------------------------------- quiet hours


def test_zammad_2082_escalations_send_no_mails_at_night(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    with clock.frozen(NIGHT):
        escalate(ticket, f"person:{world.tomas.id}")
        drain()
        clock.advance(MORNING - NIGHT - timedelta(seconds=1))
        drain()
        assert mail_server.messages() == []
        with work(Scope.system()) as session:  # the console shows it at once
            assert session.scalars(select(Notification).where(Notification.person_id == world.tomas.id)).one()
        clock.advance(timedelta(seconds=1))
        drain()
        assert len(mail_server.messages()) == 1


def test_zammad_4432_reminders_of_the_night_come_as_one_mail_in_the_morning(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    other = ticket_of(world, "Impresora")
    with clock.frozen(NIGHT):
        for _ in range(3):
            escalate(ticket, f"person:{world.tomas.id}", of=SlaWarned)
            escalate(other, f"person:{world.tomas.id}")
            drain()
            clock.advance(timedelta(minutes=20))
        clock.advance(MORNING - clock.now())
        drain()
        (got,) = mail_server.messages()
    assert got.subject == "6 avisos" and got.text.count("LOZ-1 ") == 3 and got.text.count("LOZ-2 ") == 3
    assert got.header("References") == ""


def test_a_mail_that_failed_in_the_evening_is_not_tried_again_in_the_night(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    with clock.frozen(datetime(2026, 11, 23, 18, 59, tzinfo=UTC)):
        mail_server.refuse("connect", 421, times=None)
        escalate(ticket, f"person:{world.tomas.id}")
        drain()
        mail_server.faults.clear()
        clock.advance(timedelta(hours=3))
        drain()
        assert mail_server.messages() == []
        clock.advance(timedelta(hours=11))
        drain()
        assert len(mail_server.messages()) == 1


@pytest.mark.parametrize(("lets_through", "is_urgent", "count"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_what_is_urgent_passes_where_the_person_lets_it(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket,
    lets_through: bool, is_urgent: bool, count: int,
) -> None:  # fmt: skip
    prefer(world.tomas, allow_urgent=lets_through)
    with clock.frozen(NIGHT):
        escalate(ticket, f"person:{world.tomas.id}", is_urgent=is_urgent)
        drain()
        assert len(mail_server.messages()) == count


def test_what_is_urgent_wakes_who_is_on_call_and_nobody_else(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    add_rota(world)  # Irene is on call, Rosa behind her
    with clock.frozen(NIGHT):
        escalate(ticket, "on_call", f"person:{world.tomas.id}", is_urgent=True)
        drain()
        assert [each.recipients for each in mail_server.messages()] == [("irene@guardia.example",)]


def test_what_is_urgent_does_not_wait_behind_what_is_not(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    prefer(world.tomas, allow_urgent=True)
    with clock.frozen(NIGHT):
        escalate(ticket, f"person:{world.tomas.id}", of=SlaWarned)
        escalate(ticket, f"person:{world.tomas.id}", is_urgent=True)
        drain()
        (got,) = mail_server.messages()
        assert "ha incumplido el SLA" in got.text


def test_what_was_read_in_the_console_meanwhile_is_not_said_again(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    with clock.frozen(NIGHT):
        escalate(ticket, f"person:{world.tomas.id}")
        drain()
        with work(Scope.system()) as session:
            session.scalars(select(Notification)).one().read_at = clock.now()
        clock.advance(MORNING - NIGHT)
        drain()
        assert mail_server.messages() == []


def test_after_a_downtime_one_digest_and_no_burst(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    for _ in range(5):
        escalate(ticket, f"person:{world.tomas.id}", is_late=True)
    drain()
    clock.advance(timedelta(seconds=31))
    drain()
    (got,) = mail_server.messages()
    assert got.text.count("LOZ-1 ha incumplido") == 5


@pytest.mark.parametrize(("by_chat", "by_mail", "count"), [(True, True, 1), (True, False, 0), (False, True, 1)])
def test_mail_by_notification_preferences(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket, by_chat: bool, by_mail: bool, count: int
) -> None:
    prefer(world.tomas, by_chat=by_chat, by_mail=by_mail)
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    assert len(mail_server.messages()) == count


def test_whoever_has_no_chat_hears_by_mail_instead(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.tomas.id}", by=("chat",))
    drain()
    assert len(mail_server.messages(to="tomas@guardia.example")) == 1


def test_without_hear_it_is_as_before_and_never_by_mail_where_chat_is_not_asked(
    mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.tomas.id}", by=("console",))
    drain()
    assert mail_server.messages() == []

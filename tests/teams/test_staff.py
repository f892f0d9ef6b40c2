"""Staff are notified in their own Teams once they wrote there, by mail if Teams refuses; each notification once."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from integrations import mail
from msp.clients.actions import connect
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import emit
from msp.notify.models import QueuedNotification
from msp.people.models import Person
from msp.people.queries import find_identity
from msp.tickets.events import Recipients, SlaEscalated
from msp.tickets.opening import Request, open_ticket
from simulators.smtp.server import MailServer
from tests.mail.conftest import mail_server, with_mail  # noqa: F401
from tests.teams.desk import Desk
from tests.world import World

Drain = Callable[[], int]
OWN = "0b8a4e6c-7d1f-4b59-9d7e-00000000aaaa"
TOMAS = "29:tomas"


@pytest.fixture
def own(desk: Desk, world: World, drain: Drain) -> Desk:
    """The provider's own tenant, in which Tomás wrote to the bot once."""
    desk.teams.add_tenant("Guardia", id=OWN, domain="guardia.example")
    desk.teams.add_user(OWN, id=TOMAS, name="Tomás Rey", email="tomas@guardia.example")
    with work(Scope.system()):
        connect(None, kind="teams", external_id=OWN, name="Guardia", at=clock.now())
    desk.teams.say(OWN, TOMAS, "", "Hola")
    drain()
    return desk


def escalate(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="VPN caída", body="Nadie entra", source="portal")
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    recipients = Recipients((f"person:{world.tomas.id}",), ("chat",))
    event = SlaEscalated(clock="resolution", is_late=False, assignee_id=None, due_at=None, recipients=recipients)
    with work(Scope.system()):
        emit(event, ticket.id, client_id=ticket.client_id)


def heard(own: Desk) -> list[str]:
    said = own.teams.messages(tenant=OWN, author="bot")
    return [one["text"] for one in said if "LOZ-1" in one.get("text", "")]


def test_in_their_own_teams(own: Desk, drain: Drain, world: World) -> None:
    escalate(world)
    drain()
    assert heard(own) == ["LOZ-1 requiere tu atención, objetivo de SLA: resolución. VPN caída (Ferretería Lozano)."]


def test_by_mail_where_teams_refuses(
    own: Desk,
    drain: Drain,
    world: World,
    mail_server: MailServer,  # noqa: F811
    settings: Settings,
) -> None:
    mail.listen(with_mail(settings, mail_server.url))
    own.teams.block(OWN, TOMAS)
    escalate(world)
    drain()
    drain()
    assert heard(own) == [] and len(mail_server.messages(to="tomas@guardia.example")) == 1
    with work(Scope.system()) as session:
        sent = {each.channel for each in session.scalars(select(QueuedNotification)) if each.sent_at}
        assert sent == {"teams", "mail"}


def test_a_deactivated_member_of_staff_is_not_linked(desk: Desk, world: World, drain: Drain) -> None:
    desk.teams.add_tenant("Guardia", id=OWN, domain="guardia.example")
    desk.teams.add_user(OWN, id=TOMAS, name="Tomás Rey", email="tomas@guardia.example")
    with work(Scope.system()) as session:
        connect(None, kind="teams", external_id=OWN, name="Guardia", at=clock.now())
        session.get_one(Person, world.tomas.id).active = False
    desk.teams.say(OWN, TOMAS, "", "Hola")
    drain()
    with work(Scope.system()):
        assert find_identity("teams", OWN, TOMAS) is None

"""Pages and mails address people by their given name, and read well if the name is unknown."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.opening import Request, open_ticket
from simulators.smtp.server import MailServer
from tests.mail.conftest import mail_server
from tests.mail.test_notices import escalate, ticket_of
from tests.world import World, sign_in

Drain = Callable[[], int]
__all__ = ["mail_server"]


def rename(person: Person, name: str) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, person.id).name = name


@pytest.mark.parametrize(
    ("name", "said", "placeholder"),
    [
        ("Ruiz Gil, Marta", "Otros tickets abiertos de Marta", "Escribe a Marta…"),
        ("🙂", "Otros tickets abiertos de esta persona", "Escribe una respuesta…"),
    ],
)
def test_the_ticket_page_addresses_the_requester(
    web: FlaskClient, world: World, name: str, said: str, placeholder: str
) -> None:
    with work(Scope.client(world.lozano.id)):
        for _ in range(2):
            request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
            open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    rename(world.marta, name)
    page = sign_in(web, world.tomas).get("/desk/tickets/LOZ-1").text
    assert said in page and placeholder in page


@pytest.mark.parametrize(("name", "hello"), [("Rey Gil, Tomás", "Hola, Tomás."), ("...", "Hola.")])
def test_a_mail_greets_by_the_given_name(
    mail_server: MailServer, drain: Drain, world: World, name: str, hello: str
) -> None:
    rename(world.tomas, name)
    ticket = ticket_of(world, "VPN caída")
    drain()
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    (got,) = mail_server.messages()
    assert got.text.startswith(f"{hello}\n\n") and f"<p>{hello}</p>" in got.html

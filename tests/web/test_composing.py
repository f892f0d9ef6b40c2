"""Helps of the composer: preview as the channel shows it, quotes, the requester's language."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.messages import note
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.web.parts.quoting import MOST_LINES, quoted
from tests.notify.channels import only
from tests.world import World, sign_in


@pytest.fixture
def ticket(world: World) -> Ticket:
    request = Request(subject="El TPV no cobra", body="Hay **cola**.\n\nMucha.", source="phone")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def previewed(web: FlaskClient, body: str, visibility: str = "public") -> str:
    data = {"body": body, "visibility": visibility}
    return web.post("/desk/tickets/LOZ-1/preview", data=data, headers={"HX-Request": "true"}).text


def test_slack_shows_what_its_formatting_can_express(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    shown = previewed(web, "# Pasos\n\n1. **Cierra** la VPN\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert "Lo que verá Marta en" in shown and "Slack" in shown and "Tomás" in shown
    assert "<strong>Pasos</strong>" in shown and "<strong>Cierra</strong>" in shown
    assert "<table" not in shown  # Slack has none
    long = "palabra " * 2000
    assert "mensajes" in previewed(web, long)


def test_a_note_stays_with_the_team_and_nothing_is_stored(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    assert "Solo visible para el equipo" in previewed(web, "nota", "internal")
    with only():
        assert "no se puede contactar con Marta" in previewed(web, "hola")
    page = web.post("/desk/tickets/LOZ-1/preview", data={"body": "hola *tú*", "visibility": "public"}).text
    assert "hola *tú*</textarea>" in page and "<em>tú</em>" in page  # without script
    with work(Scope.staff()) as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_quotes(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    with work(Scope.staff()) as session:
        message = session.scalars(select(Message)).one()
        noted = note(ticket, author=world.irene, body="secreto", at=clock.now())
        session.flush()
    assert web.get(f"/desk/messages/{message.id}/quote").text == "> Hay **cola**.\n>\n> Mucha.\n\n"
    assert web.get(f"/desk/messages/{UUID(int=1)}/quote").status_code == 404
    public = web.get(f"/desk/tickets/LOZ-1?quote={message.id}").text
    assert "&gt; Hay **cola**." in public and 'value="public" checked' in public
    assert 'value="internal" checked' in web.get(f"/desk/tickets/LOZ-1?quote={noted.id}").text


def test_a_long_quote_is_cut() -> None:
    assert quoted("\n\n".join(map(str, range(100))), None).count(">") == MOST_LINES + 1
    assert quoted("  ", None) == ""


def test_the_language_of_the_requester(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).locale = "en"
    assert "Idioma del solicitante</span>English" in sign_in(web, world.tomas).get("/desk/tickets/LOZ-1").text

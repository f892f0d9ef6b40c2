"""Ratings by requesters: who may rate, when, in the portal, by the link of a mail and by API."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Denied, Invalid
from msp.notify.rating_link import RatingLink, rating_token
from msp.people.models import Person
from msp.tickets.actions import change_status
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.rating import rate, rating_of
from msp.tickets.rating_models import TicketRating
from simulators.smtp.server import MailServer
from tests.mail.conftest import mail_server  # noqa: F401 (fixture)
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Programs, program  # noqa: F401 (fixture)
from tests.world import World, sign_in

Drain = Callable[[], int]
PORTAL = "/portal/tickets/LOZ-1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A resolved ticket of Marta."""
    request = Request(subject="Nóminas de noviembre", body="No se abren las nóminas", source="portal")
    with work(Scope.client(world.lozano.id)):
        made = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]
    move(world, made, "resolved")
    return made


def move(world: World, ticket: Ticket, status: str) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        found = session.get_one(Ticket, ticket.id)
        found.assignee_id = world.tomas.id
        change_status(found, status, at=clock.now())


def rated(ticket: Ticket, person: Person, rating: str = "good", *, days: float = 0, comment: str = "") -> bool:
    with work(Scope.client(ticket.client_id)) as session:
        found = session.get_one(Ticket, ticket.id)
        return rate(found, person, rating, comment=comment, at=clock.now() + timedelta(days=days))


def stored(ticket: Ticket) -> tuple[str, str | None] | None:
    with work(Scope.staff()):
        found = rating_of(ticket.id)
        return (found.rating, found.comment) if found else None


def address(app: Flask, ticket: Ticket, person: Person) -> str:
    with app.app_context():
        return f"/portal/rate/{rating_token(RatingLink(ticket.client_id, ticket.id, person.id))}"


def test_the_requester_rates_once_and_may_change_it_for_a_day(world: World, ticket: Ticket) -> None:
    assert rated(ticket, world.marta)
    assert not rated(ticket, world.marta)
    assert rated(ticket, world.marta, "bad", days=0.9, comment=" Ha vuelto a fallar ")
    assert stored(ticket) == ("bad", "Ha vuelto a fallar")
    with pytest.raises(Conflict, match="rating_is_final"):
        rated(ticket, world.marta, "good", days=1.1)
    assert [each.data for each in events(ticket, "ticket.rated")] == [
        {"rating": "good", "has_comment": False, "is_change": False},
        {"rating": "bad", "has_comment": True, "is_change": True},
    ]
    with work(Scope.staff()) as session:
        assert session.get_one(TicketRating, ticket.id).technician_id == world.tomas.id


def test_who_may_not_rate_and_when(world: World, ticket: Ticket) -> None:
    for person in (world.dolores, world.inigo, world.tomas):
        with pytest.raises(Denied):
            rated(ticket, person)
    with pytest.raises(Invalid):
        rated(ticket, world.marta, "great")
    with pytest.raises(Conflict, match="rating_too_late"):
        rated(ticket, world.marta, days=31)
    move(world, ticket, "open")
    with pytest.raises(Conflict, match="not_finished"):
        rated(ticket, world.marta)
    move(world, ticket, "resolved")
    with work(Scope.system()) as session:
        edit_client(session.get_one(Client, world.lozano.id), at=clock.now(), asks_rating=False)
    with pytest.raises(Conflict, match="no_ratings"):
        rated(ticket, world.marta)
    assert stored(ticket) is None


def test_another_client_cannot_read_it_in_the_database(world: World, ticket: Ticket) -> None:
    rated(ticket, world.marta)
    with work(Scope.client(world.azcarate.id)) as session:
        assert session.query(TicketRating).count() == 0
    with work(Scope.client(world.lozano.id)) as session:
        assert session.query(TicketRating).count() == 1


def test_one_tap_in_the_portal(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.dolores)
    assert "/rating" not in web.get(PORTAL).text
    assert web.post(f"{PORTAL}/rating", data={"rating": "bad"}).status_code == 403
    sign_in(web, world.marta)
    assert f'action="{PORTAL}/rating"' in web.get(PORTAL).text
    assert web.post(f"{PORTAL}/rating", data={"rating": "good"}).status_code == 303
    assert stored(ticket) == ("good", None)
    web.post(f"{PORTAL}/rating", data={"rating": "good", "comment": "Muy rápido"})
    sign_in(web, world.tomas)
    page = web.get("/desk/tickets/LOZ-1").text
    assert "Muy rápido" in page and "Valoración cambiada: buena" in page


def test_a_link_is_opened_without_a_vote_and_votes_by_post(
    app: Flask, web: FlaskClient, world: World, ticket: Ticket
) -> None:
    link = address(app, ticket, world.marta)
    page = web.get(f"{link}?rating=bad")
    assert page.status_code == 200 and re.search(r'value="bad" checked', page.text)
    assert web.head(f"{link}?rating=bad").status_code == 200
    assert stored(ticket) is None
    answer = web.post(link, data={"rating": "good", "comment": "Gracias"})
    assert answer.status_code == 303 and "Gracias. Tu valoración se ha guardado." in web.get(answer.location).text
    assert stored(ticket) == ("good", "Gracias")


def test_links_that_open_nothing(app: Flask, web: FlaskClient, world: World, ticket: Ticket) -> None:
    for link in (
        address(app, ticket, world.marta)[:-1] + "x",
        "/portal/rate/x",
        address(app, ticket, world.dolores),
        address(app, ticket, world.inigo),
    ):
        assert web.get(link).status_code == web.post(link, data={"rating": "good"}).status_code == 404
    link = address(app, ticket, world.marta)
    assert web.post(link, data={"rating": "x"}).status_code == 409
    assert web.post(link, data={"rating": "good", "comment": "\0"}).status_code in (409, 422)
    move(world, ticket, "open")
    assert web.post(link, data={"rating": "good"}).status_code == 409
    assert "no se puede valorar" in web.get(link).text
    assert stored(ticket) is None


def test_the_mail_asks_once(
    mail_server: MailServer,  # noqa: F811
    web: FlaskClient,
    drain: Drain,
    world: World,
    ticket: Ticket,
) -> None:
    drain()
    (mail,) = mail_server.messages(to=world.marta.email or "")
    text = mail.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    links = re.findall(r"https?://\S+(/portal/rate/\S+)", text)
    assert [each.rpartition("=")[2] for each in links] == ["good", "bad"]
    assert web.post(links[1], data={"rating": "bad"}).status_code == 303
    assert stored(ticket) == ("bad", None)
    for status in ("open", "resolved"):
        move(world, ticket, status)
    drain()
    assert len(mail_server.messages(to=world.marta.email or "")) == 1


def test_api(program: Programs, world: World, ticket: Ticket) -> None:  # noqa: F811
    path = f"/tickets/{ticket.id}/rating"
    api = program(world.marta)
    assert api.get(path).get_json()["rating"] is None
    assert api.put(path, {"rating": "fine"}).status_code == 422
    assert api.put(path, {"rating": "good", "comment": "Bien"}).get_json()["rating"] == "good"
    assert program(world.inigo).get(path).status_code == 404
    assert program(world.inigo).put(path, {"rating": "bad"}).status_code == 404
    assert program(world.tomas).put(path, {"rating": "bad"}).status_code == 403
    shown = program(world.tomas).get(path).get_json()
    assert (shown["rating"], shown["comment"], shown["person_id"]) == ("good", "Bien", str(world.marta.id))

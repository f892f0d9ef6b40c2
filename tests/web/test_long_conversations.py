"""Long messages and long conversations are folded, in the console and the portal; the whole is loaded on request."""

import html
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.by_requester import add_detail
from msp.tickets.messages import note
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_by_label
from tests.world import World, sign_in

PLACES = [("tomas", "/desk/tickets/LOZ-1"), ("marta", "/portal/tickets/LOZ-1")]
LONG = {
    "lines": "\n".join(f"línea {number}" for number in range(5000)),
    "code": "```\n" + "\n".join(f"línea {number}" for number in range(5000)) + "\n```",
    "list": "\n".join(f"- línea {number}" for number in range(5000)),
    "one paragraph": "línea 0 " + "palabra " * 12_000 + "línea 4999",
}


def opened(world: World, body: str, *, more: int = 0) -> None:
    with work(Scope.system()) as session:
        marta = session.get_one(Person, world.marta.id)
        request = Request(subject="El TPV", body=body, source="portal")
        ticket, _ = open_ticket(world.lozano, requester=marta, request=request, at=clock.now())
        for number in range(more):
            clock.advance(timedelta(minutes=1))
            add_detail(ticket, author=marta, body=f"mensaje {number} del hilo", channel="portal", at=clock.now())


@pytest.mark.parametrize(("who", "path"), PLACES)
@pytest.mark.parametrize("kind", LONG)
def test_a_long_message_is_folded(web: FlaskClient, world: World, who: str, path: str, kind: str) -> None:
    opened(world, LONG[kind])
    page = sign_in(web, getattr(world, who)).get(path).text
    assert "línea 0" in page and "línea 4999" not in page and len(page) < 100_000
    link = re.search(r'href="([^"]*whole=[^"]*)"', page)
    assert link and "Ver todo" in page
    whole = web.get(html.unescape(link[1])).text
    assert "línea 4999" in whole and "whole=" not in whole


@pytest.mark.parametrize(("who", "path"), PLACES)
def test_a_message_of_usual_length_is_not(web: FlaskClient, world: World, who: str, path: str) -> None:
    opened(world, "\n".join(f"línea {number}" for number in range(30)))
    page = sign_in(web, getattr(world, who)).get(path).text
    assert "línea 29" in page and "folded" not in page


@pytest.mark.parametrize(("who", "path"), PLACES)
def test_older_messages_are_folded(web: FlaskClient, world: World, who: str, path: str) -> None:
    opened(world, "Así empezó", more=200)
    page = sign_in(web, getattr(world, who)).get(path).text
    assert "Así empezó" in page and "mensaje 199 del hilo" in page and "mensaje 100 del hilo" not in page
    assert page.count('id="msg-') <= 32
    fold = re.search(r'<a class="btn is-s" href="([^"]*older=200#(?:msg|evt)-[^"]*)"', page)
    assert fold and "entradas anteriores" in page
    assert "mensaje 0 del hilo" in web.get(html.unescape(fold[1])).text


def test_a_short_conversation_is_not(web: FlaskClient, world: World) -> None:
    opened(world, "Así empezó", more=25)
    page = sign_in(web, world.marta).get("/portal/tickets/LOZ-1").text
    assert "mensaje 0 del hilo" in page and "anteriores" not in page


def test_folding_shows_no_note_to_the_client(web: FlaskClient, world: World) -> None:
    opened(world, "Así empezó", more=40)
    with work(Scope.staff()) as session:
        note(
            access_by_label("LOZ-1", lock=True),
            author=session.get_one(Person, world.tomas.id),
            body="solo dentro",
            at=clock.now(),
        )
    assert "solo dentro" not in sign_in(web, world.marta).get("/portal/tickets/LOZ-1?older=9000").text


@pytest.mark.parametrize("older", ["x", "-1", "9" * 30, "1e3"])
def test_odd_numbers_of_older_ones_are_not_found(web: FlaskClient, world: World, older: str) -> None:
    opened(world, "Así empezó")
    for who, path in PLACES:
        browser = sign_in(web.application.test_client(), getattr(world, who))
        assert browser.get(path, query_string={"older": older}).status_code == 404

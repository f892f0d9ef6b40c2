"""Who else is writing on a ticket: shown to staff who may see it, without the text."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from msp.config import Settings
from msp.kernel import clock, wake
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="slack")
PAGE = "/desk/tickets/LOZ-1"
REPLY = "Irene está escribiendo una respuesta…"
NOTE = "Irene está escribiendo una nota…"


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]


@pytest.fixture
def irene(world: World, web: FlaskClient) -> FlaskClient:
    return sign_in(web.application.test_client(), world.irene)


@pytest.fixture
def no_valkey(settings: Settings) -> Iterator[None]:
    wake.connect("redis://127.0.0.1:1/0")
    yield
    wake.connect(settings.redis_url)


def say(who: FlaskClient, ticket: Ticket, kind: object) -> TestResponse:
    return who.put(f"/desk/live/{ticket.id}/writing", json={"writing": kind})


def news(who: FlaskClient, ticket: Ticket, since: str = "") -> dict[str, Any]:
    """The update for a page at a version; empty if nothing is new."""
    answer = who.get(f"/desk/live/{ticket.id}", query_string={"since": since})
    assert answer.status_code in (200, 204)
    return (answer.json or {}) if answer.status_code == 200 else {}


@pytest.mark.parametrize(("kind", "sentence"), [("reply", REPLY), ("note", NOTE)])
def test_others_see_who_is_writing(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket, kind: str, sentence: str
) -> None:
    sign_in(web, world.tomas)
    before = news(web, ticket)
    assert before["writing"] == [] and news(web, ticket, before["version"]) == {}
    assert say(irene, ticket, kind).status_code == 204
    told = news(web, ticket, before["version"])
    assert (told["writing"], told["tickets"]) == ([sentence], [])  # no part of the page is redrawn
    assert f'role="status">{sentence}</p>' in web.get(PAGE).text
    assert news(web, ticket, told["version"]) == {}
    assert news(irene, ticket)["writing"] == [] and sentence not in irene.get(PAGE).text


@pytest.mark.parametrize("how", ["emptied", "a reply is sent", "a note is made", "time"])
def test_it_goes_when_the_text_does(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket, how: str
) -> None:
    sign_in(web, world.tomas)
    say(irene, ticket, "reply")
    clock.advance(timedelta(seconds=14))
    told = news(web, ticket)
    assert told["writing"] == [REPLY]
    if how == "emptied":
        say(irene, ticket, "")
    elif how == "time":
        clock.advance(timedelta(seconds=2))
    else:
        kind = "internal" if how == "a note is made" else "public"
        irene.post(f"{PAGE}/reply", data={"body": "Ya está", "visibility": kind})
    assert news(web, ticket, told["version"])["writing"] == [] and REPLY not in web.get(PAGE).text


def test_a_reply_that_becomes_a_note_is_told_once(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    sign_in(web, world.tomas)
    say(irene, ticket, "reply")
    say(irene, ticket, "note")
    say(sign_in(web.application.test_client(), world.rosa), ticket, "reply")
    assert sorted(news(web, ticket)["writing"]) == [NOTE, "Rosa está escribiendo una respuesta…"]


def test_it_is_told_in_the_language_of_the_reader(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).locale = "en"
    say(irene, ticket, "reply")
    assert news(sign_in(web, world.tomas), ticket)["writing"] == ["Irene is writing a reply…"]
    say(irene, ticket, "note")
    assert news(web, ticket)["writing"] == ["Irene is writing a note…"]


@pytest.mark.parametrize(
    ("who", "may_say", "may_hear"),
    [("carmen", 403, True), ("nuria", 404, False), ("marta", 404, False), ("inigo", 404, False)],
)
def test_only_staff_who_may_see_the_ticket_hear_of_it(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket, who: str, may_say: int, may_hear: bool
) -> None:
    say(irene, ticket, "reply")
    other = sign_in(web, getattr(world, who))
    assert say(other, ticket, "reply").status_code == may_say
    answer = other.get(f"/desk/live/{ticket.id}")
    assert (REPLY in (answer.json or {}).get("writing", [])) is may_hear
    assert "escribiendo" not in sign_in(web, world.marta).get("/portal/tickets/LOZ-1").text
    assert news(irene, ticket)["writing"] == []


def test_no_text_is_kept_and_what_is_kept_expires(irene: FlaskClient, ticket: Ticket, world: World) -> None:
    say(irene, ticket, "reply")
    key = f"writing:{ticket.id}"
    kept: Any = wake.connection().zrange(key, 0, -1)
    assert kept == [f"{world.irene.id}:reply".encode()]
    left: Any = wake.connection().ttl(key)
    assert 0 < left <= 15


@pytest.mark.parametrize("kind", ["poem", 7, None, ["reply"]])
def test_anything_else_is_refused(irene: FlaskClient, ticket: Ticket, kind: object) -> None:
    assert say(irene, ticket, kind).status_code == 422


def test_without_valkey_the_page_works_without_it(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket, no_valkey: None
) -> None:
    assert say(irene, ticket, "reply").status_code == 204
    told = news(sign_in(web, world.tomas), ticket)
    assert told["writing"] == [] and news(web, ticket, told["version"]) == {}
    assert web.get(PAGE).status_code == 200
    assert web.post(f"{PAGE}/reply", data={"body": "Voy"}).status_code == 303

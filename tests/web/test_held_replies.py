"""The page of a held reply: its text is kept, the new messages are on top, with two ways to continue."""

import re
from collections import Counter
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.by_requester import add_detail
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket, messages_of
from tests.world import World, sign_in

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="slack")
PAGE = "/desk/tickets/LOZ-1"
MINE = "Cambia el *cable*, <Marta>"


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]


@pytest.fixture
def irene(world: World, web: FlaskClient) -> FlaskClient:
    return sign_in(web.application.test_client(), world.irene)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""


def form_of(page: str) -> dict[str, str]:
    """The composer as rendered on the page, with a text in it."""
    names = ("idempotency_key", "last_seen_message_id")
    return {"body": MINE, "visibility": "public", "then": "", **{name: hidden(page, name) for name in names}}


def confirmed(page: str) -> dict[str, str]:
    """Submit the composer of a page with a held reply, by its confirmation button."""
    button = re.search(r'<button[^>]* name="confirmed_message_id" value="([^"]+)"', page)
    return form_of(page) | {"then": hidden(page, "then"), "confirmed_message_id": button[1] if button else ""}


def sent(ticket: Ticket) -> list[tuple[str, str]]:
    with work(Scope.staff()):
        return [(each.author.name if each.author else "", each.body) for each in messages_of(ticket.id)][1:]


def both_write(web: FlaskClient, irene: FlaskClient, person: Person, **more: str) -> tuple[dict[str, str], Any]:
    """Tomás opens the page; Irene replies; Tomás sends: the form he sent, and its answer."""
    form = form_of(sign_in(web, person).get(PAGE).text) | more
    assert irene.post(f"{PAGE}/reply", data={"body": "Ya está *arreglado*."}).status_code == 303
    return form, web.post(f"{PAGE}/reply", data=form)


def test_the_second_reply_comes_back_with_the_first_on_top(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    form, answer = both_write(web, irene, world.tomas)
    page = answer.text
    assert answer.status_code == 409 and sent(ticket) == [("Irene Navas", "Ya está *arreglado*.")]
    assert "Irene ha respondido mientras escribías" in page and "no se ha enviado" in page
    assert "Enviar de todos modos" in page and "Descartar" in page
    held = page[page.index('id="held"') : page.index('id="reply"')]
    assert "Ya está <em>arreglado</em>." in held and "Hay cola." not in held
    assert ">Cambia el *cable*, &lt;Marta&gt;</textarea>" in page
    assert hidden(page, "last_seen_message_id") == form["last_seen_message_id"]
    assert [each for each, count in Counter(re.findall(r' id="([^"]+)"', page)).items() if count > 1] == []


def test_its_key_is_not_used_up_and_confirming_sends_once(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    form, answer = both_write(web, irene, world.tomas)
    again = confirmed(answer.text)
    assert web.post(f"{PAGE}/reply", data=form).status_code == 409  # Ctrl+Enter pressed twice confirms nothing
    for fields in (again, again, form | {"confirmed_message_id": again["confirmed_message_id"]}):
        assert web.post(f"{PAGE}/reply", data=fields).status_code == 303
    assert sent(ticket)[1:] == [("Tomás Rey", MINE)] * 2  # the form that was held, and the returned one


def test_what_should_follow_is_kept(web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket) -> None:
    _, answer = both_write(web, irene, world.tomas, then="waiting_client")
    assert hidden(answer.text, "then") == "waiting_client"
    assert web.post(f"{PAGE}/reply", data=confirmed(answer.text)).status_code == 303
    with work(Scope.staff()):
        assert access_ticket(ticket.id).status == "waiting_client"


def test_an_internal_note_is_not_held(web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket) -> None:
    _, answer = both_write(web, irene, world.tomas, visibility="internal")
    assert answer.status_code == 303 and sent(ticket)[1:] == [("Tomás Rey", MINE)]


def test_what_comes_after_the_notice_holds_once_more(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    _, answer = both_write(web, irene, world.tomas)
    first = confirmed(answer.text)
    with work(Scope.staff()):
        add_detail(access_ticket(ticket.id), author=world.marta, body="Sigue igual", channel="slack", at=clock.now())
    second = web.post(f"{PAGE}/reply", data=first)
    assert second.status_code == 409 and "2 mensajes nuevos mientras escribías" in second.text
    assert web.post(f"{PAGE}/reply", data=confirmed(second.text)).status_code == 303
    assert sent(ticket)[-1] == ("Tomás Rey", MINE)


def test_the_requester_wrote_meanwhile(web: FlaskClient, world: World, ticket: Ticket) -> None:
    form = form_of(sign_in(web, world.tomas).get(PAGE).text)
    with work(Scope.staff()):
        add_detail(access_ticket(ticket.id), author=world.marta, body="Ya va", channel="slack", at=clock.now())
    assert "Marta ha escrito mientras escribías" in web.post(f"{PAGE}/reply", data=form).text


def test_the_notice_stays_when_the_page_is_drawn_anew(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    _, answer = both_write(web, irene, world.tomas, then="waiting_client")
    state = re.search(r'data-held="([^"]+)"', answer.text)
    assert state
    irene.post(f"{PAGE}/reply", data={"body": "Otra cosa"})
    page = web.get(f"{PAGE}?{unquote(state[1].replace('&amp;', '&'))}").text
    assert "Irene ha respondido mientras escribías" in page and hidden(page, "then") == "waiting_client"
    assert confirmed(page)["confirmed_message_id"] == confirmed(answer.text)["confirmed_message_id"]
    assert "Otra cosa" not in page[page.index('id="held"') : page.index('id="reply"')]


@pytest.mark.parametrize("state", ["held_since=x&held_until=y", "held_since=", f"held_since={'0' * 32}&held_until=1"])
def test_an_odd_state_draws_the_plain_page(web: FlaskClient, world: World, ticket: Ticket, state: str) -> None:
    answer = sign_in(web, world.tomas).get(f"{PAGE}?{state}")
    assert answer.status_code == 200 and 'id="held"' not in answer.text


@pytest.mark.parametrize("name", ["last_seen_message_id", "confirmed_message_id"])
def test_an_id_that_is_none_is_refused(web: FlaskClient, world: World, ticket: Ticket, name: str) -> None:
    form = form_of(sign_in(web, world.tomas).get(PAGE).text) | {name: "x"}
    answer = web.post(f"{PAGE}/reply", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and sent(ticket) == []


def test_the_links_of_the_page_lead_to_the_ticket(
    web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket
) -> None:
    with work(Scope.staff()):
        add_detail(access_ticket(ticket.id), author=world.marta, body="x\n" * 200, channel="slack", at=clock.now())
    _, answer = both_write(web, irene, world.tomas)
    links = re.findall(r'<a [^>]*href="([^"#?]*)[^"]*"', answer.text)
    assert PAGE in links and not [each for each in links if each.endswith("/reply")]


def test_in_english(web: FlaskClient, irene: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.tomas.id).locale = "en"
    _, answer = both_write(web, irene, world.tomas)
    assert "Irene replied while you were writing" in answer.text
    assert "Send anyway" in answer.text and "Discard" in answer.text

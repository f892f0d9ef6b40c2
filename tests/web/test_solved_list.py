"""The list of finished tickets: last resolved first, in pages, with the total."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.ttl_cache import clear
from msp.people.models import Person
from msp.tickets.actions import change_priority, change_status
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_by_label
from tests.world import World, sign_in

MANY = 130


@pytest.fixture
def solved(world: World) -> list[str]:
    """The labels of tickets in order of resolution, which differs from the order of opening."""
    labels = []
    with work(Scope.system()) as session:
        marta = session.get_one(Person, world.marta.id)
        made = [
            open_ticket(world.lozano, requester=marta, request=Request(f"Caja {n}", "x", "portal"), at=clock.now())[0]
            for n in range(MANY)
        ]
        for ticket in sorted(made, key=lambda each: (each.number * 37) % 131):
            clock.advance(timedelta(seconds=30))
            change_status(ticket, "resolved", at=clock.now(), actor_id=world.tomas.id)
            labels.append(f"LOZ-{ticket.number}")
    return labels


def shown(page: str) -> list[str]:
    return re.findall(r'data-row data-ticket="[^"]*" data-label="([^"]*)"', page)


def test_all_of_them_in_pages_by_when_they_were_resolved(web: FlaskClient, world: World, solved: list[str]) -> None:
    clear()
    with work(Scope.staff()):
        change_priority(access_by_label(solved[0], lock=True), "high", at=clock.now())  # changed last, resolved first
    sign_in(web, world.tomas)
    path, found, pages = "/desk/solved", [], []
    for _ in range(3):
        page = web.get(path).text
        assert f"{MANY} resueltos" in page
        pages.append(shown(page))
        found += pages[-1]
        older = re.search(r'rel="next" href="([^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert found == solved[::-1] and path == ""
    newer = re.search(r'rel="prev" href="([^"]*)"', page)
    assert newer and shown(web.get(newer[1].replace("&amp;", "&")).text) == pages[1]


def test_filters_stay_from_page_to_page(web: FlaskClient, world: World, solved: list[str]) -> None:
    sign_in(web, world.tomas)
    page = web.get(f"/desk/solved?client={world.lozano.id}&status=resolved").text
    assert f"client={world.lozano.id}" in page.partition('rel="next"')[2].partition(">")[0]
    assert shown(web.get(f"/desk/solved?client={world.azcarate.id}").text) == []


def test_the_portal_shows_all_of_them_in_pages(web: FlaskClient, world: World, solved: list[str]) -> None:
    sign_in(web, world.marta)
    path, found = "/portal/", []
    while path:
        page = web.get(path).text
        found += re.findall(r'data-row data-label="([^"]*)"', page)
        older = re.search(r'rel="next" href="([^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert found == solved[::-1]


@pytest.mark.parametrize("place", ["x", "2026_", "0001-01-01T00:00:00+00:00_x", "2026-01-01_" + "0" * 32, "9" * 400])
def test_places_that_cannot_be_are_not_found(web: FlaskClient, world: World, place: str) -> None:
    assert sign_in(web, world.tomas).get("/desk/solved", query_string={"before": place}).status_code == 404

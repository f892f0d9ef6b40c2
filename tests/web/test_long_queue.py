"""Lists of open tickets longer than a page show the total and link to all of them."""

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.ttl_cache import clear
from msp.people.models import Person
from msp.tickets.actions import change_status
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in


@pytest.fixture
def many(world: World) -> None:
    """70 open tickets of Lozano and 20 pending client; two of Azcárate."""
    with work(Scope.system()) as session:
        marta, inigo = session.get_one(Person, world.marta.id), session.get_one(Person, world.inigo.id)
        for client, requester, count in ((world.lozano, marta, 90), (world.azcarate, inigo, 2)):
            for number in range(count):
                wanted = Request(f"Caja {number}", "x", "portal")
                ticket, _ = open_ticket(client, requester=requester, request=wanted, at=clock.now())
                if number >= 70:
                    change_status(ticket, "open", at=clock.now())
                    change_status(ticket, "waiting_client", at=clock.now())
    clear()


def shown(page: str) -> list[str]:
    return re.findall(r'data-row data-ticket="[^"]*" data-label="([^"]*)"', page)


def counted(page: str) -> int:
    return sum(int(each) for each in re.findall(r'<h2 id="group-[^"]*">[^<]*</h2><span\s+class="count">(\d+)<', page))


def more(page: str) -> str:
    found = re.search(r'class="group-more" href="([^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 92),
        ("?order=newest", 92),
        ("?order=priority", 92),
        ("?client=LOZ", 90),
        ("?tier=1", 92),
        ("?client=LOZ&order=newest", 90),
        ("?status=new", 72),
        ("?status=waiting_client", 20),
    ],
)
def test_a_list_says_how_many_there_are_and_leads_to_all(
    web: FlaskClient, world: World, many: None, query: str, count: int
) -> None:
    sign_in(web, world.tomas)
    page = web.get("/desk/team" + query.replace("LOZ", str(world.lozano.id))).text
    assert counted(page) == count and len(shown(page)) < count
    assert f"{count} abiertos" in page
    page = web.get(more(page)).text
    assert (len(shown(page)), counted(page), more(page)) == (count, count, "")


def test_tickets_without_a_deadline_are_all_reached(web: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        session.get_one(Contract, world.lozano_contract.id).ends_on = datetime(2026, 1, 2, tzinfo=UTC).date()
        for number in range(20):
            wanted = Request(f"Caja {number}", "x", "portal")
            open_ticket(world.lozano, requester=session.get_one(Person, world.marta.id), request=wanted, at=clock.now())
        assert session.query(Ticket).filter(Ticket.due_at.is_not(None)).count() == 0
    clear()
    page = sign_in(web, world.tomas).get("/desk/team").text
    assert (counted(page), len(shown(page))) == (20, 15)
    assert len(shown(web.get(more(page)).text)) == 20


def test_lists_beyond_the_second_step_go_on(
    web: FlaskClient, world: World, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msp.web.desk.queue.MORE", 75)
    sign_in(web, world.tomas)
    page = web.get("/desk/team?order=newest").text
    steps = []
    while more(page):
        page = web.get(more(page)).text
        steps.append(len(shown(page)))
    assert steps == [75, 92]


def test_the_page_of_a_person_says_how_many_tickets_they_have(
    web: FlaskClient, world: World, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msp.web.desk.search.OPEN_SHOWN", 40)
    page = sign_in(web, world.tomas).get(f"/desk/people/{world.marta.id}").text
    assert page.count("Caja ") == 40 and "90" in page
    link = re.search(r'class="group-more" href="([^"]*)"', page)
    assert link and web.get(link[1].replace("&amp;", "&")).text.count("Caja ") == 90

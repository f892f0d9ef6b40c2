"""Satisfaction: ratings by client, technician and month, and the tickets behind each figure."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.reports.attainment import ReportQuery
from msp.reports.period import read_period
from msp.reports.satisfaction import rated_tickets, satisfaction
from msp.tickets.opening import Request, open_ticket
from msp.tickets.rating_models import TicketRating
from tests.web.api.conftest import Programs, program  # noqa: F401 (fixture)
from tests.world import World, sign_in

PAGE = "/desk/reports/satisfaction?from=2026-10&to=2026-11"


@pytest.fixture
def ratings(world: World) -> World:
    """Three ratings of October and one of November; the second one is of 1 November in UTC and Madrid's 1st."""
    add(world, world.marta, "good", datetime(2026, 10, 5, 9, tzinfo=UTC), world.tomas)
    add(world, world.marta, "bad", datetime(2026, 10, 31, 22, 30, tzinfo=UTC), world.tomas, comment="Tarde")
    add(world, world.dolores, "good", datetime(2026, 10, 31, 23, 30, tzinfo=UTC), world.rosa)
    add(world, world.inigo, "good", datetime(2026, 10, 20, 9, tzinfo=UTC), None)
    return world


def add(
    world: World, who: Person, rating: str, at: datetime, technician: Person | None, *, comment: str | None = None
) -> None:
    client = world.azcarate if who.client_id == world.azcarate.id else world.lozano
    with work(Scope.client(client.id)) as session:
        request = Request(subject=f"Ticket de {who.name}", body="…", source="portal")
        ticket = open_ticket(client, requester=who, request=request, at=clock.now())[0]
        session.flush()
        row = {"rating": rating, "comment": comment, "rated_at": at, "changed_at": at, "person_id": who.id}
        technician_id = technician.id if technician else None
        session.add(TicketRating(ticket_id=ticket.id, client_id=client.id, technician_id=technician_id, **row))


def question(first: str, last: str, **only: str) -> ReportQuery:
    period = read_period(first, last, today=clock.now().date())
    assert period is not None
    return ReportQuery(period, clock.now(), only)


def groups(by: str, first: str = "2026-10", last: str = "2026-11", **only: str) -> list[tuple[str | None, int, int]]:
    with work(Scope.staff()):
        return [(each.key, each.good, each.bad) for each in satisfaction(question(first, last, **only), by=by)]


def test_each_dimension_adds_up_and_days_are_the_clients(ratings: World) -> None:
    assert groups("month") == [("2026-10", 2, 1), ("2026-11", 1, 0)]
    assert groups("client") == sorted([(str(ratings.lozano.id), 2, 1), (str(ratings.azcarate.id), 1, 0)])
    by_technician = groups("technician")
    assert sorted(by_technician[:-1]) == sorted([(str(ratings.tomas.id), 1, 1), (str(ratings.rosa.id), 1, 0)])
    assert by_technician[-1] == (None, 1, 0)
    assert groups("month", "2026-10-31", "2026-10-31") == [("2026-10", 0, 1)]
    assert groups("month", client=str(ratings.lozano.id), technician="none") == []


def test_the_tickets_behind_a_figure(ratings: World) -> None:
    with work(Scope.staff()):
        found, number = rated_tickets(question("2026-10", "2026-10"), rating="bad", limit=10)
    assert number == 1 and (found[0].label, found[0].comment, found[0].technician) == ("LOZ-2", "Tarde", "Tomás Rey")
    with work(Scope.client(ratings.azcarate.id)):
        assert rated_tickets(question("2026-10", "2026-11"), limit=10)[1] == 1


def test_every_figure_of_the_page_opens_as_many_tickets(web: FlaskClient, ratings: World) -> None:
    sign_in(web, ratings.rosa)
    for by in ("client", "technician", "month"):
        text = web.get(f"{PAGE}&by={by}").text
        links = re.findall(r'class="figure[^"]*" href="([^"]+)"[^>]*>(\d+)<', text)
        assert len(links) > 6
        for url, number in links:
            assert web.get(unescape(url)).text.count('class="rated"') == int(number), url
    assert "75,0" in web.get("/desk/reports/satisfaction.csv?from=2026-10&to=2026-11").text
    assert web.get(f"{PAGE}&by=priority").status_code == 404


def test_a_technician_sees_their_own_and_the_others_as_one(web: FlaskClient, ratings: World) -> None:
    sign_in(web, ratings.tomas)
    text = web.get(f"{PAGE}&by=technician").text.partition("<tbody>")[2]
    assert "Tomás Rey" in text and "Rosa" not in text and "Otros técnicos" in text
    assert web.get(f"{PAGE}&technician={ratings.rosa.id}").status_code == 404
    assert "Rosa" not in web.get(PAGE.replace("satisfaction?", "satisfaction/tickets?")).text


def test_api(program: Programs, ratings: World) -> None:  # noqa: F811
    path = "/reports/satisfaction?from=2026-10&to=2026-11"
    total = program(ratings.rosa).get(path).get_json()["total"]
    assert (total["rated"], total["good"], total["satisfaction"]) == (4, 3, "0.75")
    assert program(ratings.marta).get(path).status_code == 403
    manager = program(ratings.dolores)
    assert manager.get(path).get_json()["total"]["rated"] == 3
    assert manager.get(f"{path}&by=technician").status_code == 403
    items = manager.get("/reports/satisfaction/tickets?from=2026-10&rating=bad").get_json()["items"]
    assert [(each["number"], each["technician_id"]) for each in items] == [("LOZ-2", None)]

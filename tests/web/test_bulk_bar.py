"""Bulk actions on the queue and in the API: results by ticket, undo, and nothing of other clients."""

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.web.api.conftest import Programs, admin, program, staff  # noqa: F401
from tests.world import World, sign_in

HOME = {"Referer": "http://localhost/desk/team"}


@pytest.fixture
def tickets(world: World) -> list[UUID]:
    """Two of Lozano."""
    with work(Scope.client(world.lozano.id)):
        request = Request("Caja", "x", "portal")
        return [
            open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0].id for _ in range(2)
        ]


def priorities(ids: list[UUID]) -> list[str]:
    with work(Scope.staff()) as session:
        return [session.get_one(Ticket, each).priority for each in ids]


def test_the_form_works_without_script(web: FlaskClient, world: World, tickets: list[UUID]) -> None:
    page = sign_in(web, world.tomas).get("/desk/team").text
    assert re.findall(r'name="ticket" value="([^"]*)" form="bulk"', page) == [str(each) for each in tickets]
    form = {"ticket": tickets, "change": "priority=urgent"}
    assert web.post("/desk/bulk", data=form, headers=HOME).location == "/desk/team"
    page = web.get("/desk/team").text
    assert "Prioridad: urgente" in page and "2 modificados" in page and priorities(tickets) == ["urgent"] * 2
    [undo] = re.findall(r'action="(/desk/bulk/[^"]*/undo)"', page)
    web.post(undo, headers=HOME)
    assert "2 restaurados" in web.get("/desk/team").text and priorities(tickets) == ["normal"] * 2
    web.post(undo.replace("/undo", "/close"), headers=HOME)
    assert "2 restaurados" not in web.get("/desk/team").text


def test_each_refused_ticket_has_its_reason(web: FlaskClient, world: World, tickets: list[UUID]) -> None:
    sign_in(web, world.tomas).post("/desk/bulk", data={"ticket": tickets, "change": "status=closed"}, headers=HOME)
    page = web.get("/desk/team").text
    assert "2 sin modificar" in page and "El ticket no puede pasar a ese estado" in page
    assert re.search(r'class="link" href="/desk/tickets/LOZ-2">LOZ-2<', page)


@pytest.mark.parametrize(
    ("change", "more", "status"),
    [
        ("priority=p1", {}, 422),
        ("frobnicate=1", {}, 422),
        ("status=scheduled", {"scheduled_for": "mañana"}, 422),
        ("assign=00000000-0000-7000-8000-000000000000", {}, 422),
        ("priority=urgent", {"ticket": "x"}, 404),
        ("priority=urgent", {"batch": "00000000-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_what_does_not_fit_changes_nothing(
    web: FlaskClient, world: World, tickets: list[UUID], change: str, more: dict[str, str], status: int
) -> None:
    data = {"ticket": tickets, "change": change} | more
    assert sign_in(web, world.tomas).post("/desk/bulk", data=data).status_code == status
    assert priorities(tickets) == ["normal"] * 2


def test_tickets_of_others_are_not_found(
    web: FlaskClient,
    world: World,
    tickets: list[UUID],
    program: Programs,  # noqa: F811
) -> None:
    data = {"ticket": tickets, "change": "priority=urgent"}
    assert sign_in(web, world.nuria).post("/desk/bulk", data=data).status_code == 404
    assert sign_in(web, world.carmen).post("/desk/bulk", data=data).status_code == 403
    assert "row-pick" in web.get("/desk/team").text and 'id="bulk"' not in web.get("/desk/team").text
    body = {"ticket_ids": [str(each) for each in tickets], "action": "priority", "priority": "urgent"}
    assert program(world.nuria).post("/tickets/bulk", body).status_code == 404
    assert program(world.dolores).post("/tickets/bulk", body).status_code == 403
    assert priorities(tickets) == ["normal"] * 2
    done = program(world.tomas).post("/tickets/bulk", body).get_json()
    assert program(world.irene).post(f"/tickets/bulk/{done['id']}/undo").status_code == 404


def test_programs_get_a_result_for_each_ticket(
    world: World,
    tickets: list[UUID],
    program: Programs,  # noqa: F811
) -> None:
    api, ids = program(world.tomas), [str(each) for each in tickets]
    done = api.post("/tickets/bulk", {"ticket_ids": ids, "action": "add_tags", "tags": ["tpv"]}).get_json()
    assert [(each["number"], each["state"]) for each in done["results"]] == [("LOZ-1", "done"), ("LOZ-2", "done")]
    refused = api.post("/tickets/bulk", {"ticket_ids": ids, "action": "status", "status": "closed"}).get_json()
    assert [(each["state"], each["code"]) for each in refused["results"]] == [("refused", "status_move_refused")] * 2
    undone = api.post(f"/tickets/bulk/{done['id']}/undo").get_json()
    assert undone == api.get(f"/tickets/bulk/{done['id']}").get_json()
    assert {each["state"] for each in undone["results"]} == {"undone"}
    many = {"ticket_ids": ids * 51, "action": "priority", "priority": "low"}
    assert api.post("/tickets/bulk", many).get_json()["errors"] == {"ticket_ids": ["too_many"]}

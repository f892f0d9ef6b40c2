"""The portal's update requests cover an employee's own tickets: no ids or changes of colleagues' tickets."""

from flask import Flask
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.actions import change_priority
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in


def opened(world: World, requester: Person) -> Ticket:
    wanted = Request(subject="Un asunto", body="Un texto", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=requester, request=wanted, at=clock.now())[0]


def moved(ticket: Ticket, priority: str) -> None:
    with work(Scope.staff()) as session:
        change_priority(session.get_one(Ticket, ticket.id), priority, at=clock.now())


def version_of(web: FlaskClient) -> str:
    answer = web.get("/portal/live").get_json()
    return str(answer["version"])


def test_an_employee_hears_of_no_ticket_of_a_colleague(app: Flask, world: World) -> None:
    mine, hers = opened(world, world.marta), opened(world, world.dolores)
    marta = sign_in(app.test_client(), world.marta)
    answer = marta.get("/portal/live").get_json()
    assert answer["tickets"] == [str(mine.id)]
    version = answer["version"]
    moved(hers, "urgent")
    opened(world, world.dolores)
    assert marta.get(f"/portal/live?since={version}").status_code == 204
    assert f'data-live-version="{version}"' in marta.get("/portal/").text
    moved(mine, "urgent")
    news = marta.get(f"/portal/live?since={version}")
    assert news.status_code == 200 and news.get_json()["tickets"] == [str(mine.id)]


def test_a_version_does_not_count_what_happened_elsewhere(app: Flask, world: World) -> None:
    """Two answers about the same tickets are equal, whatever changed on others in between."""
    opened(world, world.marta)
    marta = sign_in(app.test_client(), world.marta)
    first = version_of(marta)
    for _ in range(3):
        opened(world, world.dolores)
    assert version_of(marta) == first


def test_a_manager_hears_of_the_whole_company(app: Flask, world: World) -> None:
    mine, hers = opened(world, world.marta), opened(world, world.dolores)
    answer = sign_in(app.test_client(), world.dolores).get("/portal/live").get_json()
    assert set(answer["tickets"]) == {str(mine.id), str(hers.id)}

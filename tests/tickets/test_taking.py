"""Take next: the most urgent ticket of one's tier that nobody has, and never the same one twice."""

import threading
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict
from msp.people.models import Person
from msp.tickets import actions
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.taking import take_next
from tests.web.api.conftest import Program, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in


def opened(client: Client, requester: Person, *, priority: str = "normal", tier: int = 1) -> UUID:
    with work(Scope.client(client.id)):
        request = Request(subject="Sin red", body="No hay red", source="portal", priority=priority)
        ticket, _ = open_ticket(client, requester=requester, request=request, at=clock.now())
    with work(Scope.system()) as session:
        actions.change_tier(session.get_one(Ticket, ticket.id), tier, at=clock.now())
    return ticket.id


def taken(person: Person, scope: Scope | None = None) -> UUID | None:
    with work(scope or Scope.staff(actor_id=person.id)):
        try:
            return take_next(person, at=clock.now()).id
        except Conflict:
            return None


def test_by_due_date_of_the_tier_and_below(world: World) -> None:
    low = opened(world.lozano, world.marta, priority="low")
    hard = opened(world.lozano, world.marta, priority="urgent", tier=2)
    waiting = opened(world.lozano, world.marta, priority="urgent")
    high = opened(world.azcarate, world.inigo, priority="high")
    with work(Scope.system()) as session:
        ticket = session.get_one(Ticket, waiting)
        actions.change_status(ticket, "waiting_client", at=clock.now())
    assert [taken(world.tomas) for _ in range(3)] == [high, low, None]
    assert taken(world.irene) == hard
    with work(Scope.staff()) as session:
        ticket = session.get_one(Ticket, high)
        assert (ticket.assignee_id, ticket.status) == (world.tomas.id, "open")


def test_without_due_dates_by_priority(world: World) -> None:
    ids = [opened(world.lozano, world.marta, priority=each) for each in ("low", "urgent", "high")]
    with work(Scope.system()) as session:
        for each in ids:
            session.get_one(Ticket, each).due_at = None
    assert [taken(world.tomas) for _ in ids] == [ids[1], ids[2], ids[0]]


def test_a_restricted_technician_gets_only_tickets_of_their_clients(world: World) -> None:
    opened(world.lozano, world.marta, priority="urgent")
    own = opened(world.azcarate, world.inigo, priority="low")
    scope = Scope.staff_some([world.azcarate.id], actor_id=world.nuria.id)
    assert [taken(world.nuria, scope), taken(world.nuria, scope)] == [own, None]


def test_two_technicians_never_get_the_same_ticket(world: World, app: Flask) -> None:
    first = opened(world.lozano, world.marta, priority="urgent")
    second = opened(world.lozano, world.marta, priority="normal")
    results: list[UUID | None] = []

    def take_in_a_thread() -> None:
        with app.app_context():
            results.append(taken(world.irene))

    with work(Scope.staff(actor_id=world.tomas.id)):
        assert take_next(world.tomas, at=clock.now()).id == first  # not committed: locked
        thread = threading.Thread(target=take_in_a_thread, daemon=True)
        thread.start()
        thread.join(10)
        assert results == [second], "it waits for the lock, or takes the same ticket"


def test_twelve_at_once_take_twelve_tickets(world: World, app: Flask) -> None:
    ids = {opened(world.lozano, world.marta) for _ in range(12)}
    got: list[UUID | None] = []
    start = threading.Barrier(6)

    def take_two() -> None:
        with app.app_context():
            start.wait(10)
            got.extend(taken(world.tomas) for _ in range(2))

    threads = [threading.Thread(target=take_two, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == 12 and set(got) == ids


def test_the_button_opens_the_ticket_and_says_if_there_is_none(web: FlaskClient, world: World) -> None:
    opened(world.lozano, world.marta)
    sign_in(web, world.tomas)
    clock.advance(timedelta(minutes=1))
    for view in ("mine", "unassigned"):
        assert 'data-key="q"' in web.get(f"/desk/{view}").text
    answer = web.post("/desk/take-next")
    assert answer.status_code == 303 and "/desk/tickets/LOZ-1" in answer.location
    page = web.post("/desk/take-next", follow_redirects=True).text
    assert "No hay tickets de tu nivel sin asignar." in page
    sign_in(web, world.carmen)  # an account manager does not work on tickets
    assert 'data-key="q"' not in web.get("/desk/team").text and web.post("/desk/take-next").status_code == 403


def test_by_api(staff: Program, world: World) -> None:  # noqa: F811
    ticket = opened(world.lozano, world.marta)
    answer = staff.post("/tickets/take-next")
    assert (answer.status_code, answer.get_json()["id"]) == (200, str(ticket))
    nothing = staff.post("/tickets/take-next")
    assert (nothing.status_code, nothing.get_json()["code"]) == (409, "nothing_to_take")

"""Followers: staff who watch a ticket, and people of the client in CC; what they see, and what they get."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.notify.models import Notification
from msp.people.actions import add_person
from msp.people.models import Person
from msp.tickets.actions import change_status
from msp.tickets.by_requester import add_detail
from msp.tickets.following import follow, unfollow
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.notify.channels import Recorder, only
from tests.tickets.sla_steps import events
from tests.web.api.conftest import Program, Programs, program, staff  # noqa: F401 (fixtures)
from tests.world import World, sign_in

PAGE, PORTAL = "/desk/tickets/LOZ-1", "/portal/tickets/LOZ-1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A ticket of Dolores."""
    request = Request(subject="Nóminas de noviembre", body="No se abren las nóminas", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.dolores, request=request, at=clock.now())[0]


@pytest.fixture
def pedro(world: World) -> Person:
    """A colleague of Marta."""
    with work(Scope.system()):
        return add_person(
            client_id=world.lozano.id,
            name="Pedro Sanz",
            email="pedro@lozano.example",
            role="client_employee",
            locale="es",
            timezone="Europe/Madrid",
            at=clock.now(),
        )


def test_people_in_cc_see_the_ticket_and_others_do_not(
    web: FlaskClient,
    program: Programs,  # noqa: F811
    world: World,
    ticket: Ticket,
) -> None:
    api = program(world.marta)
    sign_in(web, world.marta)
    assert web.get(PORTAL).status_code == 404 and api.get(f"/tickets/{ticket.id}").status_code == 404
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        assert follow(session.get_one(Ticket, ticket.id), world.marta, at=clock.now())
        assert not follow(session.get_one(Ticket, ticket.id), world.marta, at=clock.now())
    assert "En CC: Marta Ruiz" in web.get(PORTAL).text and "LOZ-1" in web.get("/portal/").text
    assert api.get(f"/tickets/{ticket.id}").status_code == 200
    assert [each["number"] for each in (api.get("/tickets").get_json())["items"]] == ["LOZ-1"]
    web.post(f"{PORTAL}/reply", data={"body": "A mí tampoco"})
    assert events(ticket, "ticket.received")[0].actor_id == world.marta.id
    with work(Scope.staff()) as session:
        unfollow(session.get_one(Ticket, ticket.id), world.marta.id, at=clock.now())
    assert web.get(PORTAL).status_code == 404 and "LOZ-1" not in web.get("/portal/").text
    shown = [
        (each.kind, each.visibility) for each in events(ticket, "ticket.follower_added", "ticket.follower_removed")
    ]
    assert shown == [("ticket.follower_added", "public"), ("ticket.follower_removed", "public")]


def test_only_people_of_the_client_and_staff_who_see_it(world: World, ticket: Ticket) -> None:
    def refused(person: Person) -> str:
        with pytest.raises((Invalid, Conflict)) as told, work(Scope.staff()) as session:
            follow(session.get_one(Ticket, ticket.id), session.get_one(Person, person.id), at=clock.now())
        return str(getattr(told.value, "fields", None) or told.value.code)

    assert "not_of_client" in refused(world.inigo)
    assert "not_staff" in refused(world.nuria)
    assert refused(world.dolores) == "is_requester"


def test_a_reply_is_copied_to_each_person_in_cc_once(
    world: World, ticket: Ticket, pedro: Person, drain: Callable[[], int]
) -> None:
    post = Recorder("portal")
    with only(post):
        with work(Scope.staff(actor_id=world.tomas.id)) as session:
            this = session.get_one(Ticket, ticket.id)
            for person in (world.marta, pedro, world.irene):
                follow(this, person, at=clock.now())
            reply(this, author=world.tomas, body="Arreglado", at=clock.now())
        drain()
    assert [(each.requester_id, each.is_copy) for each in post.sent] == [
        (world.dolores.id, False),
        (world.marta.id, True),
        (pedro.id, True),
    ]


def test_staff_who_follow_are_notified(world: World, ticket: Ticket, drain: Callable[[], int]) -> None:
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        follow(session.get_one(Ticket, ticket.id), world.irene, at=clock.now())
    with work(Scope.client(world.lozano.id)) as session:
        this = session.get_one(Ticket, ticket.id)
        add_detail(this, author=world.dolores, body="Sigue igual", channel="portal", at=clock.now())
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        change_status(session.get_one(Ticket, ticket.id), "resolved", at=clock.now())
    drain()
    with work(Scope.system()) as session:
        told = session.query(Notification).filter_by(person_id=world.irene.id).order_by(Notification.at).all()
        assert {each.kind for each in told} == {"ticket.received", "ticket.status_changed"}


def test_the_page_follows_and_adds_in_cc(web: FlaskClient, world: World, ticket: Ticket, pedro: Person) -> None:
    sign_in(web, world.tomas)
    assert "Pedro Sanz" in web.get(f"{PAGE}/colleagues?typed=ped").text
    web.post(f"{PAGE}/follow")
    assert web.post(f"{PAGE}/cc", data={"typed": "pedro@"}).status_code == 303
    assert web.post(f"{PAGE}/cc", data={"person_id": str(world.inigo.id)}).status_code == 422
    page = web.get(PAGE).text
    assert "Tomás Rey</dd>" in page and "CC añadido: Pedro Sanz" in page and f"{PAGE}/unfollow" in page
    web.post(f"{PAGE}/unfollow")
    web.post(f"{PAGE}/cc/{pedro.id}/remove")
    page = web.get(PAGE).text
    assert "CC quitado: Pedro Sanz" in page and f"{PAGE}/follow" in page


def test_the_api(staff: Program, program: Programs, world: World, ticket: Ticket) -> None:  # noqa: F811
    path = f"/tickets/{ticket.id}/followers"
    assert staff.post(path, json={"person_id": str(world.marta.id)}).status_code == 201
    assert staff.post(path, json={"person_id": str(world.tomas.id)}).status_code == 201
    assert staff.post(path, json={"person_id": str(world.inigo.id)}).status_code == 422
    assert len(staff.get(path).get_json()["items"]) == 2
    assert [each["name"] for each in program(world.marta).get(path).get_json()["items"]] == ["Marta Ruiz"]
    assert program(world.inigo).get(path).status_code == 404
    assert program(world.marta).post(path, json={"person_id": str(world.tomas.id)}).status_code == 403
    assert staff.delete(f"{path}/{world.marta.id}").status_code == 204

"""Guests of other companies: the client's setting, the mark on a person, where it is shown, and the API."""

import pytest
from flask.testing import FlaskClient

from msp.clients.models import Client, Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets.models import Conversation
from msp.tickets.opening import Request, open_ticket
from tests.web.forms import posted
from tests.world import TEAMS_TENANT, World, sign_in


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


@pytest.fixture
def guest(world: World) -> Person:
    """Marta, as a guest."""
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).is_guest = True
    return world.marta


def policy(world: World) -> str:
    with work(Scope.staff()) as session:
        return session.get_one(Client, world.lozano.id).guest_policy


def is_guest(person: Person) -> bool:
    with work(Scope.staff()) as session:
        return session.get_one(Person, person.id).is_guest


def test_the_clients_form_says_what_becomes_of_guests(ana: FlaskClient, world: World) -> None:
    here = f"/admin/clients/{world.lozano.id}/edit"
    form = posted(ana.get(here).text) | {"active": "1"}
    assert form["guest_policy"] == "accept"
    assert ana.post(here, data=form | {"guest_policy": "refuse"}).status_code == 303
    assert policy(world) == "refuse" and posted(ana.get(here).text)["guest_policy"] == "refuse"
    assert "Rechazar: se les indica a quién acudir" in ana.get(f"/admin/clients/{world.lozano.id}").text
    del form["guest_policy"]
    assert ana.post(here, data=form).status_code == 303 and policy(world) == "refuse"  # it was not called
    assert ana.post(here, data=form | {"guest_policy": "maybe"}).status_code == 422 and policy(world) == "refuse"


def test_an_administrator_marks_and_unmarks_a_guest(ana: FlaskClient, world: World, guest: Person) -> None:
    here = f"/admin/people/{guest.id}"
    page = ana.get(here).text
    assert 'name="is_guest" value="1" checked' in page
    form = posted(page) | {"active": "1"}
    assert ana.post(here, data=form).status_code == 303 and not is_guest(guest)
    assert 'name="is_guest" value="1" checked' not in ana.get(here).text
    assert ana.post(here, data=form | {"is_guest": "1"}).status_code == 303 and is_guest(guest)


def test_staff_are_nobodys_guests(ana: FlaskClient, world: World) -> None:
    here = f"/admin/people/{world.tomas.id}"
    page = ana.get(here).text
    assert "is_guest" not in page
    ana.post(here, data=posted(page) | {"active": "1", "is_guest": "1"})
    assert not is_guest(world.tomas)


@pytest.mark.parametrize(("locale", "word"), [("es", "Invitado"), ("en", "Guest")])
def test_a_guest_is_called_one_wherever_they_stand(
    ana: FlaskClient, world: World, guest: Person, locale: str, word: str
) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.ana.id).locale = locale
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="VPN", body="No entra", source="portal")
        open_ticket(world.lozano, requester=guest, request=wanted, at=clock.now())
    pill = f'<span class="pill is-line">{word}</span>'
    pages = ("/desk/tickets/LOZ-1", f"/admin/people/{guest.id}", "/admin/people?kind=clients")
    for path in (*pages, f"/admin/clients/{world.lozano.id}"):
        assert ana.get(path).text.count(pill) == 1, path


def test_a_connection_says_where_it_does_not_reach(ana: FlaskClient, world: World) -> None:
    with work(Scope.client(world.azcarate.id)) as session:
        wanted = Request(subject="VPN", body="No entra", source="teams")
        ticket, _ = open_ticket(world.azcarate, requester=world.inigo, request=wanted, at=clock.now())
        session.flush()
        session.add(
            Conversation(
                id=new_id(), client_id=world.azcarate.id, ticket_id=ticket.id, platform="teams",
                workspace=TEAMS_TENANT, channel="19:a", thread="1", is_personal=False, reference={},
                unreachable_reason="app_removed", created_at=clock.now(),
            )
        )  # fmt: skip
    with work(Scope.system()) as session:
        connection = session.query(Connection).filter_by(kind="teams").one()
        connection.settings = {"removed_from": ["19:a"]}
    page = ana.get("/admin/connections").text
    assert "eliminada de 1 equipo o chat" in page and "sin poder escribir en 1 ticket abierto" in page
    assert "error-text" not in page and "Renovar" not in page  # the connection as a whole works

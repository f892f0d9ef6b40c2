"""People: invitation, access rights, and deactivation."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import ttl_cache
from msp.kernel.db import Scope, work
from msp.people.models import Account, Person
from msp.people.queries import client_ids_of
from tests.web.forms import posted
from tests.world import World, sign_in

FORM = {
    "name": "Julia Vega",
    "email": "julia@guardia.example",
    "role": "technician",
    "tier": "2",
    "locale": "es",
    "timezone": "Europe/Madrid",
}


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def find(email: str) -> Person | None:
    with work(Scope.staff()) as session:
        return session.scalars(select(Person).where(Person.email == email)).one_or_none()


def password_on(page: str) -> str:
    found = re.search(r"<span>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</span>", page)
    assert found is not None
    return found[1]


def sign_in_by_form(web: FlaskClient, email: str, password: str) -> int:
    """303 if sign-in succeeds, 200 if it fails."""
    return web.post("/signin", data={"email": email, "password": password}).status_code


def test_a_technician_with_a_first_password_that_works_and_is_not_shown_twice(ana: FlaskClient) -> None:
    answer = ana.post("/admin/people/new", data=FORM | {"invite": "1", "idempotency_key": "k"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    password = password_on(answer.text)
    again = ana.post("/admin/people/new", data=FORM | {"invite": "1", "idempotency_key": "k"})
    assert again.status_code == 303
    added = find("julia@guardia.example")
    assert added is not None and (added.role, added.tier, added.client_id) == ("technician", 2, None)
    browser = ana.application.test_client()
    assert sign_in_by_form(browser, "julia@guardia.example", "not-" + password) == 200
    assert sign_in_by_form(browser, "julia@guardia.example", password) == 302
    assert browser.get("/desk/mine").status_code == 200


def test_somebody_of_a_client_without_a_password(ana: FlaskClient, world: World) -> None:
    form = FORM | {"role": "client_employee", "client_id": str(world.lozano.id), "email": "", "is_vip": "1"}
    assert ana.post("/admin/people/new", data=form).status_code == 303
    page = ana.get("/admin/people", query_string={"kind": "clients", "client": str(world.lozano.id), "q": "julia"}).text
    assert "Julia Vega" in page and "Ferretería Lozano" in page and "Marta" not in page
    with work(Scope.staff()) as session:
        added = session.scalars(select(Person).where(Person.name == "Julia Vega")).one()
    assert added.is_vip and added.tier is None and added.client_id == world.lozano.id


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "Campo obligatorio"),
        ({"email": "julia"}, "nombre@empresa.example"),
        ({"email": "TOMAS@guardia.example"}, "Esa dirección ya está en uso"),
        ({"email": "", "invite": "1"}, "Campo obligatorio"),
        ({"role": "client_manager"}, "no está disponible para personas de esta empresa"),
        ({"role": "owner"}, "Valor desconocido"),
        ({"timezone": "Mars/Base"}, "Valor desconocido"),
        ({"client_id": "x"}, "No es válido"),
    ],
)
def test_what_does_not_fit_makes_nobody(ana: FlaskClient, change: dict[str, str], sentence: str) -> None:
    answer = ana.post("/admin/people/new", data=FORM | change)
    assert answer.status_code == 422 and sentence in answer.text
    assert find("julia@guardia.example") is None


def test_an_address_that_signs_somebody_else_in_makes_nobody(ana: FlaskClient, world: World) -> None:
    form = FORM | {"email": "marta@lozano.example", "invite": "1"}  # used by her at the client; free among staff
    answer = ana.post("/admin/people/new", data=form)
    assert answer.status_code == 422 and "Esa dirección ya está en uso" in answer.text
    with work(Scope.staff()) as session:
        assert session.scalars(select(Person).where(Person.name == "Julia Vega")).all() == []


def test_the_restricted_have_their_clients(ana: FlaskClient, world: World) -> None:
    page = f"/admin/people/{world.tomas.id}"
    form = posted(ana.get(page).text) | {"active": "1", "is_restricted": "1", "client_ids": str(world.azcarate.id)}
    assert ana.post(page, data=form).status_code == 303
    with work(Scope.staff()):
        assert client_ids_of(world.tomas.id) == (world.azcarate.id,)
    form.pop("is_restricted")
    ana.post(page, data=form)
    with work(Scope.staff()):
        assert client_ids_of(world.tomas.id) == ()


def test_whoever_is_not_active_is_signed_out_and_stays_out(ana: FlaskClient, world: World) -> None:
    tomas = sign_in(ana.application.test_client(), world.tomas)
    assert tomas.get("/desk/mine").status_code == 200
    page = f"/admin/people/{world.tomas.id}"
    form = posted(ana.get(page).text)
    assert ana.post(page, data=form).status_code == 303  # with "active" unticked
    ttl_cache.clear()  # a second later
    assert tomas.get("/desk/mine").status_code == 302
    assert "Tomás" in ana.get("/admin/people?kind=gone").text and "Tomás" not in ana.get("/admin/people").text
    ana.post(page, data=form | {"active": "1"})
    ttl_cache.clear()
    assert tomas.get("/desk/mine").status_code == 302  # the old session stays invalid
    assert sign_in(tomas, world.tomas).get("/desk/mine").status_code == 200


def test_a_new_password_ends_every_session(ana: FlaskClient, world: World) -> None:
    dolores = sign_in(ana.application.test_client(), world.dolores)
    answer = ana.post(f"/admin/people/{world.dolores.id}/password")
    password = password_on(answer.text)
    assert dolores.get("/portal/").status_code == 302
    assert sign_in_by_form(dolores, "dolores@lozano.example", password) == 302


def test_a_new_address_signs_in(ana: FlaskClient, world: World) -> None:
    page = f"/admin/people/{world.irene.id}"
    ana.post(page, data=posted(ana.get(page).text) | {"active": "1", "email": "irene.navas@guardia.example"})
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.person_id == world.irene.id)).one()
    assert account.email == "irene.navas@guardia.example"


@pytest.mark.parametrize("change", [{}, {"active": "1", "role": "technician"}, {"active": "1", "is_restricted": "1"}])
def test_nobody_locks_themselves_out(ana: FlaskClient, world: World, change: dict[str, str]) -> None:
    page = f"/admin/people/{world.ana.id}"
    answer = ana.post(page, data=posted(ana.get(page).text) | change)
    assert answer.status_code == 422 and "No puedes quitártelo" in answer.text
    assert ana.get("/admin/people").status_code == 200


def test_somebody_of_a_client_never_becomes_staff(ana: FlaskClient, world: World) -> None:
    page = f"/admin/people/{world.marta.id}"
    answer = ana.post(page, data=posted(ana.get(page).text) | {"active": "1", "role": "administrator"})
    assert answer.status_code == 422
    marta = find("marta@lozano.example")
    assert marta is not None and marta.role == "client_employee"

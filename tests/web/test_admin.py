"""Access to administration, and its navigation."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Scope, work
from tests.world import World, sign_in

PAGES = (
    "/admin/clients",
    "/admin/clients/new",
    "/admin/contracts",
    "/admin/contracts/new",
    "/admin/calendars",
    "/admin/calendars/new",
    "/admin/people",
    "/admin/people/new",
    "/admin/people?kind=clients",
    "/admin/people?kind=gone",
    "/admin/connections",
    "/admin/connections/new",
    "/admin/deliveries",
    "/admin/macros",
    "/admin/macros/new",
    "/admin/settings",
)
READ_BY_LEADS = ("/admin/clients", "/admin/contracts")
OF_LEADS = ("/admin/macros", "/admin/macros/new")
OF_MANAGERS = (*READ_BY_LEADS, "/admin/clients/new", "/admin/contracts/new")


def own_pages(world: World) -> tuple[str, ...]:
    return (
        f"/admin/clients/{world.lozano.id}",
        f"/admin/clients/{world.lozano.id}/edit",
        f"/admin/contracts/{world.lozano_contract.id}",
        f"/admin/calendars/{world.calendar.id}",
        f"/admin/people/{world.marta.id}",
        f"/admin/people/{world.nuria.id}",
    )


def posts(app: Flask) -> Iterator[str]:
    """Every administration route that accepts POST, with ids that do not exist."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin.") and "POST" in (rule.methods or ()):
            nobody = {
                name: 2026 if name == "year" else "00000000-0000-7000-8000-000000000000" for name in rule.arguments
            }
            yield app.url_map.bind("").build(rule.endpoint, nobody, method="POST")


def test_strangers_are_sent_to_sign_in(web: FlaskClient, world: World) -> None:
    for page in (*PAGES, *own_pages(world)):
        answer = web.get(page)
        assert answer.status_code == 302 and "/signin?next=/admin/" in answer.location, page
    for page in posts(web.application):
        assert "/signin" in web.post(page).location, page


def test_people_of_clients_find_nothing(web: FlaskClient, world: World) -> None:
    for person in (world.dolores, world.marta):
        sign_in(web, person)
        assert {web.get(page).status_code for page in (*PAGES, *own_pages(world))} == {404}
        assert {web.post(page).status_code for page in posts(web.application)} == {404}


def test_technicians_are_refused(web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    assert {web.get(page).status_code for page in (*PAGES, *own_pages(world))} == {403}
    assert {web.post(page).status_code for page in posts(web.application)} == {403}
    assert "/admin/" not in web.get("/desk/team").text


def test_team_leads_read_what_was_agreed_and_change_macros_alone(web: FlaskClient, world: World) -> None:
    sign_in(web, world.rosa)
    assert {page for page in PAGES if web.get(page).status_code == 200} == {*READ_BY_LEADS, *OF_LEADS}
    contract = web.get(f"/admin/contracts/{world.lozano_contract.id}")
    assert contract.status_code == 200 and "disabled" in contract.text and ">Guardar<" not in contract.text
    client = web.get(f"/admin/clients/{world.lozano.id}")
    assert client.status_code == 200 and "/edit" not in client.text and "remove" not in client.text
    theirs = {page for page in posts(web.application) if page.startswith("/admin/macros/")}
    assert {web.post(page).status_code for page in posts(web.application) if page not in theirs} == {403}
    assert {web.post(page).status_code for page in theirs} == {404, 422}


def test_account_managers_have_clients_and_contracts(web: FlaskClient, world: World) -> None:
    sign_in(web, world.carmen)
    assert {page for page in PAGES if web.get(page).status_code == 200} == set(OF_MANAGERS)
    rail = web.get("/admin/clients").text
    assert "/admin/contracts" in rail and "/admin/people" not in rail and "/admin/settings" not in rail


@pytest.mark.parametrize("locale", ["es", "en"])
def test_administrators_see_every_page_in_their_language(web: FlaskClient, world: World, locale: str) -> None:
    with work(Scope.system()) as session:
        session.get_one(type(world.ana), world.ana.id).locale = locale
    sign_in(web, world.ana)
    for page in (*PAGES, *own_pages(world)):
        answer = web.get(page)
        assert answer.status_code == 200, page
        assert f'<html lang="{locale}"' in answer.text


def test_ids_of_nothing_are_not_found(web: FlaskClient, world: World) -> None:
    sign_in(web, world.ana)
    nobody = "00000000-0000-7000-8000-000000000000"
    for page in ("clients", "contracts", "calendars", "people"):
        assert web.get(f"/admin/{page}/{nobody}").status_code == 404
    assert web.post(f"/admin/unknown/{nobody}/ignore").status_code == 404
    assert web.post("/admin/deliveries/rubbish-1/retry").status_code == 404


def test_staff_for_some_clients_see_only_those(web: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        person = session.get_one(type(world.nuria), world.nuria.id)
        person.role = "account_manager"
    sign_in(web, world.nuria)
    page = web.get("/admin/clients").text
    assert "Azcárate" in page and "Lozano" not in page and "/admin/clients/new" not in page
    assert "Lozano" not in web.get("/admin/contracts").text
    assert web.get(f"/admin/clients/{world.lozano.id}").status_code == 404
    assert web.get(f"/admin/contracts/{world.lozano_contract.id}").status_code == 404
    assert web.get(f"/admin/clients/{world.azcarate.id}/edit").status_code == 403
    assert web.post("/admin/clients/new", data={"name": "Ñ", "code": "ENE"}).status_code == 403


def test_the_rail_counts_who_waits_in_red(web: FlaskClient, world: World) -> None:
    sign_in(web, world.ana)
    assert "tone-red" not in web.get("/admin/clients").text
    with work(Scope.system()):
        note_unknown("slack", "T0STRANGE", at=clock.now())
    assert '<span class="count tone-red">1</span>' in web.get("/admin/clients").text

"""The checklist of a new installation, its simulated workspace, and a contract before any calendar."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.calendars.models import Calendar
from msp.calendars.queries import to_value
from msp.clients.actions import add_client
from msp.clients.models import Connection
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.people.actions import add_account, add_person
from msp.web.admin.contracts import USUAL
from tests.world import World, sign_in


def test_each_step_ticks_itself_and_the_menu_entry_goes_with_the_last(web: FlaskClient, world: World) -> None:
    page = sign_in(web, world.ana).get("/admin/first-steps").text
    assert page.count('class="line-row is-done"') == 6  # no ticket or invoice yet
    assert page.count("btn is-primary") == 1
    assert "/admin/first-steps" in web.get("/admin/settings").text


@pytest.mark.parametrize(("who", "status"), [("tomas", 403), ("carmen", 403), ("marta", 404), ("ana", 200)])
def test_only_administrators_see_it(web: FlaskClient, world: World, who: str, status: int) -> None:
    assert sign_in(web, getattr(world, who)).get("/admin/first-steps").status_code == status


def test_a_contract_before_any_calendar_gets_office_hours(app: Flask, web: FlaskClient) -> None:
    with work(Scope.system()):
        client = add_client(code="LOZ", name="Ferretería Lozano", at=clock.now())
        ana = add_person(
            client_id=None, name="Ana", email="ana@msp.example", role="administrator", locale="es",
            timezone="Europe/Madrid", at=clock.now(),
        )  # fmt: skip
        db.session.flush()
        add_account(ana, password=None, at=clock.now())
    sign_in(web, ana)
    form = web.get(f"/admin/contracts/new?client_id={client.id}").text
    chosen = "0" * 32
    assert f'<option value="{chosen}">Nuevo: horario de oficina' in form
    said = USUAL | {"client_id": str(client.id), "calendar_id": chosen, "name": "Básico", "kind": "time_and_materials"}
    assert web.post("/admin/contracts/new", data=said | {"starts_on": "mañana"}).status_code == 422
    with work(Scope.system()):
        assert db.session.scalars(db.select(Calendar)).all() == []  # a refused form leaves nothing behind
    answer = web.post("/admin/contracts/new", data=said | {"starts_on": "2026-11-01"})
    assert answer.status_code == 303, re.findall("field-error.*", answer.text)
    with work(Scope.system()):
        calendar = to_value(db.session.scalars(db.select(Calendar)).one())
        assert calendar.weekly == dict.fromkeys(range(5), ((540, 1080),))
        assert any(day.month == 12 and day.day == 25 for day in calendar.holiday_names)


def test_outside_a_demonstration_there_is_no_simulated_workspace(web: FlaskClient, world: World) -> None:
    """This application was made without the playground."""
    sign_in(web, world.ana)
    assert "simulado" not in web.get("/admin/connections").text
    said = {"client_id": str(world.azcarate.id)}
    assert web.post("/admin/simulated-workspaces", data=said).status_code == 404
    with work(Scope.system()):
        assert db.session.scalars(db.select(Connection).where(Connection.client_id == world.azcarate.id)).one()

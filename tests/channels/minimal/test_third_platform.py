"""A channel that exists in this folder alone is served by pages, API, doctor and deliveries like any other."""

from collections.abc import Callable, Iterator

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from msp.clients.models import Connection
from msp.config import Settings
from msp.doctor.machine import integrations_are_on
from msp.kernel import clock, crypto
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.tokens import add_token
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Failure
from tests.channels.minimal.driver import DRIVER, MinimalDriver
from tests.channels.minimal.server import KEY
from tests.world import World, sign_in


@pytest.fixture
def minimal(app: Flask, world: World, served: None) -> Iterator[MinimalDriver]:
    """The platform with its people; nobody is connected."""
    DRIVER.begin(world)
    with work(Scope.system()) as session:
        session.execute(delete(Connection))
    DRIVER.app.test_client_class, DRIVER.app.config["WTF_CSRF_ENABLED"] = app.test_client_class, False
    yield DRIVER
    DRIVER.end()


@pytest.fixture
def ana(minimal: MinimalDriver, world: World) -> FlaskClient:
    """Ana, administrator, in a browser."""
    return sign_in(minimal.app.test_client(), world.ana)


def connection() -> Connection:
    with work(Scope.system()) as session:
        return session.scalars(select(Connection).where(Connection.kind == "minimal")).one()


def fields(minimal: MinimalDriver, **more: str) -> dict[str, str]:
    values = {"kind": "minimal", "space_id": "lozano", "address": f"{minimal.running.url}/", "api_key": KEY}
    return values | more


def test_connected_on_the_page_it_opens_tickets_and_brings_replies(
    minimal: MinimalDriver, ana: FlaskClient, world: World, drain: Callable[[], int]
) -> None:
    form = ana.get("/admin/connections/new?kind=minimal").text
    assert (
        "Ask the server&#39;s owner for a key." in form and 'name="space_id"' in form and 'name="team_id"' not in form
    )
    wrong = ana.post("/admin/connections/new", data=fields(minimal, address="ftp://here"))
    assert wrong.status_code == 422 and KEY not in wrong.text
    made = ana.post("/admin/connections/new", data=fields(minimal, client_id=str(world.lozano.id)))
    assert made.status_code == 303
    assert connection().settings == {"address": minimal.running.url}
    assert crypto.unseal(connection().secret or "") == KEY
    desk = Desk(minimal, world, drain)
    minimal.say(MARTA, "El TPV no cobra")
    desk.work()
    desk.reply("Lo miro")
    desk.work()
    assert (desk.ticket().requester_id, desk.ticket().source) == (world.marta.id, "minimal")
    assert minimal.seen(MARTA)[-1].text == "LOZ-1 · Tomás Rey\nLo miro"
    assert {each["key"] for each in minimal.server.posted[MARTA.key]} == {KEY}
    assert "Sent by Minimal" in ana.get("/desk/tickets/LOZ-1").text


def test_connected_by_the_api(minimal: MinimalDriver, world: World) -> None:
    with work(Scope.system()):
        token = add_token(world.ana, role="admin", name="tests", at=clock.now())
    web, headers = minimal.app.test_client(), {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/clients/{world.lozano.id}/connections"
    refused = web.post(path, json={"kind": "minimal", "address": "here", "team_id": "T1"}, headers=headers).get_json()
    assert refused["errors"] == {
        "space_id": ["required"],
        "api_key": ["required"],
        "address": ["invalid"],
        "team_id": ["unknown_field"],
    }
    made = web.post(path, json=fields(minimal), headers=headers)
    assert made.status_code == 201 and KEY not in made.text
    shown = made.get_json()
    assert (shown["space_id"], shown["address"], shown["has_token"]) == ("lozano", minimal.running.url, True)
    described = web.get("/api/v1/openapi.json").get_json()["components"]["schemas"]["ConnectionIn"]["properties"]
    assert {"space_id", "api_key", "team_id", "tenant_id"} <= described.keys()


def test_listed_by_doctor_and_pages(minimal: MinimalDriver, ana: FlaskClient, settings: Settings) -> None:
    assert "Minimal is on" in {each.what for each in integrations_are_on(settings)}
    page = ana.get("/admin/connections").text
    assert "Messages come to the address here." in page and "/minimal/events" in page
    assert "Minimal" in ana.get("/admin/settings").text


def test_failures_in_its_own_words(
    minimal: MinimalDriver, ana: FlaskClient, world: World, drain: Callable[[], int]
) -> None:
    ana.post("/admin/connections/new", data=fields(minimal, client_id=str(world.lozano.id)))
    minimal.server.people.clear()
    minimal.say(MARTA, "El TPV no cobra")
    drain()
    with work(Scope.system()) as session:
        assert session.scalars(select(Inbound.state)).all() == ["dead"]
    page = ana.get("/admin/deliveries").text
    assert "<q>El TPV no cobra</q>" in page and "Minimal lo rechazó (404)." in page
    minimal.begin(world)
    desk = Desk(minimal, world, drain)
    minimal.say(MARTA, "La impresora no imprime")
    desk.work()
    minimal.fail(Failure.GONE, times=None)
    desk.reply("Lo miro")
    desk.work()
    assert desk.unreachable() == ["space_closed"]
    assert "The space in Minimal is closed." in ana.get("/desk/tickets/LOZ-1").text


def test_only_who_has_the_secret_is_heard(minimal: MinimalDriver) -> None:
    assert requests.post(minimal.endpoint, json={"id": "e0"}, timeout=5).status_code == 401

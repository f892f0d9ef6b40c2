"""An administrator limited to some clients sees and handles only their failed deliveries."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock, inbox
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.models import Person, StaffClient
from tests.world import World, sign_in


@pytest.fixture
def rows(world: World) -> dict[str, int]:
    """Failed rows of Lozano, of Azcárate and without a client."""
    for name, client in (("Lozano", world.lozano), ("Azcárate", world.azcarate), ("nobody", None)):
        client_id = client.id if client else None
        inbox.store(
            "slack", name, {"event": {"type": "message", "text": f"Secreto de {name}"}}, key=name, client_id=client_id
        )
    with work(Scope.system()) as session:
        for row in session.scalars(select(Inbound)):
            row.state, row.reason = "dead", "x"
        return {row.external_id: row.id for row in session.scalars(select(Inbound))}


@pytest.fixture
def eva(app: Flask, world: World) -> FlaskClient:
    """An administrator who works for Azcárate only."""
    with work(Scope.system()) as session:
        carmen = session.get_one(Person, world.carmen.id)
        carmen.role, carmen.is_restricted = "administrator", True
        session.add(StaffClient(client_id=world.azcarate.id, person_id=carmen.id))
    return sign_in(app.test_client(), world.carmen)


def states() -> dict[str, str]:
    with work(Scope.system()) as session:
        return {row.external_id: row.state for row in session.scalars(select(Inbound))}


def test_only_theirs_are_shown_and_counted(app: Flask, world: World, rows: dict[str, int], eva: FlaskClient) -> None:
    page = eva.get("/admin/deliveries").text
    assert "Secreto de Azcárate" in page and "Lozano" not in page and "nobody" not in page
    assert "Fallidas · 1" in page or "Fallidos · 1" in page
    assert sign_in(app.test_client(), world.ana).get("/admin/deliveries").text.count("Secreto de") == 3


@pytest.mark.parametrize("verb", ["retry", "drop"])
@pytest.mark.parametrize("whose", ["Lozano", "nobody"])
def test_others_cannot_be_handled(rows: dict[str, int], eva: FlaskClient, verb: str, whose: str) -> None:
    assert eva.post(f"/admin/deliveries/inbound-{rows[whose]}/{verb}").status_code == 404
    assert eva.post(f"/admin/deliveries/inbound-{rows['Azcárate']}/{verb}").status_code == 303
    assert states()[whose] == "dead" and states()["Azcárate"] != "dead"


def test_all_at_once_means_all_of_theirs(rows: dict[str, int], eva: FlaskClient) -> None:
    assert eva.post("/admin/deliveries/retry").status_code == 303
    assert states() == {"Lozano": "dead", "Azcárate": "pending", "nobody": "dead"}


def test_mails_in_doubt_are_for_those_who_see_all(app: Flask, world: World, eva: FlaskClient) -> None:
    assert eva.get("/admin/deliveries/in-doubt").status_code == 403
    assert "in-doubt" not in eva.get("/admin/deliveries").text
    assert clock.now()

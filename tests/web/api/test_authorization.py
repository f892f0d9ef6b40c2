"""Every route of the API without a token, as another client, and as staff limited to other clients."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.web.api.conftest import Program, Programs
from tests.web.api.test_conversation import WORK
from tests.web.api.test_desk_data import TARGETS
from tests.web.api.test_tickets import opened
from tests.world import World

METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")
BODIES = {
    ("POST", "/tickets/{ticket_id}/messages"): {"body": "Hola"},
    ("POST", "/tickets/{ticket_id}/followers"): {"person_id": str(UUID(int=9))},
    ("POST", "/tickets/{ticket_id}/hand-off"): {"tier": 2, "needed": "Acceso"},
    ("POST", "/tickets/{ticket_id}/links"): {"relation": "related"},
    ("POST", "/tickets/{ticket_id}/requester-actions"): {"action": "reopen"},
    ("POST", "/tickets/{ticket_id}/move-messages"): {"message_ids": []},
    ("PUT", "/tickets/{ticket_id}/rating"): {"rating": "good"},
    ("POST", "/tickets/{ticket_id}/split"): {"message_ids": [], "subject": "Otro"},
    ("POST", "/tickets/{ticket_id}/time-entries"): WORK,
    ("POST", "/clients/{client_id}/connections"): {
        "kind": "teams",
        "tenant_id": str(UUID(int=9)),
    },
}


def operations(app: Flask) -> list[tuple[str, str]]:
    """(method, path template) of every API operation, other packages' resources included."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.startswith(("api-unknown", "api_description")):
            path = rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace("<int:", "{").replace(">", "}")
            found |= {(method, path) for method in METHODS if method in (rule.methods or ())}
    return sorted(found)


@pytest.fixture
def lozanos(staff: Program, admin: Program, world: World) -> dict[str, str]:
    """Ids of Lozano's data, by the names of path parameters."""
    ticket = opened(staff, world)
    entry = staff.post(f"/tickets/{ticket['id']}/time-entries", WORK).get_json()
    connection = admin.get(f"/clients/{world.lozano.id}/connections").get_json()["items"][0]
    return {
        "client_id": str(world.lozano.id),
        "ticket_id": str(ticket["id"]),
        "entry_id": str(entry["id"]),
        "connection_id": str(connection["id"]),
        "contract_id": str(world.lozano_contract.id),
    }


def ours(app: Flask, lozanos: dict[str, str]) -> list[tuple[str, str, Any]]:
    """Every operation of this package on data of Lozano, ready to call."""
    calls = []
    for method, path in operations(app):
        if "{" in path and all(name in lozanos for name in _names(path)):
            calls.append((method, path.format(**lozanos), BODIES.get((method, path), {})))
    return calls


def test_nobody_gets_anything(app: Flask, program: Programs, world: World) -> None:
    nobody = program()
    some_id = "019371f0-0000-7000-8000-000000000000"
    assert len(operations(app)) >= 24
    for method, path in operations(app):
        answer = nobody.call(method, path.format(**(dict.fromkeys(_names(path), some_id) | {"year": "2026"})), json={})
        assert answer.status_code == 401, (method, path)
        assert answer.content_type == "application/problem+json"
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("who", ["inigo", "nuria"])
def test_what_is_lozanos_does_not_exist_for_others(
    app: Flask, program: Programs, world: World, lozanos: dict[str, str], who: str
) -> None:
    other = program(getattr(world, who))
    assert len(ours(app, lozanos)) >= 14
    for method, path, body in ours(app, lozanos):
        answer = other.call(method, path, json=None if method == "GET" else body)
        assert answer.status_code == 404, (method, path, answer.data)


@pytest.mark.parametrize("who", ["inigo", "nuria"])
def test_lists_show_nothing_of_lozano(program: Programs, world: World, lozanos: dict[str, str], who: str) -> None:
    other = program(getattr(world, who))
    for path in ("/tickets", f"/tickets?client_id={world.lozano.id}", "/tickets?q=LOZ-1", "/tickets?order=due"):
        assert other.get(path).get_json()["items"] == []
    assert [each["code"] for each in other.get("/clients").get_json()["items"]] == ["AZC"]
    people = other.get("/people").get_json()["items"]
    assert {each["client_id"] for each in people} <= {None, str(world.azcarate.id)}
    assert other.get(f"/people?client_id={world.lozano.id}").get_json()["items"] == []


@pytest.mark.parametrize("who", ["inigo", "nuria"])
def test_nothing_is_made_for_lozano_by_others(program: Programs, world: World, who: str) -> None:
    other = program(getattr(world, who))
    lozano = str(world.lozano.id)
    ticket = {"client_id": lozano, "requester_id": str(world.marta.id), "subject": "Hola"}
    person = {"client_id": lozano, "name": "Topo", "role": "client_employee"}
    contract = {
        "client_id": lozano,
        "kind": "per_ticket",
        "starts_on": "2026-12-01",
        "calendar_id": str(world.calendar.id),
        "sla_targets": TARGETS,
    }
    for path, body in (("/tickets", ticket), ("/people", person), ("/contracts", contract)):
        assert other.post(path, body).status_code == 404, path


def test_restricted_staff_works_for_its_own_clients(program: Programs, world: World) -> None:
    nuria = program(world.nuria)
    ticket = {"client_id": str(world.azcarate.id), "requester_id": str(world.inigo.id), "subject": "VPN caída"}
    made = nuria.post("/tickets", ticket)
    assert made.status_code == 201
    assert nuria.post(f"/tickets/{made.get_json()['id']}/messages", {"body": "On it."}).status_code == 201
    assert program(world.inigo).get(f"/tickets/{made.get_json()['id']}").status_code == 200


def test_a_client_sees_no_note_in_any_answer(staff: Program, manager: Program, lozanos: dict[str, str]) -> None:
    path = f"/tickets/{lozanos['ticket_id']}"
    staff.post(f"{path}/messages", {"body": "zarzaparrilla", "visibility": "internal"})
    for part in ("", "/messages", "/events"):
        answer = manager.get(path + part)
        assert answer.status_code == 200
        assert b"zarzaparrilla" not in answer.data
        assert b"internal" not in answer.data


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]

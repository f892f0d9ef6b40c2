"""The OpenAPI description: complete, valid, and matching the API's answers."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.api.conftest import Program
from tests.web.api.test_authorization import operations
from tests.web.api.test_conversation import WORK
from tests.web.api.test_desk_data import CALENDAR, CLIENT, contract
from tests.web.api.test_tickets import asked, opened
from tests.world import World

Json = dict[str, Any]
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


@pytest.fixture
def spec(web: FlaskClient) -> Json:
    """The description as published."""
    answer = web.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_it_is_openapi_and_every_route_is_in_it(app: Flask, spec: Json) -> None:
    assert spec["openapi"].startswith("3.1")
    assert {"title", "version", "description"} <= spec["info"].keys()
    described = {
        (method.upper(), path.removeprefix("/api/v1")) for path, each in spec["paths"].items() for method in each
    }
    assert described == set(operations(app))
    assert spec["security"] == [{"bearer": []}]


def test_every_operation_says_what_it_does_takes_and_answers(spec: Json) -> None:
    seen = set()
    for path, operations_here in spec["paths"].items():
        for method, operation in operations_here.items():
            where = f"{method} {path}"
            assert operation["summary"].endswith("."), where
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
            in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path)), where
            assert all(each["required"] for each in operation["parameters"] if each["in"] == "path"), where
            assert {"401", "403"} <= operation["responses"].keys(), where
            assert ("404" in operation["responses"]) is bool(in_path), where
            assert any(code.startswith("2") for code in operation["responses"]), where
            assert (method == "post") is any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
            for answer in operation["responses"].values():
                assert "description" in resolved(spec, answer), where


def test_every_reference_leads_somewhere_and_every_type_is_known(spec: Json) -> None:
    def walk(node: object) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                assert resolved(spec, node)
            kind = node.get("type")
            if isinstance(kind, str | list) and "in" not in node:
                kinds = [kind] if isinstance(kind, str) else kind
                assert set(kinds) <= TYPES.keys() | {"http"}, node
            assert node.get("nullable") is None, node  # the keyword of OpenAPI 3.0
            for each in node.values():
                walk(each)

    walk({name: part for name, part in spec.items() if name != "components"})
    walk(spec["components"]["responses"])
    for shape in spec["components"]["schemas"].values():
        assert shape["type"] == "object"
        for each in shape["properties"].values():
            walk(each)


def test_what_is_answered_is_what_is_described(spec: Json, admin: Program, world: World) -> None:
    ticket = opened(admin, world)
    path = f"/tickets/{ticket['id']}"
    admin.patch(path, {"assignee_id": str(world.irene.id)})
    connection = {"kind": "slack", "team_id": "T9", "bot_token": "xoxb-9"}
    made = admin.post(f"/clients/{world.azcarate.id}/connections", connection).get_json()
    entry = admin.post(f"{path}/time-entries", WORK).get_json()
    agreement = admin.post("/contracts", contract(world)).get_json()
    some = {
        "client_id": str(world.azcarate.id),
        "ticket_id": ticket["id"],
        "contract_id": agreement["id"],
        "entry_id": entry["id"],
        "connection_id": made["id"],
    }
    bodies: dict[tuple[str, str], Json] = {
        ("post", "/clients"): CLIENT,
        ("patch", "/clients/{client_id}"): {"sector": "Abogacía"},
        ("post", "/clients/{client_id}/connections"): {
            "kind": "teams",
            "tenant_id": str(UUID(int=9)),
        },
        ("post", "/people"): {"name": "Pau", "role": "technician"},
        ("post", "/calendars"): CALENDAR,
        ("post", "/contracts"): contract(world),
        ("patch", "/contracts/{contract_id}"): {"po_number": "P-1"},
        ("post", "/tickets"): asked(world),
        ("patch", "/tickets/{ticket_id}"): {"priority": "low"},
        ("post", "/tickets/{ticket_id}/messages"): {"body": "Hola"},
        ("post", "/tickets/{ticket_id}/time-entries"): WORK,
        ("patch", "/time-entries/{entry_id}"): {"minutes": 5},
    }
    queries = {"/search": "?q=tpv"}
    order = ("get", "post", "patch", "delete")
    ours = [(method, full) for method in order for full in spec["paths"] if method in spec["paths"][full]]
    checked = 0
    for method, full in ours:
        template = full.removeprefix("/api/v1")
        body = bodies.get((method, template))
        if method != "delete" and (method, template) not in bodies and (method != "get" or not known(template, some)):
            continue  # another package's resource, covered by its own tests
        if method == "delete" and not known(template, some):
            continue
        operation = spec["paths"][full][method]
        if body is not None:
            shape = operation["requestBody"]["content"]["application/json"]["schema"]
            assert faults(spec, shape, body) == [], (method, full)
        answer = (
            admin.call(method.upper(), template.format(**some), json=body)
            if body
            else admin.call(method.upper(), template.format(**some) + queries.get(template, ""))
        )
        described = operation["responses"][str(answer.status_code)]
        if answer.status_code != 204:
            shape = described["content"]["application/json"]["schema"]
            assert faults(spec, shape, answer.get_json(), whole=True) == [], (method, full)
        checked += 1
    assert checked >= 24


def test_problems_are_described_too(spec: Json, admin: Program) -> None:
    for answer in (admin.get("/nothing"), admin.post("/tickets", {}), admin.get("/tickets?limit=x")):
        assert faults(spec, {"$ref": "#/components/schemas/Problem"}, answer.get_json()) == []


def test_a_wrong_answer_would_be_noticed(spec: Json, admin: Program, world: World) -> None:
    ticket = opened(admin, world)
    shape = {"$ref": "#/components/schemas/Ticket"}
    assert faults(spec, shape, ticket, whole=True) == []
    for wrong in ({"tier": "1"}, {"created_at": "yesterday"}, {"id": 7}, {"sla": [{"kind": 1}]}, {"subject": None}):
        assert faults(spec, shape, ticket | wrong, whole=True), wrong
    del ticket["queue"]
    assert faults(spec, shape, ticket, whole=True) == ["queue: missing"]


def test_its_page_stands_alone(web: FlaskClient) -> None:
    answer = web.get("/api/docs")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "/api/v1/tickets/{ticket_id}/time-entries" in page
    assert "Idempotency-Key" in page
    assert 'id="shape-Ticket"' in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script>" not in page
    assert " style=" not in page
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def known(template: str, some: Json) -> bool:
    """Whether the path belongs to this package and its parameters are available."""
    names = re.findall(r"{(\w+)}", template)
    return all(name in some for name in names) and template.split("/")[1] not in ("invoices", "invoice-runs")


def resolved(spec: Json, node: Json) -> Json:
    """A schema with its reference resolved."""
    if "$ref" not in node:
        return node
    found: Any = spec
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def faults(spec: Json, shape: Json, value: Any, *, whole: bool = False, at: str = "") -> list[str]:
    """Where a value departs from its schema; `whole` requires every described property."""
    shape = resolved(spec, shape)
    for either in ("anyOf", "oneOf"):
        if either in shape:
            ways = [faults(spec, each, value, whole=whole, at=at) for each in shape[either]]
            return [] if [] in ways else [f"{at}: fits nothing"]
    kinds = shape.get("type", list(TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(isinstance(value, TYPES[kind]) for kind in kinds) or (
        isinstance(value, bool) and "boolean" not in kinds
    ):
        return [f"{at}: {value!r} is no {kinds}"]
    found = [] if "enum" not in shape or value in shape["enum"] else [f"{at}: {value!r} is not in the list"]
    if isinstance(value, str):
        found += [] if fits_format(value, shape.get("format")) else [f"{at}: {value!r} is no {shape['format']}"]
    if isinstance(value, list) and "items" in shape:
        for place, each in enumerate(value):
            found += faults(spec, shape["items"], each, whole=whole, at=f"{at}.{place}".lstrip("."))
    if isinstance(value, dict):
        found += object_faults(spec, shape, value, whole=whole, at=at)
    return found


def object_faults(spec: Json, shape: Json, value: Json, *, whole: bool, at: str) -> list[str]:
    """The faults of an object's properties."""
    properties: Json = shape.get("properties", {})
    wanted = properties.keys() if whole else shape.get("required", ())
    found = [f"{at}.{name}: missing".lstrip(".") for name in wanted if name not in value]
    rest = shape.get("additionalProperties", {})
    for name, each in value.items():
        part = f"{at}.{name}".lstrip(".")
        if name in properties:
            found += faults(spec, properties[name], each, whole=whole, at=part)
        elif rest is False or (properties and whole):
            found.append(f"{part}: not described")
        elif isinstance(rest, dict):
            found += faults(spec, rest, each, whole=whole, at=part)
    return found


def fits_format(text: str, name: str | None) -> bool:
    """Whether a string has the format of its schema."""
    readers: dict[str, Callable[[str], object]] = {
        "uuid": UUID,
        "date": date.fromisoformat,
        "date-time": datetime.fromisoformat,
    }
    try:
        readers.get(name or "", str)(text)
    except ValueError:
        return False
    return name != "date-time" or text.endswith(("Z", "+01:00"))

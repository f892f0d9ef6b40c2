"""Every route with unexpected parameters, in every role: refused with a sentence, never a server error."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

ODD = {
    "letters": "x",
    "nothing": "",
    "negative": "-1",
    "huge": "9" * 30,
    "fraction": "1e309",
    "no date": "0001-01",
    "last day": "9999-12-31",
    "day that is none": "2026-02-30",
    "long": "ñ" * 300,
    "superscript": "²",
    "control": "\x01\x1b\u202e",
    "object": '{"a": [1]}',
    "cursor": "WyJ4Il0",
}
NAMES = (
    "order", "period", "page", "from", "to", "month", "day", "date", "on", "at", "year", "q", "client", "client_id",
    "tier", "status", "all", "older", "full", "limit", "cursor", "before", "after", "since", "kind", "by", "priority",
    "type", "state", "person_id", "ticket_id", "calendar", "outcome", "outcomes", "back", "next", "version", "lang",
    "role", "zone", "timezone", "country", "region", "number", "format", "days", "weeks", "start", "end",
)  # fmt: skip
ALSO = (
    "body", "subject", "name", "email", "minutes", "amount", "starts_on", "ends_on", "valid_from", "url", "code",
    "visibility", "then", "requester_id", "assignee_id", "contract_id", "work_type", "urgency", "source", "locale",
    "starts_at", "ends_at", "layer_id", "note", "tax_id", "city", "idempotency_key",
)  # fmt: skip
VALUES = {"string": "LOZ-1", "int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}


def paths(app: Flask, method: str) -> Iterator[tuple[Rule, str]]:
    """Each route of the pages with values for its path parameters."""
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.rule.startswith(("/static", "/api/v1", "/signout")):
            continue
        values = {name: _value(rule, name) for name in rule.arguments}
        yield rule, app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def api_paths(app: Flask, method: str) -> Iterator[tuple[Rule, str]]:
    """Each route of the API, relative to its root."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.rule.startswith("/api/v1/"):
            values = {name: _value(rule, name) for name in rule.arguments}
            built = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
            yield rule, built.removeprefix("/api/v1")


def _value(rule: Rule, name: str) -> str:
    converter = rule._converters.get(name)
    if items := getattr(converter, "items", None):
        return str(sorted(items)[0])
    kind = type(converter).__name__.removesuffix("Converter").lower()
    return VALUES.get({"unicode": "string", "integer": "int"}.get(kind, kind), "LOZ-1")


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("who", ["ana", "dolores"])
def test_odd_parameters_break_no_page(web: FlaskClient, world: World, opened: None, odd: str, who: str) -> None:
    sign_in(web, getattr(world, who))
    broken = []
    for rule, path in paths(web.application, "GET"):
        answer = web.get(path, query_string=dict.fromkeys(NAMES, ODD[odd]))
        if answer.status_code >= 500:
            broken.append((rule.rule, answer.status_code))
        answer.close()
    assert broken == []


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("who", ["ana", "dolores"])
def test_odd_forms_break_no_page(web: FlaskClient, world: World, opened: None, odd: str, who: str) -> None:
    sign_in(web, getattr(world, who))
    form = dict.fromkeys(NAMES + ALSO, ODD[odd])
    broken = []
    for rule, path in paths(web.application, "POST"):
        answer = web.post(path, data=form)
        if answer.status_code >= 500:
            broken.append((rule.rule, answer.status_code))
        answer.close()
    assert broken == []


BODIES = {
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "list": b"[1]",
    "text": b'"x"',
    "null": b"null",
    "number": b"1e999999",
    "long number": b"9" * 10_000,
    "not a number": b'{"email": NaN, "password": Infinity}',
    "surrogate": b'{"email": "\\ud800@a.example", "password": "\\udfff", "type": "\\ud800", "name": "\\ud800"}',
    "nul": b'{"email": "a\\u0000@a.example", "password": "\\u0000", "type": "\\u0000"}',
    "latin": b'{"email": "\xf1"}',
    "cut off": b'{"email": "a',
    "objects": b'{"email": {"a": 1}, "password": ["x"], "type": {}, "event": 5, "team_id": []}',
    "empty": b"",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("who", ["ana", None])
def test_odd_bodies_break_nothing(web: FlaskClient, world: World, body: str, who: str | None) -> None:
    if who:
        sign_in(web, getattr(world, who))
    broken = []
    for rule, path in paths(web.application, "POST"):
        answer = web.post(path, data=BODIES[body], content_type="application/json")
        if answer.status_code >= 500:
            broken.append((rule.rule, answer.status_code))
        answer.close()
    assert broken == []


@pytest.mark.parametrize(
    "password", ["x" * 5000, "\ud800" * 12, "ñ" * 4096, "\x00" * 12], ids=lambda each: repr(each[:2])
)
def test_odd_passwords_are_refused_with_a_page(web: FlaskClient, world: World, password: str) -> None:
    body = json.dumps({"email": world.tomas.email, "password": password})
    assert web.post("/signin", data=body, content_type="application/json").status_code in (200, 400, 413, 422)
    form = {"email": world.tomas.email, "password": password.encode("utf-8", "surrogatepass")}
    answer = web.post("/signin", data=form)
    assert answer.status_code in (200, 400, 413, 422) and "<h" in answer.text


def test_a_form_beyond_the_limit_is_refused_with_a_sentence(web: FlaskClient, world: World, opened: None) -> None:
    sign_in(web, world.tomas)
    for size in (31, 3):
        answer = web.post("/desk/tickets/LOZ-1/reply", data={"body": "x" * (size * 1024 * 1024)})
        assert answer.status_code in (413, 422) and "<h" in answer.text
    answer = web.post("/desk/new", data={f"f{number}": "x" for number in range(20_000)})
    assert answer.status_code in (413, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/desk/team?order=x",
        "/desk/team?client=x",
        "/desk/team?tier=9",
        "/desk/team?status=x",
        "/billing/?period=0001-01",
        "/billing/?period=9999-12",
        "/billing/?period=x",
    ],
)
def test_what_is_no_choice_is_refused_with_a_sentence(web: FlaskClient, world: World, path: str) -> None:
    answer = sign_in(web, world.ana).get(path)
    assert answer.status_code in (400, 404, 422) and "data-error" in answer.text


@pytest.mark.parametrize("referer", ["http://[bad", "http://a:b@[::1", "//x", "http://evil.example/desk/team", "\\x"])
@pytest.mark.parametrize("path", ["reply", "set-status", "assign", "log-time"])
def test_a_form_from_an_odd_address_is_refused_on_a_page_of_ours(
    web: FlaskClient, world: World, opened: None, referer: str, path: str
) -> None:
    form = {"body": "", "status": "x", "assignee_id": "x", "minutes": "x"}
    answer = sign_in(web, world.tomas).post(f"/desk/tickets/LOZ-1/{path}", data=form, headers={"Referer": referer})
    assert answer.status_code in (303, 409, 422)
    assert "evil" not in answer.headers.get("Location", "") and "[" not in answer.headers.get("Location", "")

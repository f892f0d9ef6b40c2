"""Tokens, problems, idempotency and limits: common behaviour of all API resources."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from msp.kernel import clock, logs
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid, NotFound, Temporary
from msp.people.models import ApiToken, Person
from msp.people.tokens import all_tokens, create_token, revoke_token
from msp.tickets.models import Ticket
from msp.web.api.problems import answer_with_problem
from tests.web.api.conftest import Program, Programs, codes
from tests.web.api.test_tickets import asked, opened
from tests.world import World, sign_in


def test_no_token_and_a_wrong_one_open_nothing(program: Programs) -> None:
    nobody = program()
    for headers in (
        {},
        {"Authorization": "Bearer msp_wrong"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
    ):
        answer = nobody.get("/tickets", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["code"] in ("token_missing", "token_invalid")


def test_a_session_is_no_token(app: Flask, world: World) -> None:
    browser = sign_in(app.test_client(), world.ana)
    assert browser.get("/api/v1/tickets").status_code == 401


def test_a_revoked_token_and_one_of_somebody_who_left_open_nothing(
    staff: Program, admin: Program, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msp.web.api.access.KEPT_SECONDS", 0)
    assert staff.get("/tickets").status_code == 200
    with work(Scope.system()) as session:
        for token in all_tokens():
            if token.person_id == world.tomas.id:
                revoke_token(token.id, at=clock.now())
        session.get_one(Person, world.ana.id).active = False
    assert staff.get("/tickets").status_code == 401
    assert admin.get("/tickets").status_code == 401


def test_the_use_of_a_token_is_noted_by_minutes(staff: Program, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msp.web.api.access.KEPT_SECONDS", 0)

    def last_used() -> object:
        with work(Scope.system()) as session:
            return session.scalars(select(ApiToken.last_used_at)).one()

    first = clock.now()
    staff.get("/tickets")
    clock.advance(timedelta(seconds=50))
    staff.get("/tickets")
    assert last_used() == first
    clock.advance(timedelta(seconds=10))
    staff.get("/tickets")
    assert last_used() == first + timedelta(minutes=1)


def test_a_token_is_made_for_who_is_there_or_for_the_first_of_staff(world: World, app: Flask) -> None:
    with work(Scope.system()) as session:
        token = create_token("ANA@guardia.example", "admin", "set-up", at=clock.now())
        create_token("primera.persona@guardia.example", "admin", "set-up", at=clock.now())
        made = session.scalars(select(Person).where(Person.email == "primera.persona@guardia.example")).one()
        assert (made.role, made.name) == ("administrator", "Primera Persona")
        kept = session.scalars(select(ApiToken).where(ApiToken.person_id == world.ana.id)).one()
        assert token not in (kept.token_hash, kept.name)
    assert Program(app.test_client(), token).get("/clients").status_code == 200


@pytest.mark.parametrize(
    ("email", "role", "name", "refusal"),
    [
        ("tomas@guardia.example", "admin", "x", Invalid),
        ("nadie@lozano.example", "client", "x", NotFound),
        ("nobody", "staff", "x", Invalid),
        ("ana@guardia.example", "owner", "x", Invalid),
        ("ana@guardia.example", "admin", " ", Invalid),
    ],
)
def test_a_token_beyond_its_person_is_refused(
    world: World, email: str, role: str, name: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal), work(Scope.system()):
        create_token(email, role, name, at=clock.now())


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"\xff", "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b"[]", "application/json", 400, "not_an_object"),
        (b'"x"', "application/json", 400, "not_an_object"),
        (b"null", "application/json", 400, "not_an_object"),
        (b"subject=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'{"body": "' + b"x" * 1024 * 1024 + b'"}', "application/json", 413, "too_large"),
        (b"", "application/json", 422, "invalid"),
        (b"", "", 422, "invalid"),
    ],
)
def test_bodies_that_cannot_be_read(staff: Program, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = staff.call("POST", "/tickets", data=body, content_type=content_type)
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert (problem["status"], problem["request_id"]) == (status, answer.headers["X-Request-Id"])


def test_unknown_paths_and_methods_are_problems(staff: Program) -> None:
    for path in ("/nothing", "/", "/tickets/", "/tickets/not-a-uuid", "/tickets/not-a-uuid/messages"):
        answer = staff.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found"), path
    answer = staff.delete("/tickets")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert answer.content_type == "application/problem+json"


def test_a_fault_of_ours_tells_its_number_and_nothing_else(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    logs.request_id.set("r-1")
    answer = answer_with_problem(ValueError("the secret of the house"))
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal_error",
        "request_id": "r-1",
    }
    assert "the secret of the house" in caplog.text


class DriverError(Exception):
    """An exception of psycopg with PostgreSQL's error code."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("the database said so")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StaleDataError(), 409, "changed_meanwhile"),
        (Temporary("busy"), 503, "unavailable"),
        (DriverError("23505"), 409, "already_exists"),
        (DriverError("23503"), 409, "in_use_or_unknown"),
        (DriverError("22003"), 422, "invalid"),
        (DriverError("23514"), 422, "invalid"),
        (DriverError("42501"), 403, "not_allowed"),
        (DriverError("40001"), 409, "changed_meanwhile"),
        (DriverError("57014"), 503, "unavailable"),
        (DriverError(None), 503, "unavailable"),
        (DriverError("42703"), 500, "internal_error"),
    ],
)
def test_what_faults_mean_to_whoever_asked(app: Flask, error: Exception, status: int, code: str) -> None:
    if isinstance(error, DriverError):
        error = DBAPIError("select 1", {}, error)
    answer = answer_with_problem(error)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) is (status == 503)


def test_two_who_change_the_same_version_at_once(app: Flask, staff: Program, world: World) -> None:
    path = f"/tickets/{opened(staff, world)['id']}"

    def change(priority: str) -> int:
        api = Program(app.test_client(), staff.token)
        return api.patch(path, {"priority": priority}, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(change, ("high", "normal", "low"))) == [200, 412, 412]


def test_two_who_add_the_same_code_at_once(app: Flask, admin: Program) -> None:
    def add(_: int) -> int:
        return Program(app.test_client(), admin.token).post("/clients", {"name": "Gemela", "code": "GEM"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [201, 409, 409, 409]


KEY = {"Idempotency-Key": "first-try"}


def test_the_same_key_is_answered_again_and_done_once(staff: Program, world: World) -> None:
    first = staff.post("/tickets", asked(world), headers=KEY)
    again = staff.post("/tickets", asked(world), headers=KEY)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.content_type == first.content_type
    assert (again.headers["ETag"], again.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])
    assert len(staff.get("/tickets").get_json()["items"]) == 1


def test_a_key_belongs_to_one_request_and_one_person(staff: Program, program: Programs, world: World) -> None:
    staff.post("/tickets", asked(world), headers=KEY)
    other = staff.post("/tickets", asked(world, subject="Otra cosa"), headers=KEY)
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")
    assert program(world.irene).post("/tickets", asked(world), headers=KEY).status_code == 201
    assert staff.post("/tickets", asked(world), headers={"Idempotency-Key": "x" * 256}).status_code == 400


def test_a_refused_try_does_not_use_its_key_up(staff: Program, world: World) -> None:
    assert staff.post("/tickets", asked(world, subject=""), headers=KEY).status_code == 422
    assert staff.post("/tickets", asked(world), headers=KEY).status_code == 201


@pytest.mark.parametrize("who", ["tomas", "dolores"])
def test_five_at_once_with_one_key_are_one_ticket(
    app: Flask, program: Programs, world: World, who: str, drain: Callable[[], int]
) -> None:
    caller = program(getattr(world, who))

    def send(_: int) -> tuple[int, bytes, bool]:
        answer = Program(app.test_client(), caller.token).post("/tickets", asked(world), headers=KEY)
        return answer.status_code, answer.data, "Idempotency-Replayed" in answer.headers

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(5)))
    assert {status for status, _, _ in answers} == {201}
    assert len({body for _, body, _ in answers}) == 1
    assert sum(replayed for _, _, replayed in answers) == 4
    with work(Scope.system()) as session:
        assert session.query(Ticket).count() == 1


def test_every_post_honours_keys(app: Flask, admin: Program, world: World) -> None:
    ticket = opened(admin, world)
    bodies: dict[str, dict[str, object]] = {
        "/clients": {"name": "Nueva", "code": "NUE"},
        "/people": {"name": "Pau", "role": "technician"},
        f"/tickets/{ticket['id']}/messages": {"body": "Hola"},
        f"/tickets/{ticket['id']}/time-entries": {"started_at": "2026-11-23T08:00:00Z", "minutes": 5},
    }
    for path, body in bodies.items():
        answers = [admin.post(path, body, headers={"Idempotency-Key": path}) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201], path
        assert answers[0].data == answers[1].data


def test_an_address_that_two_companies_have_gets_no_token(world: World, admin: Program) -> None:
    for client in (world.lozano, world.azcarate):
        body = {"client_id": str(client.id), "name": "Eva", "email": "eva@gestoria.example", "role": "client_employee"}
        assert admin.post("/people", body).status_code == 201
    with pytest.raises(Conflict), work(Scope.system()):
        create_token("eva@gestoria.example", "client", "x", at=clock.now())


def test_text_that_no_database_holds_is_named(admin: Program) -> None:
    answer = admin.call(
        "POST", "/clients", data=b'{"code": "NUL", "name": "a\\u0000b"}', content_type="application/json"
    )
    assert codes(answer) == {"name": ["invalid"]}

"""API tokens have a name, scope, expiry and last use, and are revoked on pages, by command and through the API."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp import cli
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.people.editing import edit_person
from msp.people.models import ApiToken, Person
from msp.people.tokens import add_token
from tests.world import World, sign_in


def made_for(person: Person, role: str = "staff", *, days: int | None = None, name: str = "Informes") -> str:
    at = clock.now()
    with work(Scope.system()):
        return add_token(person, role=role, name=name, at=at, expires_at=at + timedelta(days=days) if days else None)


def works(app: Flask, token: str) -> bool:
    answer = app.test_client().get("/api/v1/tickets", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def the_token() -> ApiToken:
    with work(Scope.system()) as session:
        return session.scalars(select(ApiToken)).one()


@pytest.fixture
def ana(app: Flask, world: World) -> FlaskClient:
    return sign_in(app.test_client(), world.ana)


def test_a_token_ends_at_its_expiry(app: Flask, world: World) -> None:
    token = made_for(world.tomas, days=2)
    clock.advance(timedelta(days=2, minutes=-1))
    assert works(app, token)
    clock.advance(timedelta(minutes=1))
    assert not works(app, token)


@pytest.mark.parametrize("days", [0, -1])
def test_an_expiry_in_the_past_is_refused(world: World, days: int) -> None:
    at = clock.now()
    with pytest.raises(Invalid) as refused, work(Scope.system()):
        add_token(world.tomas, role="staff", name="x", at=at, expires_at=at + timedelta(days=days))
    assert refused.value.fields == {"expires_at": ["in_past"]}


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_token_has_a_name_of_some_length(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refused, work(Scope.system()):
        add_token(world.tomas, role="staff", name=name, at=clock.now())
    assert list(refused.value.fields) == ["name"]


def test_an_administrator_makes_sees_and_revokes_tokens(app: Flask, ana: FlaskClient, world: World) -> None:
    form = {"email": "TOMAS@guardia.example", "scope": "staff", "name": "Informes", "expires_on": "2026-12-31"}
    answer = ana.post("/admin/tokens", data=form)
    found = re.search(r"msp_[\w-]{43}", answer.text)
    assert answer.status_code == 200 and found and answer.headers["Cache-Control"] == "no-store"
    assert works(app, found[0])
    page = ana.get("/admin/tokens").text
    assert "Informes" in page and "Tomás Rey" in page and "31" in page and found[0] not in page
    revoke = re.findall(r'action="(/admin/tokens/[0-9a-f-]{36}/revoke)"', page)
    assert ana.post(revoke[0]).status_code == 303
    assert not works(app, found[0])
    assert "Revocado" in ana.get("/admin/tokens").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nadie@guardia.example"}, "email"),
        ({"email": ""}, "email"),
        ({"scope": "admin"}, "scope"),
        ({"scope": "client"}, "email"),
        ({"scope": "x"}, "scope"),
        ({"name": " "}, "name"),
        ({"expires_on": "2026-11-22"}, "expires_on"),
        ({"expires_on": "x"}, "expires_on"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(ana: FlaskClient, change: dict[str, str], field: str) -> None:
    form = {"email": "tomas@guardia.example", "scope": "staff", "name": "Informes", "expires_on": ""} | change
    answer = ana.post("/admin/tokens", data=form)
    assert answer.status_code == 422 and f'id="f-{field}-error"' in answer.text
    with work(Scope.system()) as session:
        assert session.scalars(select(ApiToken)).all() == []


def test_the_page_makes_no_people(ana: FlaskClient) -> None:
    """The command does, to set up an empty installation; a typing error on a page must not."""
    ana.post("/admin/tokens", data={"email": "nueva@guardia.example", "scope": "staff", "name": "x"})
    with work(Scope.staff()) as session:
        assert session.scalars(select(Person).where(Person.email == "nueva@guardia.example")).all() == []


def test_a_second_press_makes_no_second_token(ana: FlaskClient) -> None:
    form = {"email": "tomas@guardia.example", "scope": "staff", "name": "x", "idempotency_key": "once"}
    assert [ana.post("/admin/tokens", data=form).status_code for _ in range(2)] == [200, 303]
    assert the_token().name == "x"


def test_people_see_and_revoke_their_own_tokens(app: Flask, world: World) -> None:
    own, other = made_for(world.marta, "client"), made_for(world.dolores, "client", name="Ajeno")
    marta = sign_in(app.test_client(), world.marta)
    page = marta.get("/account/sessions").text
    assert "Informes" in page and "Ajeno" not in page
    revoke = re.findall(r'action="(/account/tokens/[0-9a-f-]{36}/revoke)"', page)
    assert sign_in(app.test_client(), world.dolores).post(revoke[0]).status_code == 404
    assert marta.post(revoke[0]).status_code == 303
    assert not works(app, own) and works(app, other)


def test_nobody_else_sees_the_page(app: Flask, world: World) -> None:
    made_for(world.tomas)
    for person, code in ((world.rosa, 403), (world.marta, 404)):
        web = sign_in(app.test_client(), person)
        assert web.get("/admin/tokens").status_code == code
        assert web.post(f"/admin/tokens/{the_token().id}/revoke").status_code == code
    with work(Scope.system()) as session:
        session.get_one(Person, world.ana.id).is_restricted = True
    ana = sign_in(app.test_client(), world.ana)
    assert ana.get("/admin/tokens").status_code == 403
    assert ana.post(f"/admin/tokens/{the_token().id}/revoke").status_code == 403


def test_whoever_is_switched_off_has_no_tokens_any_more(app: Flask, world: World) -> None:
    token = made_for(world.tomas)
    for active in (False, True):
        with work(Scope.system()) as session:
            edit_person(session.get_one(Person, world.tomas.id), at=clock.now(), active=active)
        assert not works(app, token)


# ------------------------------------------------------------------ the API


def call(app: Flask, token: str, method: str, path: str, **kwargs: object) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} | kwargs.pop("headers", {})  # type: ignore[operator]
    answer = app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **kwargs)  # type: ignore[arg-type]
    return answer.status_code, answer.get_json(silent=True) or {}


def test_the_api_makes_lists_and_revokes_tokens(app: Flask, world: World) -> None:
    admin = made_for(world.ana, "admin")
    wanted = {
        "person_id": str(world.tomas.id),
        "scope": "staff",
        "name": "CI",
        "expires_at": "2026-12-31T00:00:00Z",
    }
    code, made = call(app, admin, "POST", "/tokens", json=wanted)
    assert code == 201 and works(app, str(made["token"]))
    assert (made["scope"], made["name"], made["expires_at"]) == ("staff", "CI", "2026-12-31T00:00:00Z")
    code, page = call(app, admin, "GET", f"/tokens?person_id={world.tomas.id}")
    (row,) = page["items"]
    assert row["id"] == made["id"] and row["last_used_at"] and "token" not in row
    assert call(app, admin, "DELETE", f"/tokens/{made['id']}")[0] == 204
    assert not works(app, str(made["token"]))
    assert call(app, admin, "GET", f"/tokens/{made['id']}")[1]["revoked_at"]


def test_everybody_lists_and_revokes_their_own_through_the_api(app: Flask, world: World) -> None:
    own, other = made_for(world.tomas), made_for(world.irene)
    code, page = call(app, own, "GET", "/tokens")
    (row,) = page["items"]
    assert code == 200 and row["person_id"] == str(world.tomas.id)
    with work(Scope.system()) as session:
        theirs = session.scalars(select(ApiToken.id).where(ApiToken.person_id == world.irene.id)).one()
    assert call(app, own, "DELETE", f"/tokens/{theirs}")[0] == 404
    assert call(app, own, "GET", f"/tokens/{theirs}")[0] == 404
    assert call(app, own, "GET", f"/tokens?person_id={world.irene.id}")[0] == 403
    assert call(app, own, "DELETE", f"/tokens/{row['id']}")[0] == 204
    assert not works(app, own) and works(app, other)


@pytest.mark.parametrize("who", ["tomas", "ana", "dolores"])
def test_only_an_administrators_own_scope_makes_tokens(app: Flask, world: World, who: str) -> None:
    """This includes a lesser token of an administrator: no token creates one with more scope."""
    token = made_for(getattr(world, who), "client" if who == "dolores" else "staff")
    wanted = {"person_id": str(getattr(world, who).id), "scope": "staff", "name": "x"}
    assert call(app, token, "POST", "/tokens", json=wanted)[0] == 403


def test_a_repeated_answer_does_not_hold_the_token(app: Flask, world: World) -> None:
    """A stored idempotent response would contain the token in clear text."""
    admin = made_for(world.ana, "admin")
    wanted = {"person_id": str(world.tomas.id), "scope": "staff", "name": "CI"}
    first = call(app, admin, "POST", "/tokens", json=wanted, headers={"Idempotency-Key": "k"})
    again = call(app, admin, "POST", "/tokens", json=wanted, headers={"Idempotency-Key": "k"})
    assert first[0] == again[0] == 201
    assert first[1]["id"] == again[1]["id"] and first[1]["token"] and again[1]["token"] is None


# ------------------------------------------------------------------ the command


def test_the_command_makes_lists_and_revokes_tokens(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import contextmanager

    @contextmanager
    def here():  # type: ignore[no-untyped-def]
        with work(Scope.system()) as session:
            yield session

    monkeypatch.setattr(cli, "_system_work", here)
    runner = CliRunner()
    made = runner.invoke(
        cli.msp,
        ["token", "create", "--email", "tomas@guardia.example", "--scope", "staff", "--name", "CI", "--days", "30"],
    )
    assert made.exit_code == 0, made.output
    token = made.output.strip()
    assert works(app, token)
    assert the_token().expires_at == clock.now() + timedelta(days=30)
    listed = runner.invoke(cli.msp, ["token", "list"]).output
    assert str(the_token().id) in listed and "CI" in listed and "staff" in listed and token not in listed
    assert runner.invoke(cli.msp, ["token", "revoke", str(the_token().id)]).exit_code == 0
    assert not works(app, token)
    assert runner.invoke(cli.msp, ["token", "revoke", str(UUID(int=5))]).exit_code != 0

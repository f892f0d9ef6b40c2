"""An empty installation: the setup code creates the first administrator, once, and checklist steps complete."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.kernel.db import Scope, db, work
from msp.people.first_administrator import has_staff_account, is_setup_code, setup_code
from msp.people.models import Account, Person

PASSWORD = "cuatro palabras nada parecidas"


@pytest.fixture
def code(app: Flask) -> str:
    app.extensions["setup_state"]._is_done = False  # another test set up its installation in this process
    return setup_code(app.config["SETTINGS"].secret_key)


def post(web: FlaskClient, **said: str) -> tuple[int, str, str]:
    answer = web.post("/setup", data={"name": "Ana Lago", "email": "ana@msp.example", "password": PASSWORD} | said)
    return answer.status_code, answer.headers.get("Location", ""), answer.text


@pytest.mark.parametrize("path", ["/", "/signin"])
def test_an_empty_installation_leads_to_its_setup(web: FlaskClient, code: str, path: str) -> None:
    assert web.get(path).headers["Location"].endswith("/setup")
    page = web.get("/setup")
    assert page.status_code == 200 and code not in page.text


def test_the_code_makes_one_administrator_who_is_signed_in(web: FlaskClient, code: str) -> None:
    status, place, _ = post(web, code=code.lower().replace("-", " "))
    assert (status, place) == (303, "/admin/first-steps")
    assert web.get("/admin/first-steps").status_code == 200
    with work(Scope.system()):
        person = db.session.scalars(db.select(Person)).one()
        assert (person.role, person.client_id, person.name) == ("administrator", None, "Ana Lago")
        assert db.session.scalars(db.select(Account)).one().email == "ana@msp.example"
    assert post(web, code=code, email="eva@msp.example")[:2] == (302, "/signin")
    assert web.get("/setup").status_code == 302
    with work(Scope.system()):
        assert db.session.scalars(db.select(Person)).one().name == "Ana Lago"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"code": "AAAA-AAAA-AAAA"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "ñ" * 500}, "code"),
        ({"password": "corta"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"name": " "}, "name"),
        ({"email": "nadie"}, "email"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nobody_is_made(
    web: FlaskClient, code: str, said: dict[str, str], field: str
) -> None:
    status, _, text = post(web, **({"code": code} | said))
    assert status == 422
    assert re.findall(r'id="f-(\w+)-error"', text) == [field]
    assert said.get("password", "no password") not in text
    with work(Scope.system()):
        assert not has_staff_account()


def test_a_forged_form_makes_nobody(app: Flask, web: FlaskClient, code: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert post(web, code=code)[0] == 409
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    with work(Scope.system()):
        assert not has_staff_account()


def test_codes_differ_by_installation() -> None:
    assert setup_code("one") != setup_code("two")
    assert re.fullmatch(r"([A-Z2-7]{4}-){2}[A-Z2-7]{4}", setup_code("one"))
    assert is_setup_code(setup_code("one"), secret_key="one") and not is_setup_code("", secret_key="one")

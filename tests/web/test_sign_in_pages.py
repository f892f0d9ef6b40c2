"""Sign-in, identity check and sign-out, with CSRF tokens enabled as in production."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.world import World, sign_in


@pytest.fixture
def guarded(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


def token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_leaving_needs_the_forms_token(guarded: None, web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    assert web.post("/signout").status_code == 409
    page = web.get("/desk/team").text
    assert web.post("/signout", data={"csrf_token": token(page)}).status_code == 302
    assert web.get("/desk/team").status_code == 302


def test_a_form_without_its_token_does_nothing(guarded: None, web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    assert web.post("/account", data={"name": "Otro"}).status_code == 409


def test_the_page_that_asks_again_who_you_are(web: FlaskClient, world: World) -> None:
    page = sign_in(web, world.tomas).get("/verify")
    assert page.status_code == 200 and "<form" in page.text

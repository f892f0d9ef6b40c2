"""Irreversible actions ask first: disconnecting a chat, webhooks, on-call layers, tokens, deliveries."""

import re
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.clients.models import Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.tokens import add_token
from tests.billing.test_confirmations import form_of
from tests.world import SLACK_TEAM, World, sign_in


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def slack_id() -> UUID | None:
    with work(Scope.system()) as session:
        return session.scalars(select(Connection.id).where(Connection.external_id == SLACK_TEAM)).one_or_none()


@pytest.mark.parametrize("page", ["/admin/connections", "/admin/clients/{client_id}"])
def test_disconnecting_slack_asks_first_and_leads_back(ana: FlaskClient, world: World, page: str) -> None:
    page, path = page.format(client_id=world.lozano.id), f"/admin/connections/{slack_id()}/remove"
    button = ana.get(page).text.partition(f'action="{path}"')[2].partition("</form>")[0]
    assert 'name="ask_first"' in button
    asked = ana.post(path, data={"ask_first": "1"}, headers={"Referer": f"http://localhost{page}"})
    assert asked.status_code == 200 and slack_id() is not None
    assert "Ferretería Lozano" in asked.text and "No se puede deshacer" in asked.text
    done = ana.post(path, data=form_of(asked.text), headers={"Referer": f"http://localhost{path}"})
    assert done.location == page and slack_id() is None


def test_webhooks_ask_before_they_go_or_get_a_new_secret(ana: FlaskClient, world: World) -> None:
    ana.post("/admin/webhooks", data={"name": "Busca", "url": "https://pager.example/hook"})
    shown = ana.get("/admin/webhooks").text
    for verb in ("secret", "remove"):
        path = re.findall(rf'action="([^"]*/{verb})"', shown)[0]
        asked = ana.post(path, data={"ask_first": "1"})
        assert "No se puede deshacer" in asked.text and "Busca" in ana.get("/admin/webhooks").text
    assert ana.post(path, data=form_of(asked.text)).status_code == 303
    assert "https://pager.example/hook" not in ana.get("/admin/webhooks").text


@pytest.mark.parametrize(
    ("who", "page"), [("ana", "/admin/tokens"), ("ana", "/account/sessions"), ("marta", "/account/sessions")]
)
def test_revoking_a_token_asks_first(app: Flask, world: World, who: str, page: str) -> None:
    person = getattr(world, who)
    with work(Scope.system()):
        add_token(person, role="client" if person.client_id else "staff", name="Copias", at=clock.now())
    web = sign_in(app.test_client(), person)
    shown = web.get(page).text
    path = re.findall(r'action="([^"]*/revoke)"', shown)[0]
    assert 'name="ask_first"' in shown.partition(path)[2].partition("</form>")[0]
    asked = web.post(path, data={"ask_first": "1"})
    assert asked.status_code == 200 and "No se puede deshacer" in asked.text and "Revocado" not in web.get(page).text
    assert web.post(path, data=form_of(asked.text)).location == page
    assert "Revocado" in web.get(page).text


def test_dropping_a_delivery_asks_first(ana: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        session.add(
            Inbound(
                source="slack", external_id="E1", payload={}, key="k", state="dead", due_at=clock.now(),
                created_at=clock.now(), reason="unknown",
            )
        )  # fmt: skip
    shown = ana.get("/admin/deliveries").text
    path = re.findall(r'action="([^"]*/drop)"', shown)[0]
    assert 'name="ask_first"' in shown.partition(path)[2].partition("</form>")[0]
    asked = ana.post(path, data={"ask_first": "1"})
    assert "No se puede deshacer" in asked.text and path in ana.get("/admin/deliveries").text
    assert ana.post(path, data=form_of(asked.text)).status_code == 303
    assert path not in ana.get("/admin/deliveries").text

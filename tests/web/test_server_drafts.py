"""Drafts on the server: one for each person and ticket, removed by sending, seen by their author alone."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.models import ReplyDraft, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in


@pytest.fixture
def ticket(world: World) -> Ticket:
    request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def put(web: FlaskClient, ticket: Ticket, body: object, visibility: object = "public") -> int:
    return web.put(f"/desk/live/{ticket.id}/draft", json={"body": body, "visibility": visibility}).status_code


def stored() -> list[str]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(ReplyDraft.body).order_by(ReplyDraft.body)))


def test_continued_on_another_device_and_removed_by_sending(app: Flask, world: World, ticket: Ticket) -> None:
    first, second = sign_in(app.test_client(), world.tomas), sign_in(app.test_client(), world.tomas)
    assert put(first, ticket, "Mira el cable", "internal") == 204
    page = second.get("/desk/tickets/LOZ-1").text
    assert "Mira el cable</textarea>" in page and 'value="internal" checked' in page
    assert "Mira el cable" in second.get("/desk/drafts").text
    other = sign_in(app.test_client(), world.irene)
    assert "Mira el cable" not in other.get("/desk/tickets/LOZ-1").text + other.get("/desk/drafts").text
    assert put(other, ticket, "Otro") == 204
    reply = {"body": "Mira el cable rojo", "visibility": "public"}
    assert second.post("/desk/tickets/LOZ-1/reply", data=reply).status_code == 303
    assert stored() == ["Otro"]
    assert other.post("/desk/drafts/LOZ-1/removal").status_code == 303
    assert stored() == []


def test_a_refused_reply_keeps_the_draft(web: FlaskClient, world: World, ticket: Ticket) -> None:
    sign_in(web, world.tomas)
    put(web, ticket, "Texto")
    assert web.post("/desk/tickets/LOZ-1/reply", data={"body": " ", "visibility": "public"}).status_code == 422
    assert stored() == ["Texto"]


@pytest.mark.parametrize(
    ("body", "visibility", "status"),
    [("x", "secret", 422), (None, "public", 422), ("x\0", "public", 400), ("x" * 100_001, "public", 422),
     ("", "public", 204)],
)  # fmt: skip
def test_what_is_refused(
    web: FlaskClient, world: World, ticket: Ticket, body: object, visibility: str, status: int
) -> None:
    sign_in(web, world.tomas)
    put(web, ticket, "Texto")
    assert put(web, ticket, body, visibility) == status
    assert stored() == ([] if status == 204 else ["Texto"])


def test_strangers_and_old_drafts(app: Flask, world: World, ticket: Ticket) -> None:
    assert put(sign_in(app.test_client(), world.nuria), ticket, "x") == 404  # works for another client
    assert put(sign_in(app.test_client(), world.dolores), ticket, "x") == 404  # of the client
    tomas = sign_in(app.test_client(), world.tomas)
    put(tomas, ticket, "Viejo")
    clock.advance(timedelta(days=31))
    tomas = sign_in(app.test_client(), world.tomas)
    assert "Viejo" not in tomas.get("/desk/drafts").text
    put(tomas, ticket, "")
    assert stored() == []

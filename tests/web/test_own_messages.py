"""One's own replies and notes are edited and retracted, as far as their channel supports it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.messages import note, reply
from msp.tickets.models import Message
from msp.tickets.opening import Request, open_ticket
from msp.tickets.own_messages import possible_changes
from msp.tickets.queries import access_ticket
from tests.world import World, sign_in


@pytest.fixture
def said(world: World, app: Flask) -> dict[str, Message]:
    """A reply that the portal shows, and a note, both of Tomás."""
    request = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
    with work(Scope.client(world.lozano.id)):
        ticket = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]
    with work(Scope.staff()) as session:
        this = access_ticket(ticket.id, lock=True)
        made = reply(this, author=world.tomas, body="Reinicia", at=clock.now())
        made.delivery_state, made.delivery_channel = "sent", "portal"
        noted = note(this, author=world.tomas, body="Otra vez", at=clock.now())
        session.flush()
    return {"reply": made, "note": noted}


def fresh(message: Message) -> Message:
    with work(Scope.staff()) as session:
        return session.get_one(Message, message.id)


def test_edited_with_a_mark_and_a_line_in_the_timeline(
    app: Flask, web: FlaskClient, world: World, said: dict[str, Message]
) -> None:
    path = f"/desk/messages/{said['reply'].id}/edit"
    sign_in(web, world.tomas)
    assert path in web.get("/desk/tickets/LOZ-1").text and "Reinicia</textarea>" in web.get(path).text
    assert web.post(path, data={"body": " "}).status_code == 422
    assert web.post(path, data={"body": "Apaga y enciende"}).status_code == 303
    page = web.get("/desk/tickets/LOZ-1").text
    assert "Apaga y enciende" in page and "editado" in page and "Mensaje editado" in page and "Reinicia" not in page
    portal = sign_in(app.test_client(), world.marta).get("/portal/tickets/LOZ-1").text
    assert "Apaga y enciende" in portal and "Otra vez" not in portal


def test_retracted_after_a_confirmation(web: FlaskClient, world: World, said: dict[str, Message]) -> None:
    sign_in(web, world.tomas)
    for message in said.values():
        path = f"/desk/messages/{message.id}/retract"
        asked = web.post(path, data={"ask_first": "1"})
        assert asked.status_code == 200 and fresh(message).deleted_at is None
        assert web.post(path, data={}).status_code == 303
        assert (fresh(message).body, fresh(message).deleted_at is None) == ("", False)


def test_others_and_other_channels(app: Flask, world: World, said: dict[str, Message]) -> None:
    path = f"/desk/messages/{said['reply'].id}"
    irene = sign_in(app.test_client(), world.irene)
    assert irene.get(f"{path}/edit").status_code == 403
    assert irene.post(f"{path}/retract", data={}).status_code == 403
    assert f"{path}/edit" not in irene.get("/desk/tickets/LOZ-1").text
    tomas = sign_in(app.test_client(), world.tomas)
    for values in ({"delivery_channel": "email"}, {"delivery_state": "pending"}, {"delivery_channel": "slack"}):
        with work(Scope.staff()) as session:
            base = {"delivery_state": "sent", "delivery_channel": "portal"}
            session.execute(update(Message).where(Message.id == said["reply"].id).values(**(base | values)))
            message = session.scalars(select(Message).where(Message.id == said["reply"].id)).one()
            assert possible_changes(message) == frozenset()
        assert tomas.post(f"{path}/edit", data={"body": "x"}).status_code == 409

"""Thumbnails of stored images: made in a job, shown with their message, removed with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.tickets import removed_files
from msp.tickets.attaching import Upload, attach_files
from msp.tickets.messages import note, reply
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.tickets.test_pictures import image
from tests.world import World, sign_in

Drain = Callable[[], int]


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]


def attached(world: World, ticket: Ticket, *uploads: Upload, is_note: bool = False) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)):
        write = note if is_note else reply
        attach_files(
            write(access_ticket(ticket.id), author=world.tomas, body="Mira", at=clock.now()), uploads, at=clock.now()
        )


def rows() -> list[Attachment]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def picture(name: str = "foto.png") -> Upload:
    return Upload(name, "image/png", [image().getvalue()])


def test_an_image_is_shown_and_its_original_is_a_download(
    drain: Drain, world: World, ticket: Ticket, web: FlaskClient
) -> None:
    attached(world, ticket, picture(), Upload("a.png", "image/png", [b"<script>"]), Upload("b", "text/plain", [b"x"]))
    assert [each.thumbnail_key for each in rows()] == [None] * 3
    drain()
    shown, *others = rows()
    assert shown.thumbnail_key and [each.thumbnail_key for each in others] == [None, None]
    desk, portal = sign_in(web, world.tomas), sign_in(web.application.test_client(), world.dolores)
    for browser, path in ((desk, "/desk"), (portal, "/portal")):
        url = f"{path}/attachments/{shown.id}/thumbnail"
        assert f'src="{url}"' in browser.get(f"{path}/tickets/LOZ-1").text
        with browser.get(url) as answer:
            assert answer.mimetype == "image/jpeg" and answer.data[:3] == b"\xff\xd8\xff"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert browser.get(f"{path}/attachments/{others[0].id}/thumbnail").status_code == 404


def test_strangers_and_clients_see_none_of_a_note(drain: Drain, world: World, ticket: Ticket, web: FlaskClient) -> None:
    attached(world, ticket, picture())
    attached(world, ticket, picture("nota.png"), is_note=True)
    drain()
    public, internal = rows()
    own = sign_in(web, world.dolores)
    assert own.get(f"/portal/attachments/{internal.id}/thumbnail").status_code == 404
    for person, path in ((world.inigo, "/portal"), (world.nuria, "/desk")):
        stranger = sign_in(web.application.test_client(), person)
        assert stranger.get(f"{path}/attachments/{public.id}/thumbnail").status_code == 404


def test_it_goes_with_its_message(drain: Drain, world: World, ticket: Ticket) -> None:
    attached(world, ticket, picture())
    drain()
    [row] = rows()
    keys = [row.storage_key or "", row.thumbnail_key or ""]
    with work(Scope.staff()) as session:
        removed_files.remove_attachments(session.get_one(Message, row.message_id), at=clock.now())
    clock.advance(removed_files.GRACE + timedelta(minutes=6))
    drain()
    clock.advance(timedelta(minutes=6))
    drain()
    assert [files.stored_at(each) for each in keys] == [None, None]

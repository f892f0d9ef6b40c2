"""The composer shows a reply's channel, its message the delivery state; the portal marks new messages."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent, Unreachable
from msp.kernel.ids import new_id
from msp.notify.portal_channel import PortalChannel
from msp.notify.replies import add_reply_channel, remove_reply_channel
from msp.people.actions import add_person
from msp.people.models import Account, Person
from msp.people.tokens import add_token
from msp.tickets import actions, messages, opening, queries
from msp.tickets.models import Attachment, Conversation, Message, Ticket
from tests.notify.channels import Recorder, only
from tests.world import SLACK_TEAM, World, sign_in

Drain = Callable[[], int]
DESK = "/desk/tickets/LOZ-1"


@pytest.fixture(autouse=True)
def channels() -> Iterator[None]:
    with only():
        yield


@pytest.fixture
def ticket(world: World) -> Ticket:
    return opened(world, world.marta)


def opened(world: World, requester: Person, *, source: str = "phone") -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject="VPN caída", body="No entra", source=source)
        return opening.open_ticket(world.lozano, requester=requester, request=request, at=clock.now())[0]


def replied(world: World, ticket: Ticket) -> UUID:
    with work(Scope.staff(actor_id=world.tomas.id)):
        return messages.reply(queries.access_ticket(ticket.id), author=world.tomas, body="Lo miro", at=clock.now()).id


# ----------------------------------------------------------------------- before


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("slack", "Responder por Slack"),
        ("teams", "Responder por Teams"),
        ("email", "Responder por correo"),
        ("portal", "Responder en el portal"),
    ],
)
def test_c1_the_composer_names_the_channel(
    web: FlaskClient, world: World, ticket: Ticket, channel: str, words: str
) -> None:
    add_reply_channel(Recorder(channel))
    page = sign_in(web, world.tomas).get(DESK).text
    assert words in page and "No se puede avisar" not in page


def nobody_reaches(world: World, *, email: str | None) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = email
        session.delete(session.scalars(select(Account).where(Account.person_id == world.marta.id)).one())


@pytest.mark.parametrize(
    ("email", "has_mail", "why"),
    [
        (None, True, "no tiene chat vinculado, ni correo, ni acceso al portal. Añade su correo o llama por teléfono."),
        ("marta@lozano.example", False, "el correo saliente no está configurado. Dale acceso al portal"),
        ("esto no es", True, "su dirección de correo no se puede usar"),
    ],
)
def test_c1_where_nobody_is_reached_the_composer_says_so_and_what_to_do(
    web: FlaskClient, world: World, ticket: Ticket, email: str | None, has_mail: bool, why: str
) -> None:
    nobody_reaches(world, email=email)
    add_reply_channel(PortalChannel())
    if has_mail:
        add_reply_channel(Recorder("email", reaches=False))
    page = sign_in(web, world.tomas).get(DESK).text
    assert "No se puede avisar a Marta: " in page and why in page and "Responder a Marta" in page
    assert f"/admin/people/{world.marta.id}" not in page
    page = sign_in(web, world.ana).get(DESK).text
    assert f'href="/admin/people/{world.marta.id}"' in page


def test_c1_who_left_is_named_so(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).active = False
    add_reply_channel(Recorder("email"))
    page = sign_in(web, world.tomas).get(DESK).text
    assert "No se puede avisar a Marta: su ficha está desactivada." in page


def test_a_technician_of_some_clients_sees_it_too(web: FlaskClient, world: World) -> None:
    with work(Scope.client(world.azcarate.id)):
        request = opening.Request(subject="VPN", body="Down", source="phone")
        opening.open_ticket(world.azcarate, requester=world.inigo, request=request, at=clock.now())
    add_reply_channel(PortalChannel())
    assert "Responder en el portal" in sign_in(web, world.nuria).get("/desk/tickets/AZC-1").text


def test_c8_a_thread_that_is_closed_is_told_in_a_sentence(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.add(
            Conversation(
                id=new_id(), client_id=ticket.client_id, ticket_id=ticket.id, platform="slack", workspace=SLACK_TEAM,
                channel="C1", thread="1.1", is_personal=False, reference={}, created_at=clock.now(),
                unreachable_reason="is_archived",
            )
        )  # fmt: skip
    add_reply_channel(Recorder("email"))
    page = sign_in(web, world.tomas).get(DESK).text
    assert "No se puede escribir en el hilo. El canal de Slack está archivado." in page
    assert "Responder por correo" in page and "is_archived" not in page


# ------------------------------------------------------------------------ after


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("slack", "Enviado por Slack"),
        ("teams", "Enviado por Teams"),
        ("email", "Enviado por correo"),
        ("portal", "En el portal"),
    ],
)
def test_c1_a_reply_is_pending_then_says_by_what_it_went(
    web: FlaskClient, world: World, ticket: Ticket, drain: Drain, channel: str, words: str
) -> None:
    add_reply_channel(Recorder(channel))
    sign_in(web, world.tomas).post(f"{DESK}/reply", data={"body": "Lo miro", "visibility": "public"})
    assert "Pendiente" in web.get(DESK).text
    drain()
    page = web.get(DESK).text
    assert words in page and "Pendiente" not in page


def test_c8_a_reply_that_failed_says_why_and_can_be_sent_again(
    web: FlaskClient, world: World, ticket: Ticket, drain: Drain
) -> None:
    channel = Recorder("slack", always=Unreachable("is_archived"))
    add_reply_channel(channel)
    made = replied(world, ticket)
    drain()
    page = sign_in(web, world.tomas).get(DESK).text
    assert "No entregado: El canal de Slack está archivado." in page and "is_archived" not in page
    assert f"/desk/messages/{made}/retry" in page
    assert "vuelve a estar pendiente, la respuesta no se entregó" in page
    channel.always = None
    assert web.post(f"/desk/messages/{made}/retry").status_code == 303
    drain()
    assert "Enviado por Slack" in web.get(DESK).text


def test_c8_an_unknown_code_of_a_platform_stands_in_small_print(
    web: FlaskClient, world: World, ticket: Ticket, drain: Drain
) -> None:
    add_reply_channel(Recorder("slack", always=Permanent("a_brand_new_code")))
    replied(world, ticket)
    drain()
    page = sign_in(web, world.tomas).get(DESK).text
    assert "No entregado: Slack no lo aceptó." in page
    assert '<small translate="no">a_brand_new_code</small>' in page


def test_c8_deliveries_say_it_in_the_same_words(web: FlaskClient, world: World, ticket: Ticket, drain: Drain) -> None:
    add_reply_channel(Recorder("slack", always=Unreachable("is_archived")))
    replied(world, ticket)
    drain()
    page = sign_in(web, world.ana).get("/admin/deliveries").text
    assert "El canal de Slack está archivado." in page and "is_archived" not in page


def test_c8_a_refused_file_is_told_in_a_sentence(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        message = session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        session.add(
            Attachment(
                id=new_id(), client_id=ticket.client_id, message_id=message.id, name="foto.png", size=1, remote={},
                content_type="image/png", state="refused", reason="too_large", created_at=clock.now(),
            )
        )  # fmt: skip
    page = sign_in(web, world.tomas).get(DESK).text
    assert "El archivo es demasiado grande." in page and "too_large" not in page


def test_nothing_is_said_of_notes_and_of_what_the_client_wrote(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)):
        messages.note(queries.access_ticket(ticket.id), author=world.tomas, body="Mira", at=clock.now())
    assert "msg-state" not in sign_in(web, world.tomas).get(DESK).text


def test_c2_whoever_has_the_ticket_hears_of_it_in_the_console(
    web: FlaskClient, world: World, ticket: Ticket, drain: Drain
) -> None:
    with work(Scope.staff()):
        actions.assign(queries.access_ticket(ticket.id), world.irene, at=clock.now())
    add_reply_channel(Recorder("slack", always=Unreachable("is_archived")))
    replied(world, ticket)
    drain()
    page = sign_in(web, world.irene).get("/desk/notifications").text
    assert "Una respuesta no se pudo entregar. El canal de Slack está archivado." in page


def test_the_api_tells_state_channel_and_reason(web: FlaskClient, world: World, ticket: Ticket, drain: Drain) -> None:
    add_reply_channel(Recorder("slack", always=Unreachable("is_archived")))
    replied(world, ticket)
    drain()
    with work(Scope.system()):
        token = add_token(world.tomas, role="staff", name="t", at=clock.now())
    answer = web.get(f"/api/v1/tickets/{ticket.id}/messages", headers={"Authorization": f"Bearer {token}"}).get_json()
    assert [each["delivery"] for each in answer["items"]] == [
        {"state": "none", "channel": None, "reason": None},
        {"state": "failed", "channel": "slack", "reason": "is_archived"},
    ]


# ------------------------------------------------------------------- the portal


def test_the_portal_marks_a_new_reply_until_its_requester_opens_it(
    web: FlaskClient, world: World, drain: Drain
) -> None:
    ticket = opened(world, world.marta, source="portal")
    add_reply_channel(PortalChannel())
    sign_in(web, world.marta)
    assert "Respuesta nueva" not in web.get("/portal/").text
    replied(world, ticket)
    drain()
    assert "Respuesta nueva" in web.get("/portal/").text
    manager = sign_in(web.application.test_client(), world.dolores)
    assert "LOZ-1" in manager.get("/portal/").text and "Respuesta nueva" not in manager.get("/portal/").text
    manager.get("/portal/tickets/LOZ-1")
    assert "Respuesta nueva" in web.get("/portal/").text
    assert "Lo miro" in web.get("/portal/tickets/LOZ-1").text
    assert "Respuesta nueva" not in web.get("/portal/").text
    clock.advance(timedelta(minutes=1))
    replied(world, ticket)
    drain()
    assert "Respuesta nueva" in web.get("/portal/").text


def test_the_portal_does_not_mark_what_came_by_another_channel(web: FlaskClient, world: World, drain: Drain) -> None:
    ticket = opened(world, world.marta)
    add_reply_channel(Recorder("email"))
    replied(world, ticket)
    drain()
    assert "Respuesta nueva" not in sign_in(web, world.marta).get("/portal/").text


def test_a_person_without_an_account_gets_the_composer_of_the_channel_that_is_left(
    web: FlaskClient, world: World
) -> None:
    with work(Scope.system()):
        pablo = add_person(
            client_id=world.lozano.id, name="Pablo Gil", email=None, role="client_employee", locale="es",
            timezone="Europe/Madrid", at=clock.now(),
        )  # fmt: skip
    opened(world, pablo)
    add_reply_channel(PortalChannel())
    assert "No se puede avisar a Pablo" in sign_in(web, world.tomas).get(DESK).text
    remove_reply_channel("portal")
    add_reply_channel(Recorder("teams"))
    assert "Responder por Teams" in web.get(DESK).text

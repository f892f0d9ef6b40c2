"""From a Teams message to a ticket and back, against a local Teams with real tokens, keys and Connector."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from msp.people.models import Person
from msp.tickets.messages import note, reply
from msp.tickets.models import Conversation, Message, Ticket
from simulators.teams.server import TeamsServer
from simulators.teams.tokens import FORGERIES
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT, World

Drain = Callable[[], int]


@pytest.fixture
def teams(desk: Desk) -> TeamsServer:
    return desk.teams


def tickets() -> list[Ticket]:
    with work(Scope.staff()) as session:
        return session.query(Ticket).order_by(Ticket.number).all()


def test_a_personal_message_becomes_a_ticket_and_a_card(desk: Desk, drain: Drain, world: World) -> None:
    said = desk.say("Nadie entra en la VPN desde las 8:40.\nTenemos vista a las 11:30.")
    assert said.status == 200
    drain()
    (ticket,) = tickets()
    assert (ticket.subject, ticket.source, ticket.client_id) == (
        "Nadie entra en la VPN desde las 8:40",
        "teams",
        world.azcarate.id,
    )
    assert ticket.requester_id == world.inigo.id  # found by his address, not added again
    card = desk.card()
    assert "AZC-1" in str(card["attachments"]) and card["attachments"][0]["content"]["version"] == "1.5"


def test_both_sides_talk_and_notes_stay_among_us(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("Nobody can log in")
    drain()
    (ticket,) = tickets()
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        reply(mine, author=world.irene, body="The certificate *expired*; replacing it.", at=clock.now())
        note(mine, author=world.irene, body="Clave del portal en el gestor", at=clock.now())
    drain()
    texts = [activity.get("text", "") for activity in desk.from_bot()]
    assert any("Irene Navas" in text and "expired" in text for text in texts)
    assert not any("gestor" in text for text in texts)
    with work(Scope.staff()) as session:
        answer = session.query(Message).filter_by(author_id=world.irene.id, visibility="public").one()
        assert answer.delivery_state == "sent"
    desk.say("Thanks, waiting")
    drain()
    with work(Scope.staff()) as session:
        assert session.query(Ticket).count() == 1
        assert session.query(Message).filter_by(body="Thanks, waiting").one().ticket_id == ticket.id


def test_a_mention_in_a_channel_is_answered_in_its_thread(desk: Desk, drain: Drain) -> None:
    channel = desk.channel()
    said = desk.say("@Guardia la impresora de la sala no imprime", conversation=channel)
    drain()
    (ticket,) = tickets()
    assert ticket.subject.lower().startswith("la impresora")
    answers = desk.teams.messages(conversation=channel, author="bot")
    assert answers and {answer["thread"] for answer in answers} == {said.id}
    desk.say("@Guardia y huele a quemado", conversation=channel, reply_to=said.id)
    drain()
    with work(Scope.staff()) as session:
        assert session.query(Message).filter(Message.body.contains("quemado")).one().ticket_id == ticket.id


@pytest.mark.parametrize("kind", sorted(FORGERIES))
def test_forged_tokens_are_refused_and_nothing_is_stored(desk: Desk, kind: str) -> None:
    token = desk.teams.forge(kind, TEAMS_TENANT)
    answer = desk.post(desk.activity("hola"), token=token)
    assert answer.status_code == 401
    with work(Scope.system()) as session:
        assert session.query(Inbound).count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"type": "message"}', 400),
        (b'{"type": 3, "serviceUrl": "http://127.0.0.1/", "conversation": []}', 400),
        (b"x" * (1024 * 1024 + 1), 413),
    ],
)
def test_what_is_no_activity_is_refused(desk: Desk, body: bytes, status: int) -> None:
    assert desk.post_raw(body).status_code == status
    with work(Scope.system()) as session:
        assert session.query(Inbound).count() == 0


def test_in_production_no_token_means_no_entry(desk: Desk) -> None:
    settings: Settings = desk.app.config["SETTINGS"]
    desk.app.config["SETTINGS"] = replace(settings, env="production")
    assert desk.post(desk.activity("hola"), token="").status_code == 401


def test_new_keys_are_learnt(desk: Desk, drain: Drain) -> None:
    assert desk.say("uno").status == 200
    clock.advance(desk.a_while)
    desk.teams.roll_keys(keep_old=False)
    assert desk.say("dos").status == 200


@pytest.mark.parametrize("fault", ["429", "500"])
def test_what_teams_refuses_for_a_time_arrives_later(desk: Desk, drain: Drain, fault: str) -> None:
    desk.fail("send", fault, times=2)
    desk.say("The VPN is down")
    drain()
    for _ in range(6):
        clock.advance(desk.a_while)
        drain()
    assert desk.card()


def test_a_blocked_bot_is_told_to_staff(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    desk.teams.block(TEAMS_TENANT, desk.person)
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        reply(session.query(Ticket).one(), author=world.irene, body="On it", at=clock.now())
    drain()
    with work(Scope.staff()) as session:
        assert session.query(Conversation).one().unreachable_reason == "MessageWritesBlocked"
        assert session.query(Message).filter_by(body="On it").one().delivery_channel == "portal"
        assert session.query(Delivery).filter_by(state="dead").count() >= 1


def test_a_new_colleague_is_added_once_with_name_and_zone(desk: Desk, drain: Drain, world: World) -> None:
    desk.teams.add_user(TEAMS_TENANT, id="29:tom", name="Tom Beckett", email="tom@azcarate.example", locale="en-GB")
    for words in ("Shared mailbox is empty", "Still empty"):
        desk.teams.say(TEAMS_TENANT, "29:tom", "", words)
    drain()
    with work(Scope.staff()) as session:
        tom = session.query(Person).filter_by(name="Tom Beckett").one()
        assert (tom.role, tom.locale, tom.client_id) == ("client_employee", "en", world.azcarate.id)


@pytest.mark.parametrize("kind", ["html", "garbage"])
@pytest.mark.parametrize("operation", ["member", "send"])
def test_what_a_proxy_answers_in_place_of_teams_is_tried_again(
    desk: Desk, drain: Drain, world: World, operation: str, kind: str
) -> None:
    desk.teams.faults.add(operation, kind, times=2)
    desk.say("The scanner is dead")
    for _ in range(4):
        drain()
        clock.advance(timedelta(minutes=6))
    assert len(tickets()) == 1 and desk.card()
    with work(Scope.system()) as session:
        assert {row.state for row in (*session.query(Inbound), *session.query(Delivery))} == {"done"}

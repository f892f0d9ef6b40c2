"""The card and the sentence above it are correct after every change, and show typed text literally (C3, C4)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete

from integrations.channels import Post
from integrations.channels.values import WrittenCard
from integrations.slack.blocks import rendered
from integrations.slack.rich_text import read_message
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Account, Person
from msp.richtext import write_text
from msp.tickets.actions import edit
from msp.tickets.escalation import take_due_steps
from msp.tickets.messages import note, reply
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]


@pytest.fixture
def ticket(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> Ticket:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra en la tienda de Getafe")
    drain()
    return tickets()[0]


def card(slack_server: SlackServer) -> str:
    [found] = [each for each in slack_server.messages(author="bot") if each.get("blocks")]
    return str(found["text"]) + str(found["blocks"])


def test_c4_a_deadline_that_passed_is_no_longer_announced(
    slack_server: SlackServer, drain: Drain, ticket: Ticket
) -> None:
    assert "Te responderemos antes de las 12:00" in card(slack_server)
    clock.advance(timedelta(hours=3))
    take_due_steps()
    drain()
    assert "antes de las 12:00" not in card(slack_server) and "Vamos con retraso" in card(slack_server)


def test_c4_an_answer_that_is_owed_again_stands_on_the_card(
    slack_server: SlackServer, drain: Drain, ticket: Ticket, world: World
) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = None
        session.execute(delete(Account).where(Account.person_id == world.marta.id))
    slack_server.faults.add("chat.postMessage", "error", error="msg_too_long", times=None)
    clock.advance(timedelta(minutes=5))
    with work(Scope.staff(actor_id=world.tomas.id)):
        reply(access_ticket(ticket.id), author=world.tomas, body="Reinicia", at=clock.now())
    drain()
    assert "Te responderemos antes de las 12:00" in card(slack_server)


def test_c4_the_card_follows_the_readers_language(
    slack_server: SlackServer, drain: Drain, ticket: Ticket, world: World
) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).locale = "en"
    with work(Scope.staff(actor_id=world.tomas.id)):
        reply(access_ticket(ticket.id), author=world.tomas, body="Reinicia", at=clock.now())
        reply(access_ticket(ticket.id), author=world.tomas, body="Y dime", at=clock.now())
    drain()
    assert "Got it, Marta." in card(slack_server) and "Lo tenemos" not in card(slack_server)


@pytest.mark.parametrize(
    "subject",
    [
        "El fichero *.log no abre en *todos*",
        "C:\\mis_datos\\_copia_ no monta",
        "No va npm_run_x ni ~esto~",
        ">50 usuarios sin red",
        "avisa a <!channel> y <@U0MARTA> y @channel",
        "sale :cry: en pantalla",
    ],
)
def test_c3_what_people_typed_is_no_markup_on_a_card(subject: str) -> None:
    """Names, subjects and fields on a card, and the author's name above a reply."""
    post = Post("Lo tenemos.", card=WrittenCard("LOZ-1", subject, (("Con", subject),), subject, ()))
    made = rendered(post)
    texts = [made["blocks"][1]["text"]["text"], made["blocks"][2]["fields"][0]["text"]]
    texts += [made["blocks"][3]["elements"][0]["text"], made["text"]]
    for text in texts:
        assert subject in write_text(read_message({"text": text}))
        assert "<!" not in text and "<@" not in text
    said = rendered(Post("Hola", author=subject))["text"]
    assert subject in write_text(read_message({"text": said})) and "<!" not in said


def test_a_note_of_staff_and_an_edited_subject(
    slack_server: SlackServer, drain: Drain, ticket: Ticket, world: World
) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)):
        edit(access_ticket(ticket.id), at=clock.now(), actor_id=world.tomas.id, subject="TPV: *urgente*")
        note(access_ticket(ticket.id), author=world.tomas, body="nada", at=clock.now())
    drain()
    assert "TPV: `*urgente*`" in card(slack_server)

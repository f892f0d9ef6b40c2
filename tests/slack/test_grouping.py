"""Messages of one person within a short time are one ticket; greetings and thanks alone are none (B6, B16, C5, C11)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from msp.kernel import clock, settings
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.messages import reply
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SaidOn = Callable[[Ticket], list[Message]]
MENTION = f"<@{SLACK_BOT_USER}>"


def answer(ticket: Ticket, world: World, body: str = "¿Qué pone en la pantalla?") -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        reply(access_ticket(ticket.id), author=world.irene, body=body, at=clock.now())


def resolve(ticket: Ticket, world: World, status: str = "resolved") -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(ticket.id), status, at=clock.now())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "out of order"])
def test_the_subject_states_the_problem_whichever_message_is_worked_first(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, order: tuple[int, int]
) -> None:
    texts = ["Una pregunta", "¿cómo comparto la carpeta de Contabilidad?"]
    for number in order:
        slack_server.say(SLACK_TEAM, MARTA, "im", texts[number])
        drain()
    [ticket] = tickets()
    assert "compart" in ticket.subject


def test_gracias_afterwards_opens_no_ticket_and_is_kept(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    answer(tickets()[0], world, "Ya está arreglado")
    drain()
    clock.advance(timedelta(minutes=30))
    slack_server.say(SLACK_TEAM, MARTA, "im", "Gracias!")
    drain()
    [ticket] = tickets()
    assert [each.body for each in said_on(ticket)] == ["no me va el correo", "Ya está arreglado", "Gracias!"]


def test_after_a_technicians_reply_a_new_message_is_a_new_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    answer(tickets()[0], world)
    drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", "la impresora de recepción no imprime")
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo", "La impresora de recepción no imprime"]


def test_after_ninety_seconds_a_new_message_is_a_new_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    clock.advance(timedelta(seconds=89))
    slack_server.say(SLACK_TEAM, MARTA, "im", "pone error 41")
    drain()
    clock.advance(timedelta(seconds=89))  # counted from the last message
    slack_server.say(SLACK_TEAM, MARTA, "im", "en Outlook")
    drain()
    clock.advance(timedelta(seconds=91))
    slack_server.say(SLACK_TEAM, MARTA, "im", "la impresora no imprime")
    drain()
    assert [each.subject for each in tickets()] == ["No me va el correo", "La impresora no imprime"]


def test_the_time_is_a_setting(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    with work(Scope.staff()):
        settings.write("messages", {"grouping_seconds": 10})
    slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    clock.advance(timedelta(seconds=11))
    slack_server.say(SLACK_TEAM, MARTA, "im", "la impresora no imprime")
    drain()
    assert len(tickets()) == 2


def test_two_people_who_mention_us_at_once_are_two_tickets(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} la impresora no imprime")
    slack_server.say(SLACK_TEAM, PABLO, SUPPORT, f"{MENTION} no me va el correo")
    drain()
    assert len(tickets()) == 2


def test_a_second_mention_joins_and_its_thread_belongs_to_the_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} la impresora no imprime")
    second = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} la de la segunda planta")
    drain()
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "sale una luz roja", thread_ts=second.ts)
    drain()
    [ticket] = tickets()
    assert [each.body for each in said_on(ticket)] == [
        "la impresora no imprime",
        "la de la segunda planta",
        "sale una luz roja",
    ]


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_thanks_leave_it_resolved_with_one_tap_to_reopen(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World, status: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    resolve(tickets()[0], world)
    if status == "closed":
        resolve(tickets()[0], world, "closed")
    drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", "gracias, ya va perfecto", thread_ts=said.ts)
    drain()
    assert tickets()[0].status == status
    last = slack_server.messages(channel=said.channel, author="bot")[-1]
    assert last["text"].startswith("De nada, Marta.")
    slack_server.click(SLACK_TEAM, MARTA, said.channel, last["ts"], "reopen")
    drain()
    assert tickets()[0].status == "open"


@pytest.mark.parametrize("text", ["sigue fallando", "gracias, pero sigue sin ir", "it still fails"])
def test_a_problem_after_resolved_reopens(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World, text: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "no me va el correo")
    drain()
    resolve(tickets()[0], world)
    drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", text, thread_ts=said.ts)
    drain()
    assert tickets()[0].status == "open"


def test_a_mention_without_words_is_answered_once_outside_of_any_thread(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, MENTION)
    drain()
    assert tickets() == []
    whispers = [call for call in slack_server.calls if call["method"] == "chat.postEphemeral"]
    assert len(whispers) == 1
    assert not whispers[0]["args"].get("thread_ts")

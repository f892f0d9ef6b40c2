"""Cards that are updated, answers to clicks, and the current ticket of a chat (A2, B12, C4, C7)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_priority, change_status, take
from msp.tickets.messages import reply
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from tests.teams.desk import Desk
from tests.world import World

Drain = Callable[[], int]


def tickets() -> list[Ticket]:
    with work(Scope.staff()) as session:
        found = session.query(Ticket).order_by(Ticket.number).all()
        return [ticket for ticket in found if ticket.label]  # reads the client's code too


def said_on(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        query = session.query(Message).filter_by(ticket_id=ticket.id, visibility="public").order_by(Message.id)
        return [message.body for message in query if message.author_id == ticket.requester_id]


def act(world: World, ticket: Ticket, *, body: str = "", status: str = "", priority: str = "") -> None:
    with work(Scope.staff(actor_id=world.irene.id)):
        mine, at = access_ticket(ticket.id), clock.now()
        if body:
            reply(mine, author=world.irene, body=body, at=at)
        if status:
            change_status(mine, status, at=at)
        if priority:
            change_priority(mine, priority, at=at)


def cards(desk: Desk) -> list[dict[str, Any]]:
    return [each for each in desk.from_bot() if each.get("attachments")]


def two_tickets(desk: Desk, drain: Drain) -> list[Ticket]:
    desk.say("The VPN is down")
    drain()
    desk.press(cards(desk)[0]["id"], "something_else")
    desk.say("The printer does not print")
    drain()
    return tickets()


def test_text_and_card_are_two_activities_and_the_card_is_updated_in_place(
    desk: Desk, drain: Drain, world: World
) -> None:
    desk.say("The VPN is down")
    drain()
    assert not [each for each in desk.from_bot() if each.get("text") and each.get("attachments")]
    [ticket], before = tickets(), len(desk.from_bot())
    with work(Scope.staff(actor_id=world.irene.id)):
        take(access_ticket(ticket.id), world.irene, at=clock.now())
    drain()
    act(world, ticket, priority="high")
    drain()
    assert len(desk.from_bot()) == before
    [card] = cards(desk)
    assert "Irene Navas" in str(card) and "high" in str(card).lower()


def test_the_opening_sentence_follows_the_deadline(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    opening = next(each["text"] for each in desk.from_bot() if each.get("text"))
    act(world, tickets()[0], priority="urgent")
    drain()
    now = next(each["text"] for each in desk.from_bot() if each.get("text"))
    assert opening.startswith("Got it, Iñigo.") and now.startswith("Got it, Iñigo.") and now != opening


def test_a_click_that_is_refused_says_so_to_that_person(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    [card] = cards(desk)
    first = desk.press(card["id"], "talk_to_person")
    second = desk.press(card["id"], "talk_to_person")
    assert "a person will write to you here" in shown(first)
    assert "a moment ago" in shown(second)
    act(world, tickets()[0], status="resolved")
    again = desk.press(card["id"], "more_urgent")
    assert "Already done" in shown(again)
    assert tickets()[0].priority == "normal"


def shown(pressed: Any) -> str:
    """Messages shown to the person who clicked."""
    return str(pressed.body["value"] if isinstance(pressed.body, dict) else pressed.body)


def test_add_detail_on_the_older_ticket_then_words(desk: Desk, drain: Drain) -> None:
    older, newer = two_tickets(desk, drain)
    card = next(each for each in cards(desk) if older.label in str(each))
    desk.press(card["id"], "add_detail")
    desk.say("It says error 41")
    drain()
    assert said_on(older) == ["The VPN is down", "It says error 41"]
    assert said_on(newer) == ["The printer does not print"]


def test_the_desk_asks_in_the_older_and_the_person_answers(desk: Desk, drain: Drain, world: World) -> None:
    older, _newer = two_tickets(desk, drain)
    act(world, older, body="Which error does it show?")
    drain()
    desk.say("Error 41")
    drain()
    assert said_on(older) == ["The VPN is down", "Error 41"]


def test_each_answer_names_its_ticket(desk: Desk, drain: Drain, world: World) -> None:
    older, newer = two_tickets(desk, drain)
    for ticket in (older, newer):
        clock.advance(timedelta(seconds=10))  # Teams accepts seven messages a second in a chat
        act(world, ticket, body="On it")
        drain()
    texts = [each["text"] for each in desk.from_bot() if "On it" in each.get("text", "")]
    assert [older.label in texts[0], newer.label in texts[1]] == [True, True]
    assert all("Irene Navas" in text for text in texts)


def test_something_else_stays_chosen_after_thanks(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    act(world, tickets()[0], body="Try again now")
    drain()
    desk.press(cards(desk)[0]["id"], "something_else")
    for text in ("Thanks!", "The printer does not print"):
        desk.say(text)
        drain()
    older, newer = tickets()
    assert said_on(older) == ["The VPN is down", "Thanks!"]
    assert said_on(newer) == ["The printer does not print"]

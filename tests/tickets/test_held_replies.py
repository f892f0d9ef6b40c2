"""A public reply is held if somebody else wrote since its author last looked; of two at once, one is sent."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid, Refusal
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets import queries
from msp.tickets.by_requester import add_detail
from msp.tickets.message_changes import delete_message
from msp.tickets.messages import note, reply, reply_from_chat
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket, messages_of
from tests.world import World

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="slack")
WAIT = 20.0  # seconds until a thread counts as hanging
Happening = Callable[[World, Ticket], object]


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        made = open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]
    with work(Scope.staff()):  # already answered: the next replies change only the conversation
        reply(access_ticket(made.id), author=world.tomas, body="Voy.", at=clock.now())
    return made


def newest(ticket: Ticket) -> UUID:
    with work(Scope.staff()):
        return max(each.id for each in messages_of(ticket.id))


def bodies(ticket: Ticket) -> list[str]:
    with work(Scope.staff()):
        return [each.body for each in messages_of(ticket.id)]


def irene_replies(world: World, ticket: Ticket) -> Message:
    return reply(ticket, author=world.irene, body="Ya está.", at=clock.now())


def from_chat(world: World, ticket: Ticket) -> Message:
    return reply_from_chat(ticket, author=world.irene, body="Hecho", at=clock.now(), channel="slack", external_id="1.2")


def deleted(world: World, ticket: Ticket) -> None:
    delete_message(ticket, irene_replies(world, ticket), at=clock.now())


HAPPENINGS: list[tuple[str, Happening, bool]] = [
    ("nothing", lambda world, ticket: None, False),
    ("a colleague replied", irene_replies, True),
    ("a colleague replied in the chat", from_chat, True),
    ("a colleague's reply was deleted again", deleted, False),
    ("the author replied", lambda w, t: reply(t, author=w.tomas, body="Y más", at=clock.now()), False),
    ("a colleague made a note", lambda w, t: note(t, author=w.irene, body="Psst", at=clock.now()), False),
    (
        "the requester wrote",
        lambda w, t: add_detail(t, author=w.marta, body="¿?", channel="slack", at=clock.now()),
        True,
    ),
    (
        "their manager wrote",
        lambda w, t: add_detail(t, author=w.dolores, body="?", channel="api", at=clock.now()),
        True,
    ),
]


@pytest.mark.parametrize(("happened", "is_held"), [each[1:] for each in HAPPENINGS], ids=[h[0] for h in HAPPENINGS])
@pytest.mark.parametrize("is_told", [True, False], ids=["seen", "unsaid"])
def test_what_holds_a_reply(world: World, ticket: Ticket, happened: Happening, is_held: bool, is_told: bool) -> None:
    seen = newest(ticket)
    with work(Scope.staff()):
        happened(world, access_ticket(ticket.id))
    before = bodies(ticket)
    new_id_of_it = str(newest(ticket))
    refused: tuple[object, ...] = ()
    try:
        with work(Scope.staff()):
            here = access_ticket(ticket.id, lock=True)
            reply(here, author=world.tomas, body="Voy yo", at=clock.now(), last_seen=seen if is_told else None)
    except Refusal as refusal:
        refused = (refusal.status, refusal.code, refusal.params)
    expected = (409, "reply_held", {"message_ids": [new_id_of_it]}) if is_held and is_told else ()
    assert (refused, bodies(ticket)) == (expected, before if expected else [*before, "Voy yo"])


def test_whoever_saw_the_new_message_is_not_held(world: World, ticket: Ticket) -> None:
    with work(Scope.staff()):
        irene_replies(world, access_ticket(ticket.id))
    seen = newest(ticket)
    with work(Scope.staff()):
        reply(access_ticket(ticket.id), author=world.tomas, body="Bien", at=clock.now(), last_seen=seen)
    assert bodies(ticket)[-1] == "Bien"


@pytest.mark.parametrize("whose", ["nobody's", "another ticket's"])
def test_a_message_that_is_not_of_the_ticket_was_not_seen(world: World, ticket: Ticket, whose: str) -> None:
    with work(Scope.client(world.lozano.id)):
        other = open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[1]
    seen = new_id() if whose == "nobody's" else other.id
    with pytest.raises(Invalid) as refused, work(Scope.staff()):
        reply(access_ticket(ticket.id), author=world.tomas, body="Voy yo", at=clock.now(), last_seen=seen)
    assert refused.value.fields == {"last_seen_message_id": ["unknown"]}


@pytest.mark.parametrize("lock", [True, False], ids=["locked", "unlocked"])
def test_of_two_replies_at_the_same_moment_one_goes_out(app: Flask, world: World, ticket: Ticket, lock: bool) -> None:
    seen, start, outcomes = newest(ticket), threading.Barrier(2), []

    def answer(person: Person) -> None:
        with app.app_context():
            try:
                with work(Scope.staff()):
                    start.wait(WAIT)
                    here = queries.access_ticket(ticket.id, lock=lock)
                    if not lock:
                        start.wait(WAIT)  # both have read the ticket before either replies
                    reply(here, author=person, body=person.name, at=clock.now(), last_seen=seen)
                outcomes.append("sent")
            except Refusal as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=answer, args=[each], daemon=True) for each in (world.tomas, world.irene)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    assert sorted(outcomes) == ["reply_held", "sent"] and len(bodies(ticket)) == 3

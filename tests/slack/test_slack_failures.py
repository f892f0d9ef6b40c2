"""Slack throttles, fails, hangs or revokes us: messages arrive once and in order, or somebody is notified why not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from msp.clients.models import Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, StoredEvent
from msp.kernel.inbox import Inbound
from msp.people.models import Person
from msp.tickets.messages import MAX_BODY, reply
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from simulators.slack.world import BOT_SCOPES
from tests.slack.conftest import MARTA, PABLO
from tests.world import SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]


@pytest.fixture
def channel(slack_server: SlackServer, drain: Drain) -> str:
    """Marta's direct messages, with the card of her ticket."""
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    return said.channel


def say(ticket: Ticket, world: World, *bodies: str) -> None:
    """Tomás replies."""
    for body in bodies:
        with work(Scope.staff(actor_id=world.tomas.id)):
            reply(access_ticket(ticket.id), author=world.tomas, body=body, at=clock.now())


def later(drain: Drain, *, seconds: int = 60, times: int = 3) -> None:
    """Advance the clock and run the workers again."""
    for _ in range(times):
        clock.advance(timedelta(seconds=seconds))
        drain()


def heard(slack_server: SlackServer, channel: str) -> list[str]:
    """Our replies in a channel, without the card and the technician's name."""
    return [message["text"].split("\n", 1)[-1] for message in slack_server.messages(channel=channel, author="bot")[1:]]


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "hang", "drop", "html", "garbage"])
def test_replies_arrive_once_and_in_order(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World, kind: str
) -> None:
    slack_server.faults.add("chat.postMessage", kind, times=2, retry_after=7)
    say(tickets()[0], world, "primera", "segunda", "tercera")
    drain()
    later(drain, times=4)
    assert heard(slack_server, channel) == ["primera", "segunda", "tercera"]
    with work(Scope.staff()) as session:
        states = session.scalars(select(Message.delivery_state).where(Message.channel == "console")).all()
        assert states == ["sent"] * 3
        assert set(session.scalars(select(Delivery.state))) == {"done"}


def test_slack_is_asked_again_when_it_said(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.faults.add("chat.postMessage", "429", times=1, retry_after=40)
    say(tickets()[0], world, "hola")
    drain()
    later(drain, seconds=39, times=1)
    assert heard(slack_server, channel) == []
    later(drain, seconds=2, times=1)
    assert heard(slack_server, channel) == ["hola"]


def test_where_we_may_not_look_it_is_better_said_twice_than_never(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    workspace = slack_server.world.workspaces[SLACK_TEAM]
    workspace.scopes = tuple(scope for scope in BOT_SCOPES if scope != "im:history")
    slack_server.faults.add("chat.postMessage", "500", times=1)
    say(tickets()[0], world, "hola")
    drain()
    later(drain)
    assert heard(slack_server, channel) == ["hola"]


def test_the_opening_survives_a_bad_hour(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    slack_server.faults.add("*", "503", times=8)
    said = slack_server.say(SLACK_TEAM, PABLO, "im", "No me llega el correo")
    slack_server.say(SLACK_TEAM, PABLO, "im", "A nadie de la oficina", thread_ts=said.ts)
    drain()
    assert tickets() == []
    later(drain, seconds=400, times=12)
    [ticket] = tickets()
    with work(Scope.system()) as session:
        bodies = session.scalars(select(Message.body).where(Message.ticket_id == ticket.id).order_by(Message.id)).all()
        assert session.scalars(select(Inbound.state)).all() == ["done", "done"]
        assert len(session.scalars(select(Person).where(Person.name == "Pablo Gil")).all()) == 1
    assert bodies == ["No me llega el correo", "A nadie de la oficina"]
    assert len(slack_server.messages(author="bot")) == 1


def test_a_profile_that_does_not_come_keeps_the_message(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.faults.add("users.info", "hang", times=1)
    slack_server.say(SLACK_TEAM, PABLO, "im", "No me llega el correo")
    drain()
    assert tickets() == []
    later(drain)
    assert [ticket.subject for ticket in tickets()] == ["No me llega el correo"]


def test_a_closed_conversation_is_told_to_staff(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.faults.add("chat.postMessage", "error", error="user_disabled")
    say(tickets()[0], world, "hola")
    drain()
    later(drain)
    with work(Scope.staff()) as session:
        message = session.scalars(select(Message).where(Message.channel == "console")).one()
        assert (message.delivery_state, message.delivery_channel) == ("sent", "portal")  # the next channel that she has
        assert session.scalars(select(Conversation.unreachable_reason)).one() == "user_disabled"
        kinds = session.scalars(select(StoredEvent.kind)).all()
        assert kinds.count("ticket.unreachable") == 1 and kinds.count("ticket.message_failed") == 0
    calls = [call for call in slack_server.calls if call["method"] == "chat.postMessage"]
    assert len(calls) == 2  # the card, and the refused message: it is not retried
    say(tickets()[0], world, "¿sigues ahí?")
    drain()
    assert heard(slack_server, channel) == ["¿sigues ahí?"]
    with work(Scope.staff()) as session:
        assert session.scalars(select(Conversation.unreachable_reason)).one() is None


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive", "invalid_auth"])
def test_a_dead_token_marks_the_connection(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World, code: str
) -> None:
    slack_server.faults.add("chat.postMessage", "error", error=code)
    say(tickets()[0], world, "hola")
    drain()
    assert broken_reason() == code


def test_an_uninstalled_app_marks_the_connection(slack_server: SlackServer, channel: str, drain: Drain) -> None:
    slack_server.uninstall(SLACK_TEAM)
    drain()
    assert broken_reason() == "app_uninstalled"
    with work(Scope.staff()) as session:
        assert "connection.broken" in session.scalars(select(StoredEvent.kind)).all()


def broken_reason() -> str | None:
    with work(Scope.staff()) as session:
        return session.scalars(select(Connection.broken_reason).where(Connection.kind == "slack")).one()


def test_a_card_that_somebody_removed_is_not_mourned(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.faults.add("chat.update", "error", error="message_not_found")
    say(tickets()[0], world, "hola")
    drain()
    assert heard(slack_server, channel) == ["hola"]
    with work(Scope.staff()) as session:
        assert set(session.scalars(select(Delivery.state))) == {"done"}


def test_a_worker_that_died_after_sending_sends_nothing_twice(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    say(tickets()[0], world, "hola")
    drain()
    with work(Scope.system()) as session:
        for delivery in session.scalars(select(Delivery)):
            delivery.state, delivery.lease_until = "pending", None
        for inbound in session.scalars(select(Inbound)):
            inbound.state, inbound.lease_until = "pending", None
    drain()
    assert heard(slack_server, channel) == ["hola"]
    assert len(tickets()) == 1


def test_a_reply_that_arrived_stays_sent_when_the_card_fails(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.faults.add("chat.update", "error", error="is_archived")
    say(tickets()[0], world, "hola")
    drain()
    with work(Scope.staff()) as session:
        assert session.scalars(select(Message.delivery_state).where(Message.channel == "console")).one() == "sent"
        assert session.scalars(select(Conversation.unreachable_reason)).one() == "is_archived"


def test_a_text_longer_than_a_ticket_holds_is_cut_and_marked(
    slack_server: SlackServer, channel: str, drain: Drain, tickets: Tickets
) -> None:
    thread = tickets()[0].id
    first = slack_server.messages(channel=channel, author=MARTA)[0]["ts"]
    slack_server.say(SLACK_TEAM, MARTA, "im", "ay " * 50_000, thread_ts=first)
    slack_server.say(SLACK_TEAM, MARTA, "im", "y esto también", thread_ts=first)
    drain()
    with work(Scope.staff()) as session:
        said = session.scalars(select(Message.body).where(Message.ticket_id == thread).order_by(Message.id)).all()
    assert [len(body) for body in said[1:]] == [MAX_BODY, len("y esto también")] and said[1].endswith("…")

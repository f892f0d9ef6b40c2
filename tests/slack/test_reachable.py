"""A Slack thread that failed becomes reachable again: the failed messages are sent, once (C2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from msp.clients.actions import connect, disconnect
from msp.clients.models import Client, Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.people.models import Account, Person
from msp.sla.clocks import clocks_of
from msp.tickets.messages import reply
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.world import SLACK_APP_ID, SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
MENTION = f"<@{SLACK_BOT_USER}>"


@pytest.fixture(autouse=True)
def only_slack(world: World) -> None:
    """Marta has neither an address nor the portal."""
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = None
        session.execute(delete(Account).where(Account.person_id == world.marta.id))


def answered(world: World, ticket: Ticket, body: str = "Reinicia el TPV") -> None:
    clock.advance(timedelta(minutes=1))
    with work(Scope.staff(actor_id=world.tomas.id)):
        reply(access_ticket(ticket.id), author=world.tomas, body=body, at=clock.now())


def states() -> list[tuple[str, str | None]]:
    with work(Scope.staff()) as session:
        said = session.scalars(select(Message).where(Message.channel == "console").order_by(Message.id))
        return [(each.delivery_state, each.delivery_reason) for each in said]


def marks() -> list[str | None]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Conversation.unreachable_reason).order_by(Conversation.id)))


def heard(slack_server: SlackServer, body: str, *, channel: str) -> int:
    texts = [each["text"] for each in slack_server.messages(channel=channel, author="bot")]
    return sum(body in text for text in texts)


@pytest.mark.parametrize("code", ["user_disabled", "restricted_action", "messages_tab_disabled"])
def test_c2_what_failed_is_sent_when_the_person_writes_again(
    slack_server: SlackServer, drain: Drain, world: World, tickets: Tickets, code: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra en la tienda")
    drain()
    slack_server.faults.add("chat.postMessage", "error", error=code, times=9)
    answered(world, tickets()[0])
    drain()
    assert states() == [("failed", code)] and marks() == [code]
    slack_server.faults.clear()
    clock.advance(timedelta(minutes=5))
    slack_server.say(SLACK_TEAM, MARTA, "im", "¿Hay alguien?", thread_ts=said.ts)
    drain()
    assert states() == [("sent", None)] and marks() == [None]
    assert heard(slack_server, "Reinicia el TPV", channel=said.channel) == 1
    with work(Scope.staff()) as session:
        assert "ticket.reachable" in session.scalars(select(StoredEvent.kind)).all()
        first = next(each for each in clocks_of(tickets()[0].id) if each.kind == "first_response")
        assert first.state == "met"
    slack_server.say(SLACK_TEAM, MARTA, "im", "Vale", thread_ts=said.ts)
    drain()
    assert heard(slack_server, "Reinicia el TPV", channel=said.channel) == 1


@pytest.mark.parametrize("way", ["invited", "unarchived", "other_thread"])
def test_c2_what_failed_in_a_channel_is_sent_when_we_can_write_there_again(
    slack_server: SlackServer, drain: Drain, world: World, tickets: Tickets, way: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    if way == "unarchived":
        slack_server.places.archive(SLACK_TEAM, MARTA, SUPPORT)
    else:
        slack_server.places.remove_bot(SLACK_TEAM, MARTA, SUPPORT)
    slack_server.faults.add("conversations.open", "error", error="user_disabled", times=None)
    answered(world, tickets()[0])
    drain()
    assert [state for state, _ in states()] == ["failed"]
    clock.advance(timedelta(minutes=5))
    if way == "unarchived":
        slack_server.places.unarchive(SLACK_TEAM, MARTA, SUPPORT)
    elif way == "invited":
        slack_server.join(SLACK_TEAM, SLACK_BOT_USER, SUPPORT)
    else:
        slack_server.world.channels[SUPPORT].members.add(SLACK_BOT_USER)
        slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} y la impresora no imprime")
    drain()
    assert [state for state, _ in states()] == ["sent"]
    answer = next(each for each in slack_server.messages(channel=SUPPORT, author="bot") if "Reinicia" in each["text"])
    assert answer["thread_ts"] == said.ts and heard(slack_server, "Reinicia el TPV", channel=SUPPORT) == 1


def test_c2_a_thread_that_is_gone_stays_marked_when_its_channel_works(
    slack_server: SlackServer, drain: Drain, world: World, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.faults.add("conversations.open", "error", error="user_disabled", times=None)
    slack_server.faults.add("chat.postMessage", "error", error="thread_not_found", times=1)
    answered(world, tickets()[0])
    drain()
    clock.advance(timedelta(minutes=5))
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} la impresora no imprime")
    drain()
    assert marks()[0] == "thread_not_found" and [state for state, _ in states()] == ["failed"]


def test_c2_after_the_workspace_is_connected_again_the_reply_goes_to_its_thread(
    slack_server: SlackServer, drain: Drain, world: World, tickets: Tickets
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    with work(Scope.system()) as session:
        disconnect(session.scalars(select(Connection).where(Connection.kind == "slack")).one(), at=clock.now())
    with work(Scope.staff(actor_id=world.tomas.id)):
        access_ticket(tickets()[0].id).assignee_id = None
    answered(world, tickets()[0])
    drain()
    assert states() == [("failed", "no_channel")]
    clock.advance(timedelta(minutes=5))
    with work(Scope.system()) as session:
        client = session.get_one(Client, world.lozano.id)
        told = {"bot_user_id": SLACK_BOT_USER, "app_id": SLACK_APP_ID}
        connect(client, kind="slack", external_id=SLACK_TEAM, secret=SLACK_BOT_TOKEN, settings=told, at=clock.now())
    drain()
    assert [state for state, _ in states()] == ["sent"] and marks() == [None]
    answer = next(each for each in slack_server.messages(channel=SUPPORT, author="bot") if "Reinicia" in each["text"])
    assert answer["thread_ts"] == said.ts

"""Slack refuses a reply permanently: the next channel sends it, else the target is owed again until it is delivered."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from integrations.channels.links import note_uninstalled
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.notify.models import Notification
from msp.people.models import Account, Person
from msp.sla.clocks import clocks_of
from msp.tickets.actions import assign
from msp.tickets.messages import reply
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.slack.test_install import begin, come_back
from tests.world import SLACK_TEAM, World, sign_in

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]


@pytest.fixture
def ticket(slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World) -> Ticket:
    """Marta's ticket from her direct messages; she is reachable by Slack only."""
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).email = None
        session.execute(delete(Account).where(Account.person_id == world.marta.id))
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra en la tienda de Getafe")
    drain()
    return tickets()[0]


def answered(world: World, ticket: Ticket, body: str = "Reinicia el TPV, por favor") -> None:
    with work(Scope.staff(actor_id=world.tomas.id)):
        reply(access_ticket(ticket.id), author=world.tomas, body=body, at=clock.now())


def replies() -> list[Message]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Message).where(Message.channel == "console").order_by(Message.id)))


def first_response(ticket: Ticket) -> tuple[str, object]:
    with work(Scope.staff()):
        clock_of_it = next(each for each in clocks_of(ticket.id) if each.kind == "first_response")
        return clock_of_it.state, clock_of_it.due_at


@pytest.mark.parametrize("code", ["is_archived", "channel_not_found", "user_disabled", "token_revoked"])
def test_c2_the_target_is_owed_again_and_the_assignee_hears_of_it(
    slack_server: SlackServer, drain: Drain, world: World, ticket: Ticket, code: str
) -> None:
    with work(Scope.staff()):
        assign(access_ticket(ticket.id), world.irene, at=clock.now())
    due_at = first_response(ticket)[1]
    slack_server.faults.add("chat.postMessage", "error", error=code, times=5)
    clock.advance(timedelta(minutes=5))
    answered(world, ticket)
    assert first_response(ticket)[0] == "met"
    drain()
    [message] = replies()
    assert (message.delivery_state, message.delivery_channel) == ("failed", "slack")
    assert first_response(ticket) == ("running", due_at)
    with work(Scope.staff()) as session:
        told = session.scalars(select(Notification).where(Notification.kind == "ticket.reply_failed")).all()
        assert {each.person_id for each in told} == {world.irene.id, world.tomas.id}


def test_c2_who_has_the_portal_reads_it_there(
    slack_server: SlackServer, drain: Drain, world: World, tickets: Tickets
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra en la tienda de Getafe")
    drain()
    slack_server.faults.add("chat.postMessage", "error", error="is_archived", times=5)
    answered(world, tickets()[0])
    drain()
    [message] = replies()
    assert (message.delivery_state, message.delivery_channel) == ("sent", "portal")
    assert first_response(tickets()[0])[0] == "met"


def test_c2_after_reinstalling_what_failed_is_sent_once_and_meets_the_target_then(
    slack_server: SlackServer, web: FlaskClient, drain: Drain, world: World, ticket: Ticket
) -> None:
    slack_server.faults.add("chat.postMessage", "error", error="token_revoked", times=5)
    answered(world, ticket)
    answered(world, ticket, "¿Y ahora?")
    drain()
    assert [each.delivery_state for each in replies()] == ["failed", "failed"]
    slack_server.faults.clear()
    clock.advance(timedelta(minutes=10))
    sign_in(web, world.ana)
    assert come_back(web, slack_server, begin(web, f"?client_id={world.lozano.id}"), MARTA, SLACK_TEAM) == 302
    drain()
    assert [each.delivery_state for each in replies()] == ["sent", "sent"]
    said = [each["text"].split("\n", 1)[-1] for each in slack_server.messages(author="bot")]
    assert [each for each in said if each in ("Reinicia el TPV, por favor", "¿Y ahora?")] == [
        "Reinicia el TPV, por favor",
        "¿Y ahora?",
    ]
    with work(Scope.staff()):
        met = next(each for each in clocks_of(ticket.id) if each.kind == "first_response")
        assert (met.state, met.met_at) == ("met", clock.now())


@pytest.mark.parametrize("code", ["missing_scope", "no_permission", "two_factor_setup_required", "team_not_found"])
def test_c2_what_an_installation_heals_is_sent_after_it(
    slack_server: SlackServer, web: FlaskClient, drain: Drain, world: World, ticket: Ticket, code: str
) -> None:
    slack_server.faults.add("chat.postMessage", "error", error=code, times=None)
    answered(world, ticket)
    drain()
    assert [(each.delivery_state, each.delivery_reason) for each in replies()] == [("failed", code)]
    slack_server.faults.clear()
    clock.advance(timedelta(minutes=10))
    sign_in(web, world.ana)
    assert come_back(web, slack_server, begin(web, f"?client_id={world.lozano.id}"), MARTA, SLACK_TEAM) == 302
    drain()
    assert [each.delivery_state for each in replies()] == ["sent"]
    assert len([each for each in slack_server.messages(author="bot") if "Reinicia el TPV" in each["text"]]) == 1


def test_c10_after_uninstalling_nothing_is_tried_with_the_token(
    slack_server: SlackServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    note_uninstalled("slack", SLACK_TEAM, reason="app_uninstalled")
    before = len(slack_server.calls)
    answered(world, ticket)
    with work(Scope.staff()):
        assign(access_ticket(ticket.id), world.irene, at=clock.now())
    drain()
    clock.advance(timedelta(hours=1))
    drain()
    assert len(slack_server.calls) == before
    [message] = replies()
    assert message.delivery_state == "failed"
    with work(Scope.staff()) as session:
        assert len(session.scalars(select(StoredEvent).where(StoredEvent.kind == "connection.broken")).all()) == 1

"""A Teams chat works again, or only one of our messages is gone: what is sent, and what stays reachable (C2, C4)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Account, Person
from msp.tickets.actions import change_priority
from msp.tickets.messages import reply
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.teams.refusals import STATUS
from tests.teams.desk import Desk
from tests.words.test_failure_messages import PLATFORM_CODES
from tests.world import World

Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def only_teams(world: World) -> None:
    """Iñigo has neither an address nor the portal."""
    with work(Scope.system()) as session:
        session.get_one(Person, world.inigo.id).email = None
        session.execute(delete(Account).where(Account.person_id == world.inigo.id))


def ticket() -> Ticket:
    with work(Scope.staff()) as session:
        return session.scalars(select(Ticket)).one()


def answered(world: World, body: str) -> None:
    clock.advance(timedelta(minutes=1))
    with work(Scope.staff(actor_id=world.irene.id)):
        reply(access_ticket(ticket().id), author=world.irene, body=body, at=clock.now())


def states() -> list[str]:
    with work(Scope.staff()) as session:
        said = session.scalars(select(Message).where(Message.channel == "console").order_by(Message.id))
        return [each.delivery_state for each in said]


def marks() -> list[str | None]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Conversation.unreachable_reason)))


def test_c4_a_card_that_somebody_deleted_leaves_the_chat_reachable(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The VPN is down")
    drain()
    [chat] = [each for each in desk.teams.world.conversations.values() if each.kind == "personal"]
    del chat.activities[desk.card()["id"]]
    with work(Scope.staff(actor_id=world.irene.id)):
        change_priority(access_ticket(ticket().id), "urgent", at=clock.now())
    drain()
    answered(world, "The certificate expired")
    drain()
    assert marks() == [None] and states() == ["sent"]
    assert [each for each in desk.from_bot() if "The certificate expired" in each.get("text", "")]


@pytest.mark.parametrize("code", ["ConversationBlockedByUser", "MessageWritesBlocked", "BotNotInConversationRoster"])
def test_c2_what_failed_in_a_chat_is_sent_when_the_person_writes_again(
    desk: Desk, drain: Drain, world: World, code: str
) -> None:
    desk.say("The VPN is down")
    drain()
    [chat] = [each for each in desk.teams.world.conversations.values() if each.kind == "personal"]
    chat.blocked = code
    answered(world, "The certificate expired")
    drain()
    assert states() == ["failed"] and marks() == [code]
    chat.blocked = ""
    clock.advance(timedelta(minutes=5))
    desk.say("Anybody there?")
    drain()
    assert states() == ["sent"] and marks() == [None]
    said = [each for each in desk.from_bot() if "The certificate expired" in each.get("text", "")]
    assert len(said) == 1


def test_c8_every_refusal_of_our_teams_server_has_its_sentence() -> None:
    named = {code for code, status in STATUS.items() if status in (403, 404)}
    assert named <= PLATFORM_CODES

"""A reply is sent by one channel, the requester's own first; its message names the channel or why there is none."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Broken, InDoubt, NotFound, OutsideFailure, Permanent, Temporary, Unreachable
from msp.kernel.events import Delivery, StoredEvent
from msp.notify.models import Notification
from msp.notify.replies import in_order, reply_channel_of
from msp.notify.reply_delivery import TIMEOUT
from msp.people.models import Person
from msp.tickets import actions, by_requester, message_changes, messages, opening, queries
from msp.tickets.models import Message, Ticket
from tests.notify.channels import Recorder, only
from tests.world import World

Drain = Callable[[], int]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def slack() -> Recorder:
    return Recorder("slack")


@pytest.fixture
def email() -> Recorder:
    return Recorder("email")


@pytest.fixture
def portal() -> Recorder:
    return Recorder("portal")


@pytest.fixture(autouse=True)
def channels(slack: Recorder, email: Recorder, portal: Recorder) -> Iterator[None]:
    with only(portal, email, slack):
        yield


@pytest.fixture
def ticket(world: World) -> Ticket:
    return opened(world)


def opened(world: World, source: str = "slack") -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject="VPN", body="No entra", source=source)
        return opening.open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def replied(world: World, ticket: Ticket, body: str = "Lo miro", *, author: Person | None = None) -> UUID:
    who = author or world.tomas
    with work(Scope.staff(actor_id=who.id)):
        return messages.reply(queries.access_ticket(ticket.id, lock=True), author=who, body=body, at=clock.now()).id


def message(message_id: UUID) -> Message:
    with work(Scope.staff()) as session:
        return session.get_one(Message, message_id)


def where(message_id: UUID) -> tuple[str, str | None, str | None]:
    found = message(message_id)
    return found.delivery_state, found.delivery_channel, found.delivery_reason


def kinds(ticket: Ticket) -> list[str]:
    with work(Scope.staff()) as session:
        return list(
            session.scalars(
                select(StoredEvent.kind).where(StoredEvent.subject_id == ticket.id).order_by(StoredEvent.seq)
            )
        )


def later(drain: Drain, *, minutes: int, times: int = 1) -> None:
    for _ in range(times):
        clock.advance(MINUTE * minutes)
        drain()


# ------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ([], ["slack", "teams", "email", "portal"]),
        (["teams"], ["teams", "slack", "email", "portal"]),
        (["email"], ["email", "slack", "teams", "portal"]),
        (["portal"], ["portal", "slack", "teams", "email"]),
        (["phone"], ["slack", "teams", "email", "portal"]),
        (["phone", "teams"], ["teams", "slack", "email", "portal"]),
        (["slack", "portal"], ["slack", "teams", "email", "portal"]),
        (["api", "portal", "teams"], ["teams", "slack", "email", "portal"]),
    ],
)
def test_the_last_channel_comes_first_then_chats_mail_and_portal(used: list[str], expected: list[str]) -> None:
    assert in_order(["portal", "email", "slack", "teams"], used=used) == expected


def test_what_is_off_is_not_in_the_order() -> None:
    assert in_order(["email"], used=["slack"]) == ["email"]


def test_only_the_requesters_public_words_count(world: World, ticket: Ticket) -> None:
    assert reply_channel_of(ticket) == "slack"
    clock.advance(MINUTE)
    with work(Scope.client(world.lozano.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        by_requester.add_detail(mine, author=world.dolores, body="¿Y?", channel="portal", at=clock.now())
    assert reply_channel_of(ticket) == "slack"
    clock.advance(MINUTE)
    with work(Scope.client(world.lozano.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        by_requester.add_detail(mine, author=world.marta, body="¿Y?", channel="portal", at=clock.now())
    assert reply_channel_of(ticket) == "portal"


def test_nobody_is_reached_who_is_not_active(world: World, ticket: Ticket) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).active = False
    assert reply_channel_of(ticket) is None


# ------------------------------------------------------------------- one channel


@pytest.mark.parametrize("source", ["slack", "phone", "email", "portal", "console", "api"])
def test_a_reply_is_pending_then_sent_by_exactly_one_channel(
    world: World, drain: Drain, slack: Recorder, email: Recorder, portal: Recorder, source: str
) -> None:
    ticket = opened(world, source)
    made = replied(world, ticket)
    assert where(made) == ("pending", None, None)
    drain()
    expected = {"email": "email", "portal": "portal"}.get(source, "slack")
    assert where(made) == ("sent", expected, None) and message(made).delivered_at == clock.now()
    assert len(slack.sent) + len(email.sent) + len(portal.sent) == 1
    assert kinds(ticket).count("ticket.message_sent") == 1
    later(drain, minutes=60, times=3)
    assert len(slack.tried) + len(email.tried) + len(portal.tried) == 1


def test_what_the_events_say_holds_no_text(world: World, drain: Drain, ticket: Ticket) -> None:
    made = replied(world, ticket, "Una frase que nadie más dice")
    drain()
    with work(Scope.staff()) as session:
        event = session.scalars(select(StoredEvent).where(StoredEvent.kind == "ticket.message_sent")).one()
    assert event.visibility == "internal"
    assert event.data == {"message_id": str(made), "channel": "slack", "reason": None}


def test_sending_leaves_the_tickets_version_alone(world: World, drain: Drain, ticket: Ticket) -> None:
    replied(world, ticket)
    with work(Scope.staff()) as session:
        before = session.get_one(Ticket, ticket.id).version
    drain()
    with work(Scope.staff()) as session:
        assert session.get_one(Ticket, ticket.id).version == before


def test_replies_go_out_in_their_order_though_the_first_must_wait(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder
) -> None:
    slack.failures = [Temporary("ratelimited", retry_after=40)]
    wanted = [replied(world, ticket, body) for body in ("uno", "dos", "tres")]
    drain()
    assert slack.sent == []
    later(drain, minutes=1)
    assert [each.message_id for each in slack.sent] == wanted


def test_a_deleted_reply_is_not_sent(world: World, drain: Drain, ticket: Ticket, slack: Recorder) -> None:
    made = replied(world, ticket)
    with work(Scope.staff()):
        message_changes.delete_message(queries.access_ticket(ticket.id), message_of(made), at=clock.now())
    drain()
    assert slack.tried == [] and where(made)[0] == "none"


def message_of(message_id: UUID) -> Message:
    from msp.kernel.db import db

    return db.session.get_one(Message, message_id)


def test_what_the_clients_own_people_write_is_no_reply(world: World, drain: Drain, ticket: Ticket) -> None:
    with work(Scope.client(world.lozano.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        made = by_requester.add_detail(mine, author=world.dolores, body="¿Y?", channel="portal", at=clock.now()).id
    drain()
    assert where(made) == ("none", None, None)


# ------------------------------------------------------------------------- chains


@pytest.mark.parametrize(
    "refusal",
    [Unreachable("is_archived"), Broken("token_revoked"), Permanent("msg_too_long"), NotFound("ticket")],
)
def test_what_is_refused_for_good_goes_by_the_next_channel(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, refusal: Exception
) -> None:
    slack.failures = [refusal]
    made = replied(world, ticket)
    drain()
    assert where(made) == ("sent", "email", None)
    assert len(slack.tried) == len(email.sent) == 1 and slack.tried[0].key == email.sent[0].key
    assert "ticket.message_failed" not in kinds(ticket)


def test_a_retry_does_not_ask_again_who_refused_for_good(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder
) -> None:
    slack.always = Unreachable("is_archived")
    email.failures = [Temporary("smtp_451"), Temporary("smtp_451")]
    made = replied(world, ticket)
    drain()
    assert where(made)[0] == "pending"
    later(drain, minutes=6, times=2)
    assert where(made) == ("sent", "email", None)
    assert len(slack.tried) == 1 and len({each.key for each in email.tried}) == 1


def test_what_does_not_work_for_half_an_hour_goes_by_the_next_channel(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder
) -> None:
    slack.always = Temporary("no_connection")
    made = replied(world, ticket)
    drain()
    later(drain, minutes=5, times=5)
    assert where(made)[0] == "pending" and email.tried == []
    later(drain, minutes=6)
    assert where(made) == ("sent", "email", None)


def test_a_long_pause_that_a_platform_asks_for_does_not_outlast_the_timeout(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder
) -> None:
    slack.always = Temporary("ratelimited", retry_after=86_400)
    made = replied(world, ticket)
    drain()
    clock.advance(TIMEOUT)
    drain()
    assert where(made) == ("sent", "email", None)


def test_where_it_may_have_been_sent_no_other_channel_says_it_again(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder
) -> None:
    slack.failures = [InDoubt("no_answer"), *[Temporary("no_connection") for _ in range(11)]]
    made = replied(world, ticket)
    drain()
    later(drain, minutes=6, times=10)
    assert where(made)[0] == "pending" and email.tried == []
    later(drain, minutes=6, times=2)
    assert where(made) == ("sent", "slack", None)


def test_a_doubt_that_nobody_resolves_is_for_a_person_to_decide(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder
) -> None:
    slack.always = InDoubt("no_answer")
    made = replied(world, ticket)
    drain()
    later(drain, minutes=10, times=13)
    assert where(made) == ("failed", "slack", "in_doubt") and email.tried == []


def test_a_fault_of_ours_in_one_channel_does_not_keep_the_reply(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder
) -> None:
    slack.failures = [KeyError("x"), KeyError("x"), KeyError("x")]
    made = replied(world, ticket)
    drain()
    later(drain, minutes=6, times=3)
    assert where(made) == ("sent", "email", None) and len(slack.tried) == 3


def test_a_try_that_was_cut_off_goes_on_by_the_same_channel(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, portal: Recorder
) -> None:
    """Meanwhile the requester wrote elsewhere; that channel would be first for a new reply."""
    slack.failures = [Temporary("no_connection")]
    made = replied(world, ticket)
    drain()
    clock.advance(MINUTE)
    with work(Scope.client(world.lozano.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        by_requester.add_detail(mine, author=world.marta, body="¿Y?", channel="portal", at=clock.now())
    later(drain, minutes=5)
    assert where(made) == ("sent", "slack", None) and portal.tried == []


def test_a_worker_that_died_after_sending_marks_it_the_next_time(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder
) -> None:
    made = replied(world, ticket)
    drain()
    with work(Scope.system()) as session:
        for row in session.scalars(select(Delivery).where(Delivery.subscriber == "replies")):
            row.state = "pending"
    drain()
    assert len(slack.tried) == 1 and where(made)[0] == "sent"


# --------------------------------------------------------------------- everywhere


def fail_everywhere(*channels: Recorder) -> None:
    reasons = {"slack": "is_archived", "email": "smtp_550 5.1.1 no such user", "portal": "not_found"}
    for each in channels:
        each.always = Unreachable(reasons[each.name])


def test_what_nobody_takes_has_failed_with_the_first_channels_reason(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, portal: Recorder
) -> None:
    fail_everywhere(slack, email, portal)
    made = replied(world, ticket)
    drain()
    assert where(made) == ("failed", "slack", "is_archived") and message(made).failed_at == clock.now()
    with work(Scope.system()) as session:
        row = session.scalars(select(Delivery).where(Delivery.subscriber == "replies")).one()
        assert (row.state, row.reason) == ("dead", "is_archived")
    later(drain, minutes=60, times=2)
    assert [len(each.tried) for each in (slack, email, portal)] == [1, 1, 1]


def test_where_there_is_no_channel_it_has_failed_at_once(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, portal: Recorder
) -> None:
    slack.reaches = email.reaches = portal.reaches = False
    made = replied(world, ticket)
    drain()
    assert where(made) == ("failed", None, "no_channel")
    with work(Scope.system()) as session:
        assert not session.scalars(select(Delivery).where(Delivery.state == "dead")).all()


@pytest.mark.parametrize("assignee", ["irene", "tomas", None, "left"])
def test_the_assignee_or_else_the_leads_hear_of_it_and_the_author(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, portal: Recorder, assignee: str | None
) -> None:
    fail_everywhere(slack, email, portal)
    with work(Scope.system()) as session:
        if assignee:
            person = world.irene if assignee == "left" else getattr(world, assignee)
            actions.assign(session.get_one(Ticket, ticket.id), person, at=clock.now())
        if assignee == "left":
            session.get_one(Person, world.irene.id).active = False
    replied(world, ticket)
    drain()
    with work(Scope.staff()) as session:
        found = session.scalars(select(Notification).where(Notification.kind == "ticket.reply_failed")).all()
    expected = {"irene": {world.irene.id}, "tomas": {world.tomas.id}}.get(assignee or "", {world.rosa.id})
    assert {each.person_id for each in found} == expected | {world.tomas.id}
    assert all(each.data["delivery"]["by"] == ["console", "chat", "mail"] for each in found)


def test_sending_again_starts_with_all_channels(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, portal: Recorder
) -> None:
    fail_everywhere(slack, email, portal)
    made = replied(world, ticket)
    drain()
    slack.always = None
    clock.advance(MINUTE)
    with work(Scope.staff(actor_id=world.tomas.id)):
        messages.send_again(queries.access_ticket(ticket.id), message_of(made), at=clock.now())
    assert where(made)[0] == "pending"
    drain()
    assert where(made) == ("sent", "slack", None)
    assert len({each.key for each in slack.tried}) == 2


def test_an_administrator_tries_a_dead_delivery_again(
    world: World, drain: Drain, ticket: Ticket, slack: Recorder, email: Recorder, portal: Recorder
) -> None:
    fail_everywhere(slack, email, portal)
    made = replied(world, ticket)
    drain()
    slack.always = None
    with work(Scope.system()) as session:
        session.scalars(select(Delivery).where(Delivery.state == "dead")).one().state = "pending"
    drain()
    assert where(made) == ("sent", "slack", None)


def test_only_a_failed_reply_can_be_sent_again(world: World, drain: Drain, ticket: Ticket) -> None:
    made = replied(world, ticket)
    with work(Scope.staff()), pytest.raises(Exception, match="not_failed"):
        messages.send_again(queries.access_ticket(ticket.id), message_of(made), at=clock.now())


def test_outside_failures_are_what_they_were() -> None:
    assert issubclass(InDoubt, Temporary) and issubclass(Broken, Permanent) and issubclass(Unreachable, OutsideFailure)

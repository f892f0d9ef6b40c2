"""A worker that is suspended with a claimed message past its lease sends nothing that another may have sent."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from integrations.channels.links import find_link
from integrations.channels.models import ChatPost
from integrations.channels.posting import post_once
from integrations.channels.transports import transport_of
from integrations.channels.values import Post, ThreadRef
from msp.kernel import clock, inbox, leases
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World

STILL = leases.LEASE + timedelta(seconds=1)


def send(channel: str) -> str:
    """What a worker does with a claimed delivery."""
    transport = transport_of("slack")
    with work(Scope.system()):
        link = find_link("slack", SLACK_TEAM)
    assert transport is not None and link is not None
    return post_once(transport, link, ThreadRef("slack", SLACK_TEAM, channel, ""), Post("Lo miramos"), key="d1.0")


def posts() -> list[tuple[str, str]]:
    with work(Scope.system()) as session:
        return [(row.key, row.state) for row in session.scalars(select(ChatPost))]


def take_over() -> None:
    """Another worker claims the row."""
    with work(Scope.system()) as session:
        session.execute(update(Inbound).values(lease_token=uuid4()))


def in_hand(slack_server: SlackServer, *, still: timedelta, renews: bool = False, is_taken: bool = False) -> str:
    """Suspend with a claimed row, then send; returns why nothing was sent, or None."""
    inbox.store("drill", "1", {}, key="k")
    channel, outcome = slack_server.world.im(SLACK_TEAM, MARTA).id, ""

    def handle(_row: object) -> None:
        nonlocal outcome
        clock.advance(still)
        if renews:
            leases.renew()
        if is_taken:
            take_over()
        try:
            send(channel)
        except leases.LeaseLost as lost:
            outcome = lost.reason
            raise

    assert leases.process_one(Inbound, handle)
    return outcome


def test_past_its_lease_it_sends_nothing_and_leaves_the_note_to_whoever_has_it(
    slack_server: SlackServer, world: World
) -> None:
    assert in_hand(slack_server, still=STILL, is_taken=True) == "lease_lost"
    assert slack_server.messages(author="bot") == []
    assert posts() == [("d1.0", "trying")]
    assert send(slack_server.world.im(SLACK_TEAM, MARTA).id)  # the new owner of the lease looks, and sends
    assert posts() == [("d1.0", "sent")]
    assert len(slack_server.messages(author="bot")) == 1


@pytest.mark.parametrize(("still", "renews"), [(timedelta(seconds=5), False), (STILL, True), (STILL, False)])
def test_while_the_row_is_ours_it_sends(
    slack_server: SlackServer, world: World, still: timedelta, renews: bool
) -> None:
    assert in_hand(slack_server, still=still, renews=renews) == ""
    assert len(slack_server.messages(author="bot")) == 1


def test_a_renewal_that_finds_another_s_token_has_lost_it(slack_server: SlackServer, world: World) -> None:
    inbox.store("drill", "1", {}, key="k")

    def handle(_row: object) -> None:
        take_over()
        clock.advance(leases.RENEW_AFTER)
        leases.renew()
        with pytest.raises(leases.LeaseLost):
            leases.ensure_lease()

    assert leases.process_one(Inbound, handle)

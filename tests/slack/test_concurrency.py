"""Several workers at the same time: one person, one ticket, messages in order."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from msp.kernel import clock, jobs
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.people.models import Person
from msp.tickets.grouping import set_grouping_seconds
from msp.tickets.messages import reply
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.limits import POST_BURST
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

WORKERS = 4


@pytest.fixture
def crowd(app: Flask) -> Callable[[], None]:
    """Process everything that waits with several workers at the same time."""

    def worker(start: threading.Barrier) -> None:
        with app.app_context():
            start.wait()
            for _ in range(3):
                jobs.drain("inbox")
                jobs.drain("outbox")

    def run() -> None:
        start = threading.Barrier(WORKERS)
        threads = [threading.Thread(target=worker, args=(start,)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def test_two_messages_of_somebody_new_make_one_person(
    slack_server: SlackServer, crowd: Callable[[], None], tickets: Callable[[], list[Ticket]]
) -> None:
    slack_server.faults.add("users.info", "slow", seconds=0.2, times=WORKERS)
    with work(Scope.staff()):
        set_grouping_seconds(0)
    for number in range(POST_BURST):  # as many as Slack accepts in one conversation at once
        slack_server.say(SLACK_TEAM, PABLO, "im", f"Problema {number}")
    crowd()
    with work(Scope.system()) as session:
        found = select(func.count()).select_from(Person).where(Person.name == "Pablo Gil")
        assert session.execute(found).scalar_one() == 1
        assert set(session.scalars(select(Inbound.attempts))) == {1}
    assert sorted(ticket.number for ticket in tickets()) == [1, 2, 3]
    assert len(slack_server.messages(author="bot")) == POST_BURST


def test_a_thread_keeps_its_order_under_several_workers(
    slack_server: SlackServer, crowd: Callable[[], None], tickets: Callable[[], list[Ticket]], world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"<@{SLACK_BOT_USER}> uno")
    for word in ("dos", "tres", "cuatro", "cinco"):
        slack_server.say(SLACK_TEAM, MARTA, SUPPORT, word, thread_ts=said.ts)
    crowd()
    [ticket] = tickets()
    with work(Scope.staff()) as session:
        bodies = session.scalars(select(Message.body).order_by(Message.id)).all()
    assert bodies == ["uno", "dos", "tres", "cuatro", "cinco"]
    for word in ("a", "b", "c", "d"):
        with work(Scope.staff(actor_id=world.tomas.id)):
            reply(access_ticket(ticket.id), author=world.tomas, body=word, at=clock.now())
    slack_server.faults.add("chat.postMessage", "drop", times=1)
    crowd()
    clock.advance(timedelta(minutes=1))
    crowd()
    shown = [message["text"] for message in slack_server.messages(channel=SUPPORT, author="bot")[1:]]
    assert shown == [f"*Tomás Rey*\n{word}" for word in ("a", "b", "c", "d")]

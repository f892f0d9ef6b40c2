"""Lost or repeated work in Healthchecks, Fizzy and RQ that must not occur here. Names give the product and issue."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from rq.registry import FailedJobRegistry
from sqlalchemy import func, select, update

from msp.kernel import clock, events, inbox, jobs, leases, wake
from msp.kernel.db import Scope, db, enter, leave, work
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent, Delivery, StoredEvent, deliver_one, emit, subscribe
from msp.kernel.inbox import Inbound, Received
from msp.sla.models import Clock, TakenEscalationStep
from msp.tickets.escalation import take_due_steps
from msp.tickets.opening import Request, open_ticket
from tests.kernel.killed_process import die_after, kill_myself
from tests.world import World


class Noticed(Event, kind="tests.noticed"):
    """An event from the issue of another product."""


@pytest.fixture
def heard(app: Flask) -> Iterator[list[DeliveredEvent[Any]]]:
    """The events that the subscriber received."""
    told: list[DeliveredEvent[Any]] = []
    subscribe("tests_peer", to={Noticed}, handler=told.append)
    yield told
    events._subscribers.pop("tests_peer")


def say_so() -> None:
    with work(Scope.system()):
        emit(Noticed(), uuid4(), client_id=None)


def commit_without_telling_anybody() -> None:
    token = enter(Scope.system())
    emit(Noticed(), uuid4(), client_id=None)
    db.session.commit()  # and the wake-up that would follow is never sent
    leave(token)


def lapse() -> None:
    """Let the leases of killed workers expire."""
    with work(Scope.system()) as session:
        for model in (Delivery, Inbound):
            values = {"lease_until": func.clock_timestamp() - timedelta(seconds=1)}
            session.execute(update(model).where(model.lease_until.is_not(None)).values(**values))


def at_once(app: Flask, act: Callable[[], object], *, times: int) -> list[object]:
    """Run the same function in several threads at the same time."""

    def one(_number: int) -> object:
        with app.app_context():
            return act()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def test_fizzy_lost_notice_killed_between_commit_and_enqueue(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    die_after(commit_without_telling_anybody)
    assert wake.queue().count == 0 and heard == []
    jobs.tick()
    assert [delivered.event for delivered in heard] == [Noticed()]


def test_healthchecks_lost_notice_killed_between_claim_and_send(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    say_so()
    subscribe("tests_peer", to={Noticed}, handler=lambda _fact: kill_myself())
    die_after(deliver_one)
    subscribe("tests_peer", to={Noticed}, handler=heard.append)
    assert not deliver_one()  # its lease is valid
    lapse()
    assert deliver_one() and len(heard) == 1 and not deliver_one()


def test_healthchecks_lost_notice_killed_while_sending(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    """It may have arrived: it is sent again under the same number, so that the other side can recognise it."""
    say_so()
    with work(Scope.system()) as session:
        number = session.scalars(select(Delivery.id)).one()

    def send_and_die(fact: DeliveredEvent[Any]) -> None:
        assert fact.delivery_id == number
        kill_myself()

    subscribe("tests_peer", to={Noticed}, handler=send_and_die)
    die_after(deliver_one)
    subscribe("tests_peer", to={Noticed}, handler=heard.append)
    lapse()
    assert deliver_one() and [fact.delivery_id for fact in heard] == [number]


def test_rq_1354_two_schedulers_take_each_step_once(app: Flask, world: World) -> None:
    request = Request(subject="VPN caída", body="Nadie entra", source="slack", priority="urgent")
    with work(Scope.client(world.lozano.id)):
        for _ in range(6):
            open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    clock.advance(timedelta(minutes=23))
    taken = at_once(app, take_due_steps, times=4)
    with work(Scope.staff()) as session:
        assert session.scalar(select(func.count()).select_from(TakenEscalationStep)) == 6
        assert session.scalar(select(func.count()).where(StoredEvent.kind == "sla.warned")) == 6
        due = select(func.count()).select_from(Clock).where(Clock.next_step_at <= clock.now())
        assert session.scalar(due) == 0
    assert sum(int(str(each)) for each in taken) == 6


def test_rq_1354_the_same_wake_up_in_several_workers_at_once(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    for _ in range(20):
        say_so()
    at_once(app, lambda: jobs.run("outbox"), times=4)
    assert len({fact.delivery_id for fact in heard}) == len(heard) == 20


def test_rq_1716_a_wake_up_that_is_lost_between_pop_and_start(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    say_so()
    assert wake.connection().lpop(wake.queue().key) is not None  # a worker popped it and was killed
    say_so()
    assert wake.queue().count == 0  # one is in flight, as far as is known
    jobs.tick()
    assert len(heard) == 2


def test_rq_2061_a_wake_up_wrongly_taken_for_failed(app: Flask, heard: list[DeliveredEvent[Any]]) -> None:
    say_so()
    queue = wake.queue()
    (job,) = queue.jobs
    queue.remove(job)
    FailedJobRegistry(queue=queue).add(job, exc_string="moved to failed, though nothing failed")
    jobs.tick()
    assert len(heard) == 1
    jobs.run("outbox")  # and the abandoned one runs after all
    assert len(heard) == 1


def test_a_message_that_kills_its_worker_does_so_five_times_and_never_again(app: Flask) -> None:
    worked: list[str] = []

    def handle(received: Received) -> None:
        if received.external_id == "kills":
            kill_myself()
        worked.append(received.external_id)

    inbox.register_source("tests_poison", handle)
    for name, key in (("kills", "one"), ("behind it", "one"), ("elsewhere", "two")):
        inbox.store("tests_poison", name, {}, key=key)
    for _death in range(leases.MAX_CRASHES):
        die_after(inbox.work_one)
        lapse()
    assert jobs.drain("inbox") == 3
    assert sorted(worked) == ["behind it", "elsewhere"]
    with work(Scope.system()) as session:
        rows = session.execute(select(Inbound.state, Inbound.reason).order_by(Inbound.id)).all()
        assert [tuple(row) for row in rows] == [("dead", leases.CRASHED), ("done", None), ("done", None)]
    inbox._sources.pop("tests_poison")

"""A slow destination cannot take all threads of the outbox (F13)."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from msp.app import OUTBOX_THREADS
from msp.kernel import events, jobs
from msp.kernel.db import Scope, work
from msp.kernel.destinations import CHAT, DESK, MAIL, PAYMENT, WEBHOOKS, place_at
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent, Delivery, emit, subscribe

SOON = 3.0  # seconds, on a machine that is busy
MANY = 3 * OUTBOX_THREADS

Slow = Callable[[str, str], threading.Event]


@cache
def event_named(name: str) -> type[Event]:
    return type("Happened", (Event,), {}, kind=f"tests.{name}")


@pytest.fixture
def slow() -> Iterator[Slow]:
    """Subscribe to `kind` for a destination whose calls last until the end of the test."""
    over, made = threading.Event(), []

    def make(name: str, destination: str) -> threading.Event:
        reached = threading.Event()

        def handle(_fact: DeliveredEvent[Any]) -> None:
            if destination in ("slack", "teams"):
                with place_at(destination):
                    reached.set()
                    over.wait(20)
            else:
                reached.set()
                over.wait(20)

        group = CHAT if destination in ("slack", "teams") else destination
        subscribe(name, to={event_named(name)}, handler=handle, destination=group)
        made.append(name)
        return reached

    yield make
    over.set()
    for name in made:
        del events._subscribers[name]


@pytest.fixture
def crew(app: Flask) -> Iterator[jobs.Crew]:
    """A worker's threads, not started; torn down after the slow calls, since `slow` is requested after it."""
    made = jobs.Crew(app)
    yield made
    made.stop(timeout=10)


def happen(kind: str, times: int = 1) -> None:
    with work(Scope.system()):
        for _ in range(times):
            emit(event_named(kind)(), uuid4(), client_id=None)


@pytest.mark.parametrize(
    ("slow_one", "other"),
    [
        (WEBHOOKS, "slack"),
        (WEBHOOKS, DESK),
        (MAIL, "slack"),
        (PAYMENT, "slack"),
        (PAYMENT, WEBHOOKS),
        (WEBHOOKS, MAIL),
        ("slack", "teams"),
        ("teams", "slack"),
        ("slack", DESK),
        ("slack", WEBHOOKS),
    ],
)
def test_others_are_heard_while_one_is_slow(app: Flask, crew: jobs.Crew, slow: Slow, slow_one: str, other: str) -> None:
    stuck, heard = slow("drill.slow", slow_one), slow("drill.other", other)
    happen("drill.slow", MANY)
    crew.start()
    assert stuck.wait(SOON)
    time.sleep(0.3)
    happen("drill.other")
    crew.look("outbox")
    assert heard.wait(SOON + 5)


def test_what_finds_no_place_was_not_tried(app: Flask, crew: jobs.Crew, slow: Slow) -> None:
    stuck = slow("drill.slow", "slack")
    happen("drill.slow", MANY)
    crew.start()
    assert stuck.wait(SOON)
    time.sleep(1.5)
    with work(Scope.system()) as session:
        rows = session.execute(select(Delivery.attempts, Delivery.lease_until, Delivery.failure)).all()
    assert sum(row.attempts for row in rows) <= OUTBOX_THREADS
    assert {row.failure for row in rows} == {None}


def test_what_an_unknown_subscriber_waits_for_is_done(app: Flask, slow: Slow) -> None:
    slow("drill.gone", DESK)
    happen("drill.gone")
    kept = events._subscribers.pop("drill.gone")
    try:
        while events.deliver_to(DESK)():
            pass
        with work(Scope.system()) as session:
            assert session.scalars(select(Delivery.state)).all() == ["done"]
    finally:
        events._subscribers["drill.gone"] = kept

"""Several workers sweep at once, each on its own connection: every step runs exactly once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from msp.contracts.escalation_policy import PolicyStep
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import StoredEvent
from msp.sla.models import Clock, TakenEscalationStep
from msp.tickets import escalation
from msp.tickets.escalation import take_due_steps
from msp.tickets.escalation_actions import apply_due_steps
from msp.tickets.models import Ticket
from tests.tickets.sla_steps import change_terms, opened
from tests.world import World

WAIT = 20.0  # seconds until a worker counts as hanging
POLICY = (PolicyStep("share", 50, "notify"), PolicyStep("share", 75, "next_tier"), PolicyStep("after", 5, "notify"))


class Killed(BaseException):
    """Raised to end a worker in the middle of its work."""


class Worker(threading.Thread):
    """Sweeps until nothing is due, in its own thread and on its own connection."""

    def __init__(self, app: Flask, sweep: Callable[[], int] = take_due_steps) -> None:
        super().__init__(daemon=True)
        self.app, self.sweep, self.taken, self.failure = app, sweep, 0, ""

    def run(self) -> None:
        """Sweep, and record the count or the exception."""
        try:
            with self.app.app_context():
                self.taken = self.sweep()
        except BaseException as fault:
            self.failure = repr(fault)

    def ended(self) -> "Worker":
        """Wait until the thread has ended."""
        self.join(WAIT)
        assert not self.is_alive(), "a worker hangs"
        return self


@pytest.fixture
def tickets(world: World) -> list[Ticket]:
    """Thirty tickets whose first response steps are all due and whose first response is breached."""
    change_terms(world, escalation_policy=POLICY)
    made = [opened(world, priority="urgent") for _ in range(30)]
    clock.advance(timedelta(minutes=40))
    return made


def steps() -> Counter[tuple[object, str]]:
    with work(Scope.system()) as session:
        return Counter((row.ticket_id, row.key or "") for row in session.scalars(select(TakenEscalationStep)))


def told(*kinds: str) -> Counter[object]:
    with work(Scope.system()) as session:
        return Counter(session.scalars(select(StoredEvent.subject_id).where(StoredEvent.kind.in_(kinds))))


def left_due() -> int:
    with work(Scope.system()) as session:
        return session.query(Clock).filter(Clock.state == "running", Clock.next_step_at <= clock.now()).count()


def check_each_once(tickets: list[Ticket]) -> None:
    """Each ticket has its three steps and its breach once; nothing is left due."""
    expected = {(ticket.id, key) for ticket in tickets for key in first_keys()}
    assert left_due() == 0
    assert steps() == Counter(expected)
    assert told("sla.breached") == Counter(ticket.id for ticket in tickets)
    assert told("ticket.tier_changed") == Counter(ticket.id for ticket in tickets)
    assert told("sla.warned", "sla.escalated") == Counter({ticket.id: 3 for ticket in tickets})
    with work(Scope.system()) as session:
        assert {(row.tier, row.version > 1) for row in session.scalars(select(Ticket))} == {(2, True)}
        firsts = session.scalars(select(Clock).where(Clock.kind == "first_response"))
        assert {tuple(sorted(each.taken)) for each in firsts} == {tuple(sorted(first_keys()))}


def first_keys() -> tuple[str, ...]:
    return ("share:50:notify", "share:75:next_tier", "after:5:notify")


@contextmanager
def sweepers() -> Iterator[set[int]]:
    """The threads that locked tickets during the block."""
    seen: set[int] = set()
    real = escalation._lock_due

    def locking(*args: Any, **more: Any) -> Any:
        seen.add(threading.get_ident())
        return real(*args, **more)

    escalation._lock_due = locking
    try:
        yield seen
    finally:
        escalation._lock_due = real


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_many_workers_at_once(
    app: Flask, world: World, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(escalation, "BATCH", batch)
    start = threading.Barrier(4)

    def sweep() -> int:
        start.wait(WAIT)
        return take_due_steps()

    with sweepers() as seen:
        workers = [Worker(app, sweep) for _ in range(4)]
        for worker in workers:
            worker.start()
        taken = [worker.ended().taken for worker in workers]
    assert [worker.failure for worker in workers] == [""] * 4
    assert len(seen) == 4
    check_each_once(tickets)
    assert sum(taken) == 4 * len(tickets)


class Halt:
    """Stops the first worker within a ticket's steps, until it is released or killed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.released, self.is_killed = threading.Event(), threading.Event(), False
        self.ticket_id: UUID | None = None

        def halting(each: Ticket, *args: Any, **more: Any) -> Any:
            found = apply_due_steps(each, *args, **more)
            if self.ticket_id is None:
                self.ticket_id = each.id
                db.session.flush()
                self.reached.set()
                assert self.released.wait(WAIT)
                if self.is_killed:
                    raise Killed
            return found

        monkeypatch.setattr(escalation, "apply_due_steps", halting)

    def let_go(self, *, kill: bool = False) -> None:
        """Let the worker continue, or kill it."""
        self.is_killed = kill
        self.released.set()


@pytest.fixture
def halt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Halt]:
    """Stops one worker; released at the end of the test."""
    made = Halt(monkeypatch)
    yield made
    made.let_go()


def test_what_one_has_in_hand_the_others_pass_over(
    app: Flask, tickets: list[Ticket], halt: Halt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker waits for a slow one, and none takes its tickets."""
    monkeypatch.setattr(escalation, "BATCH", 5)
    slow = Worker(app)
    slow.start()
    assert halt.reached.wait(WAIT)
    quick = Worker(app)
    quick.start()
    assert quick.ended().failure == ""
    assert slow.is_alive() and 0 < left_due() < len(tickets)  # the tickets that the slow one has locked
    assert quick.taken > 0 and halt.ticket_id not in {ticket_id for ticket_id, _ in steps()}
    halt.let_go()
    assert slow.ended().failure == "" and slow.taken > 0
    check_each_once(tickets)


def test_what_a_worker_that_died_had_in_hand_another_takes(app: Flask, tickets: list[Ticket], halt: Halt) -> None:
    doomed = Worker(app)
    doomed.start()
    assert halt.reached.wait(WAIT)
    assert take_due_steps() == 0  # it processed all of them
    halt.let_go(kill=True)
    assert doomed.ended().failure == "Killed()" and steps() == Counter()
    others = [Worker(app), Worker(app)]
    for worker in others:
        worker.start()
    assert [worker.ended().failure for worker in others] == ["", ""]
    check_each_once(tickets)


def test_a_person_who_changes_a_ticket_is_passed_over_and_its_step_comes_after(
    app: Flask, world: World, tickets: list[Ticket]
) -> None:
    """The ticket is locked, by a worker or not: the sweep does not wait, and tries again a second later."""
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        session.get_one(Ticket, tickets[0].id, with_for_update=True)
        worker = Worker(app)
        worker.start()
        assert worker.ended().failure == "" and left_due() == 1
    assert take_due_steps() > 0
    check_each_once(tickets)

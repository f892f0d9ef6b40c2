"""A claimed row stays claimed while its worker's process runs; a killed worker loses it within seconds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from msp.kernel import clock, inbox, leases
from msp.kernel.db import Scope, work
from msp.kernel.errors import Temporary
from msp.kernel.inbox import Inbound


def store(name: str, *, key: str = "a") -> None:
    inbox.store("drill", name, {}, key=key)


def states() -> list[tuple[str, str, int]]:
    with work(Scope.system()) as session:
        rows = session.scalars(select(Inbound).order_by(Inbound.id))
        return [(row.external_id, row.state, row.attempts) for row in rows]


def working(during: Callable[[], None]) -> bool:
    """Process one row; `during` runs while it is claimed."""
    return leases.process_one(Inbound, lambda _row_id: during())


def lapse() -> None:
    """Let every lease expire, as time does in the database."""
    with work(Scope.system()) as session:
        session.execute(update(Inbound).values(lease_until=func.clock_timestamp() - timedelta(seconds=1)))


def test_a_living_worker_keeps_what_it_has_in_hand(app: Flask) -> None:
    store("long")

    def take_long() -> None:
        for _ in range(10):
            lapse()
            clock.advance(timedelta(seconds=5))
            leases.renew()
            assert leases.claim(Inbound) is None

    assert working(take_long)
    assert states() == [("long", "done", 1)]


def test_a_dead_worker_loses_it_within_seconds(app: Flask) -> None:
    store("first")
    store("second")
    died = leases.claim(Inbound)
    assert died is not None
    assert leases.claim(Inbound) is None  # the second waits behind the first
    lapse()
    assert timedelta(seconds=9) >= leases.LEASE
    again = leases.claim(Inbound)
    assert again is not None and (again.id, again.attempts) == (died.id, 2)


def test_what_a_late_comer_has_to_say_does_not_count(app: Flask) -> None:
    """A suspended worker resumes: another has claimed the row, and only its result counts."""
    store("row")

    def stand_still() -> None:
        lapse()
        assert working(lambda: None)
        assert states() == [("row", "done", 2)]
        leases.renew()
        raise Temporary("too late")

    assert working(stand_still)
    assert states() == [("row", "done", 2)]
    assert leases.claim(Inbound) is None


def test_a_handler_that_never_comes_back_loses_it_in_the_end(app: Flask) -> None:
    store("stuck")

    def never() -> None:
        lapse()
        clock.advance(leases.LONGEST)
        leases.renew()
        assert leases.claim(Inbound) is not None

    assert working(never)


def test_a_worker_whose_clock_leaps_takes_nothing_from_another(app: Flask) -> None:
    store("long")

    def leap() -> None:
        clock.advance(timedelta(days=150))
        assert leases.claim(Inbound) is None

    assert working(leap)
    assert states() == [("long", "done", 1)]


def test_many_tries_that_the_outside_refused_make_no_fault_the_last(app: Flask) -> None:
    """An hour without a mail server, then one dropped database connection, then a fault: it is still retried."""
    store("patient")
    failures: list[Exception] = [Temporary("no_answer")] * (leases.MAX_AWAY + 5)
    failures += [
        OperationalError("select 1", None, psycopg.OperationalError("terminating connection")),
        ValueError("x"),
    ]

    def handle(_row: object) -> None:
        if failures:
            raise failures.pop(0)

    while states()[0][1] == "pending":
        clock.advance(timedelta(minutes=6))
        assert leases.process_one(Inbound, handle)
    assert states() == [("patient", "done", leases.MAX_AWAY + 8)]


def test_a_message_that_always_breaks_its_handler_steps_aside_and_holds_up_nobody_else(app: Flask) -> None:
    store("breaks", key="one")
    store("after it", key="one")
    store("elsewhere", key="two")
    worked = []

    def handle(row: Any) -> None:
        worked.append(row.external_id)
        if row.external_id == "breaks":
            raise ZeroDivisionError("it always does")

    while leases.process_one(Inbound, handle):
        pass
    assert worked == ["breaks", "elsewhere"]
    for _ in range(leases.MAX_TRIES):
        clock.advance(timedelta(minutes=6))
        while leases.process_one(Inbound, handle):
            pass
    assert worked[:4] == ["breaks", "elsewhere", "breaks", "after it"]
    assert worked.count("breaks") == leases.MAX_TRIES
    assert [state for _, state, _ in states()] == ["dead", "done", "done"]
    with work(Scope.system()) as session:
        assert session.scalars(select(Inbound.reason).where(Inbound.state == "dead")).all() == [
            "ZeroDivisionError: it always does"
        ]


def test_the_reason_of_a_database_error_names_it_without_anybodys_words(app: Flask) -> None:
    store("breaks")

    def handle(_row: Any) -> None:
        with work(Scope.system()) as session:
            session.execute(text("insert into person (id, name) values (gen_random_uuid(), :name)"), {"name": "Ana"})

    assert leases.process_one(Inbound, handle)
    with work(Scope.system()) as session:
        reason = session.scalars(select(Inbound.reason)).one()
    assert reason == "IntegrityError: NotNullViolation (person)"


def test_a_message_that_kills_its_worker_is_dead_in_the_end(app: Flask) -> None:
    store("kills", key="one")
    store("after it", key="one")
    for _ in range(leases.MAX_CRASHES):
        assert leases.claim(Inbound) is not None  # and its worker is gone too
        lapse()
    assert leases.process_one(Inbound, lambda _row: pytest.fail("it is touched no more"))
    assert working(lambda: None)
    assert states() == [("kills", "dead", leases.MAX_CRASHES + 1), ("after it", "done", 1)]


def test_a_try_that_ends_in_order_forgets_the_deaths_before_it(app: Flask) -> None:
    store("unlucky")

    def later() -> None:
        raise Temporary("busy")

    for _ in range(3):
        for _ in range(leases.MAX_CRASHES - 1):
            assert leases.claim(Inbound) is not None
            lapse()
        assert working(later)
        clock.advance(timedelta(hours=1))
    assert working(lambda: None) and states()[0][1] == "done"


def test_a_row_that_fails_by_a_fault_of_ours_holds_its_key_for_seconds_only(app: Flask) -> None:
    store("faulty")
    store("next")

    def fail() -> None:
        raise ValueError("a fault of ours")

    assert working(fail)
    clock.advance(timedelta(seconds=3))
    assert working(fail)
    assert working(lambda: None)
    assert [(name, state) for name, state, _ in states()] == [("faulty", "pending"), ("next", "done")]


def test_a_row_that_the_outside_refused_keeps_its_key(app: Flask) -> None:
    store("refused")
    store("next")

    def refuse() -> None:
        raise Temporary("no_answer")

    for _ in range(3):
        assert working(refuse)
        clock.advance(timedelta(seconds=20))
    assert working(lambda: None)
    assert [(name, state) for name, state, _ in states()] == [("refused", "done"), ("next", "pending")]

"""Who has a row in hand keeps it while its process lives; who died loses it within seconds."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

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
    """Work one row; `during` happens while it is in hand."""
    return leases.process_one(Inbound, lambda _row_id: during())


def test_a_living_worker_keeps_what_it_has_in_hand(app: Flask) -> None:
    store("long")

    def take_long() -> None:
        for _ in range(10):
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
    clock.advance(leases.LEASE + timedelta(seconds=1))
    assert timedelta(seconds=9) >= leases.LEASE
    again = leases.claim(Inbound)
    assert again is not None and (again.id, again.attempts) == (died.id, 2)


def test_what_a_late_comer_has_to_say_does_not_count(app: Flask) -> None:
    """A worker that stood still wakes up: another has the row by then, and its word holds."""
    store("row")

    def stand_still() -> None:
        clock.advance(leases.LEASE + timedelta(seconds=1))
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
        clock.advance(leases.LONGEST)
        leases.renew()
        assert leases.claim(Inbound) is not None

    assert working(never)

"""While acknowledgements are slow, workers slow down; they never stop, and recover afterwards (F23)."""

import time
from collections.abc import Iterator

import pytest
from flask import Flask

from msp.kernel import jobs, pressure, wake

PIECES = "drill"
STRETCH = 0.6  # seconds


@pytest.fixture
def worked(app: Flask) -> Iterator[list[float]]:
    """The times at which pieces of endless work were done, by four threads."""
    done: list[float] = []

    def one() -> bool:
        time.sleep(0.01)
        done.append(time.monotonic())
        return True

    jobs.register_drain(PIECES, one, threads=4)
    crew = jobs.Crew(app)
    crew.start()
    try:
        yield done
    finally:
        crew.stop(timeout=5)
        del jobs._drains[PIECES]


def count(done: list[float]) -> int:
    done.clear()
    time.sleep(STRETCH)
    return len(done)


def test_workers_give_way_while_acknowledgements_are_slow(worked: list[float]) -> None:
    usual = count(worked)
    pressure.report()
    time.sleep(2 * pressure.LOOK_EVERY)
    worked.clear()
    until = time.monotonic() + STRETCH
    while time.monotonic() < until:
        pressure.report()
        time.sleep(0.05)
    assert 0 < len(worked) < usual / 2.5
    time.sleep(pressure.HOLD_SECONDS + 2 * pressure.LOOK_EVERY)
    assert count(worked) > usual / 2


@pytest.mark.parametrize(("seconds", "is_said"), [(0.005, False), (0.2, True)])
def test_a_web_process_says_so_while_they_are_slow(app: Flask, seconds: float, is_said: bool) -> None:
    gauge = pressure.Gauge()
    for _ in range(20):
        gauge.note(seconds)
    time.sleep(0.1)
    assert bool(wake.connection().exists(pressure.KEY)) is is_said
    assert pressure.Watch().is_high() is is_said


def test_one_slow_acknowledgement_among_many_is_no_pressure(app: Flask) -> None:
    gauge = pressure.Gauge()
    for _ in range(20):
        gauge.note(0.005)
    gauge.note(0.1)
    assert not gauge.is_slow

"""The workers: an RQ job is a wake-up that makes this process look at the rows that wait.

Each drain has a few threads, so one hanging service does not hold the others up, and the worker's main thread stays
free for the next wake-up. The clock process (`rq cron`) sends a tick each second: the net under every lost wake-up.
"""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

import redis
from flask import Flask
from rq import SimpleWorker
from rq.cron import CronScheduler

from msp.kernel import wake

log = logging.getLogger(__name__)

TICK_SECONDS = 1

_drains: dict[str, tuple[Callable[[], bool], int]] = {}
_ticks: list[Callable[[], None]] = []
_crew: "Crew | None" = None


def register_drain(name: str, one: Callable[[], bool], *, threads: int) -> None:
    """A kind of work: `one` does one piece and answers False when there is none."""
    _drains[name] = (one, threads)


def every_second(tick: Callable[[], None]) -> None:
    """Call `tick` about once a second in one worker; it must be quick, touch the database only, and bear doubles."""
    if tick not in _ticks:
        _ticks.append(tick)


def run(name: str) -> None:
    """The RQ job: look at the named drain. In a process without a crew, work it here until it is empty."""
    wake.taken(name)
    if _crew is None:
        drain(name)
    else:
        _crew.look(name)


def tick() -> None:
    """The clock's RQ job, each second."""
    for each in _ticks:
        each()


def drain(name: str) -> int:
    """Work a drain in this thread until nothing is due; returns how many pieces were worked."""
    one, _threads = _drains[name]
    count = 0
    while one():
        count += 1
    return count


class Crew:
    """The threads of one worker process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._bells = {name: threading.Condition() for name in _drains}
        self._rings = dict.fromkeys(_drains, 0)
        self._threads = [
            threading.Thread(
                target=self._work,
                args=(name, one),
                name=f"{name}-{number}",
                daemon=True,
            )
            for name, (one, threads) in _drains.items()
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start every thread; each looks once at what waits already."""
        for thread in self._threads:
            thread.start()

    def look(self, name: str) -> None:
        """Ring the bell of a drain: its idle threads look."""
        with self._bells[name]:
            self._rings[name] += 1
            self._bells[name].notify_all()

    def stop(self, *, patience: float) -> None:
        """Finish what is in hand, take nothing new; wait at most `patience` seconds for each thread."""
        self._stop.set()
        for name in self._bells:
            self.look(name)
        for thread in self._threads:
            thread.join(patience)

    def _work(self, name: str, one: Callable[[], bool]) -> None:
        heard = 0
        with self._app.app_context():
            while not self._stop.is_set():
                try:
                    while not self._stop.is_set() and one():
                        pass
                except Exception:  # the database is away: the next bell tries again
                    log.exception("a drain stumbled", extra={"drain": name})
                    self._stop.wait(1)
                with self._bells[name]:
                    if self._rings[name] == heard:
                        self._bells[name].wait(5)
                    heard = self._rings[name]


def run_worker(app: Flask) -> None:
    """Work until SIGTERM or SIGINT, then finish what is in hand. Blocks."""
    global _crew
    _crew = Crew(app)
    _crew.start()
    connection = _patient_connection(app)
    try:
        with app.app_context():
            SimpleWorker([wake.QUEUE], connection=connection).work(logging_level="WARNING")
    finally:
        _crew.stop(patience=20)
        _crew = None


def run_clock(app: Flask) -> None:
    """Send a tick each second until SIGTERM or SIGINT. Blocks; dies with Redis, and its keeper starts it again."""
    scheduler = CronScheduler(connection=_patient_connection(app), logging_level=logging.WARNING)
    scheduler.register(tick, wake.QUEUE, interval=TICK_SECONDS, result_ttl=0, ttl=5, job_timeout=30)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    scheduler.start()  # type: ignore[no-untyped-call]


def _patient_connection(app: Flask) -> redis.Redis:
    """Workers wait long for their next job, so they cannot use the impatient connection of the doors."""
    return redis.Redis.from_url(app.config["SETTINGS"].redis_url, health_check_interval=10)

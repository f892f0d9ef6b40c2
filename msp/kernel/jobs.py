"""Worker processes: an RQ job is a wake-up after which the process looks for due rows.

Each drain has a few threads, so one unresponsive service does not block the others, and the worker's main thread stays
free for the next wake-up. The first thread of a drain takes the oldest row, the others the most urgent one, so that
under load urgent rows do not wait and no row starves. The clock process (`rq cron`) sends a tick each second, in case a
wake-up was lost.

While acknowledgements are slow (msp/kernel/pressure.py), only two threads of each drain work, with a rest between two
pieces. Without Redis the workers continue on their own: each looks every few seconds, and ticks if it receives no tick
from the clock.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import redis
from flask import Flask
from rq import SimpleWorker
from rq.cron import CronJob, CronScheduler
from rq.exceptions import StopRequested
from rq.utils import now as utcnow

from msp.kernel import heartbeats, leases, pressure, wake, wake_jobs
from msp.kernel.wake_jobs import SERIALIZER, TICK, WakeJob

log = logging.getLogger(__name__)

TICK_SECONDS = 1
LOOK_SECONDS = 5  # seconds after which an idle drain looks without a wake-up
NICE = 10  # niceness: the web goes first, because people and chat systems wait for it
GOING_ON = 2  # threads per drain that work under pressure: one takes the oldest, one the most urgent piece
REST = 3.0  # rest of such a thread, as a multiple of the piece's duration
LEAST_REST, LONGEST_REST = 0.05, 1.0  # seconds
SILENCE_SECONDS = 5  # seconds without a tick after which a worker ticks by itself

One = Callable[[], bool]  # does one piece of work; False if there is none


@dataclass(frozen=True, slots=True)
class _Drain:
    one: One
    hands: tuple[One, ...]  # one function per thread


_drains: dict[str, _Drain] = {}
_ticks: list[Callable[[], None]] = []
_crew: "Crew | None" = None
_last_tick = 0.0


def register_drain(name: str, one: One, *, threads: int, oldest: One | None = None) -> None:
    """Register a kind of work: its first thread calls `oldest` if given, the others `one`."""
    register_hands(name, one, [oldest or one, *[one] * (threads - 1)])


def register_hands(name: str, one: One, hands: Sequence[One]) -> None:
    """Register a kind of work with a function for each thread; `one` handles what all of them handle."""
    _drains[name] = _Drain(one, tuple(hands))


def every_second(tick: Callable[[], None]) -> None:
    """Call `tick` about once a second in one worker. It must be quick, use the database only, and be idempotent."""
    if tick not in _ticks:
        _ticks.append(tick)


def run(name: str) -> None:
    """The RQ job: wake the named drain. In a process without a crew, work it until it is empty."""
    wake.taken(name)
    if _crew is None:
        drain(name)
    else:
        _crew.look(name)


def tick() -> None:
    """The clock's RQ job, every second."""
    _take_tick("clock")


def _take_tick(source: str) -> None:
    global _last_tick
    _last_tick = time.monotonic()
    for each in _ticks:
        try:
            each()
        except Exception:  # a failing one does not stop the others
            log.exception("a tick stumbled", extra={"tick": each.__name__})
    heartbeats.beat(heartbeats.TICKS, source)


def drain(name: str) -> int:
    """Work a drain in this thread until nothing is due; returns the number of pieces."""
    count = 0
    while _drains[name].one():
        count += 1
    return count


class Crew:
    """The threads of one worker process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pressure = pressure.Watch()
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._bells = {name: threading.Condition() for name in _drains}
        self._rings = dict.fromkeys(_drains, 0)
        self._resting = dict.fromkeys(_drains, 0)
        self._threads = [
            threading.Thread(
                target=self._work,
                args=(name, hand, number < GOING_ON),
                name=f"{name}-{number}",
                daemon=True,
            )
            for name, drain in _drains.items()
            for number, hand in enumerate(drain.hands)
        ]
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._ticker = threading.Thread(target=self._tick_where_it_is_silent, name="ticker", daemon=True)

    def start(self) -> None:
        """Start all threads; each looks once for waiting work."""
        for thread in (*self._threads, self._keeper, self._ticker):
            thread.start()

    def look(self, name: str) -> bool:
        """Wake the idle threads of a drain; False if there is no such drain."""
        with self._bells[name]:
            self._rings[name] += 1
            self._bells[name].notify_all()
            return self._resting[name] > 0

    def stop(self, *, timeout: float) -> None:
        """Finish the current work and take no more; wait at most `timeout` seconds in all.

        Work that takes longer keeps its lease until it ends: it may still succeed, so no other worker may repeat it.
        """
        self._stop.set()
        for name in self._bells:
            self.look(name)
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._idle.set()
        for thread in (self._keeper, self._ticker):
            thread.join(max(1.0, end - time.monotonic()))
        heartbeats.stop(heartbeats.WORKERS)

    def _work(self, name: str, one: One, goes_on: bool) -> None:
        heard = 0
        with self._app.app_context():
            while not self._stop.is_set():
                try:
                    while not self._stop.is_set() and self._work_one(one, goes_on):
                        pass
                except Exception:  # database unavailable: the next wake-up retries
                    log.exception("a drain stumbled", extra={"drain": name})
                    self._stop.wait(1)
                with self._bells[name]:
                    if self._rings[name] == heard:
                        self._resting[name] += 1
                        self._bells[name].wait(LOOK_SECONDS)
                        self._resting[name] -= 1
                    heard = self._rings[name]

    def _work_one(self, one: One, goes_on: bool) -> bool:
        """Work one piece; under pressure only in some threads, with a rest after it."""
        while not goes_on and self._pressure.is_high():
            if self._stop.wait(LEAST_REST):
                return False
        began = time.monotonic()
        found = one()
        if found and self._pressure.is_high():
            self._stop.wait(min(max(REST * (time.monotonic() - began), LEAST_REST), LONGEST_REST))
        return found

    def _keep(self) -> None:
        """Renew the leases held and send the heartbeat."""
        with self._app.app_context():
            while not self._idle.wait(leases.RENEW_AFTER.total_seconds()):
                try:
                    leases.renew()
                    heartbeats.beat(heartbeats.WORKERS)
                except Exception:  # database unavailable: no other worker can claim either
                    log.exception("the keeper stumbled")

    def _tick_where_it_is_silent(self) -> None:
        with self._app.app_context():
            while not self._stop.wait(TICK_SECONDS):
                if time.monotonic() - _last_tick > SILENCE_SECONDS:
                    _take_tick("worker")


class _Listener(SimpleWorker):
    """RQ's worker with quick reconnection to Redis; remembers a stop request."""

    max_connection_wait_time = 2.0
    is_told_to_stop = False
    job_class = WakeJob

    def __init__(self, queues: list[str], *, connection: redis.Redis) -> None:
        super().__init__(queues, connection=connection, serializer=SERIALIZER)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_told_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


class _Clock(CronScheduler):
    """RQ's cron, which sends our ticks; remembers a stop request."""

    is_told_to_stop = False

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_told_to_stop = True  # without Redis, RQ's shutdown raises instead of StopRequested
        super()._request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def enqueue_jobs(self) -> list[CronJob]:
        """Send a tick if one is due."""
        due = [job for job in self.get_jobs() if job.should_run()]
        for job in due:
            wake.queue_at(self.connection).enqueue(TICK, result_ttl=0, ttl=5, job_timeout=30)
            job.set_enqueue_time(utcnow())
        return due


def make_clock(connection: redis.Redis) -> _Clock:
    """The cron scheduler with its one tick."""
    scheduler = _Clock(connection=connection, logging_level=logging.WARNING)
    scheduler.register(tick, wake.QUEUE, interval=TICK_SECONDS)
    return scheduler


def run_worker(app: Flask) -> None:
    """Work until SIGTERM or SIGINT, then finish the work in hand. Blocks; goes on without Redis."""
    global _crew
    os.nice(NICE)
    _stop_on_signals()
    _crew = Crew(app)
    _crew.start()
    wake.answer_here(_crew.look)
    try:
        with app.app_context():
            while not _listen(app):
                time.sleep(1)
    finally:
        wake.answer_here(None)
        _crew.stop(timeout=20)
        _crew = None


def _listen(app: Flask) -> bool:
    """Receive wake-ups until stopped (True) or until Redis is unavailable (False)."""
    listener = _Listener([wake.QUEUE], connection=_blocking_connection(app))
    try:
        listener.work(logging_level="WARNING")
    except redis.RedisError as failure:
        log.warning("no wake-ups", extra={"reason": str(failure)})
    _stop_on_signals()
    return listener.is_told_to_stop


def run_clock(app: Flask) -> None:
    """Send a tick each second until SIGTERM or SIGINT. Blocks; retries each second without Redis."""
    while not _send_ticks(app):
        time.sleep(1)


def _send_ticks(app: Flask) -> bool:
    _stop_on_signals()
    scheduler = make_clock(_blocking_connection(app))
    try:
        scheduler.start()  # type: ignore[no-untyped-call]
    except StopRequested:  # before the cron had started
        return True
    except redis.RedisError as failure:
        if scheduler.is_told_to_stop:
            return True
        log.warning("no ticks", extra={"reason": str(failure)})
        _stop_on_signals()  # RQ's own handlers would not stop us between two tries
        return False
    return True


def _stop_on_signals() -> None:
    """Shut down cleanly on signals that arrive outside of RQ's own handlers."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _blocking_connection(app: Flask) -> redis.Redis:
    """Workers wait long for jobs, so they cannot use the endpoints' connection with short timeouts."""
    return redis.Redis.from_url(app.config["SETTINGS"].redis_url, health_check_interval=10)


wake_jobs.allow(wake_jobs.RUN, run)
wake_jobs.allow(TICK, tick)

"""Wake-ups through Redis. They are hints: a lost one costs a second (ticks look too), never a row."""

import logging
import threading
import time
from collections.abc import Callable

import redis
import rq

from msp.kernel.wake_jobs import RUN, SERIALIZER, WakeJob

log = logging.getLogger(__name__)

QUEUE = "desk"
_PAUSE_AFTER_FAILURE = 2.0  # seconds in which Redis is not tried again after a failure, so that endpoints stay fast

_SENDER_PAUSE = 0.01  # seconds between wake-ups sent in the background; those in between are merged

_connection: redis.Redis | None = None
_silent_until = 0.0
_here: Callable[[str], bool] | None = None
_sender: "_Sender | None" = None


def connect(url: str) -> redis.Redis:
    """Connect for wake-ups, with timeouts short enough for an endpoint that answers in milliseconds."""
    global _connection, _silent_until
    _connection = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
    _silent_until = 0.0
    return _connection


def connection() -> redis.Redis:
    """The connection of `connect`; raises RuntimeError before it."""
    if _connection is None:
        raise RuntimeError("wake.connect was not called")
    return _connection


def answer_here(look: Callable[[str], bool] | None) -> None:
    """Handle wake-ups of this process by its own crew; `look` returns whether an idle thread took it."""
    global _here
    _here = look


def send_in_background() -> None:
    """From now on send wake-ups by a background thread, so that callers never wait for Redis."""
    global _sender
    _sender = _Sender()


class _Sender:
    def __init__(self) -> None:
        self._names: set[str] = set()
        self._bell = threading.Condition()
        threading.Thread(target=self._send, name="wake-ups", daemon=True).start()

    def add(self, name: str) -> None:
        with self._bell:
            self._names.add(name)
            self._bell.notify()

    def _send(self) -> None:
        while True:
            with self._bell:
                while not self._names:
                    self._bell.wait()
                names, self._names = self._names, set()
            for name in names:
                _send(name)
            time.sleep(_SENDER_PAUSE)


def send(name: str) -> None:
    """Tell a worker that the named drain has work; pending wake-ups are not duplicated."""
    if _here is not None and _here(name):
        return
    if _sender is not None:
        _sender.add(name)
    else:
        _send(name)


def _send(name: str) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        if connection().set(f"wake:{name}", 1, nx=True, ex=5):
            queue().enqueue(
                RUN,
                name,
                result_ttl=0,
                failure_ttl=3600,
                job_timeout=60,
            )
    except redis.RedisError as failure:
        _silent_until = time.monotonic() + _PAUSE_AFTER_FAILURE
        log.warning("wake-up not sent", extra={"drain": name, "reason": str(failure)})


def taken(name: str) -> None:
    """Mark the wake-up as received: later rows need another one."""
    try:
        connection().delete(f"wake:{name}")
    except redis.RedisError as failure:  # it expires by itself
        log.info("wake-up not cleared", extra={"drain": name, "reason": str(failure)})


def queue() -> rq.Queue:
    """The only RQ queue; it contains only wake-ups."""
    return queue_at(connection())


def queue_at(line: redis.Redis) -> rq.Queue:
    """The queue over another connection."""
    return rq.Queue(QUEUE, connection=line, serializer=SERIALIZER, job_class=WakeJob)

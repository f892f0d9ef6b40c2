"""Heartbeats of workers and of the last tick, in Redis with Redis's time; only hints."""

import logging
import os
import socket

import redis

from msp.kernel import wake

log = logging.getLogger(__name__)

WORKERS, TICKS = "heartbeat:workers", "heartbeat:ticks"
ALIVE = 15.0  # seconds after which a silent worker is not counted as alive
_FORGOTTEN = 86_400.0  # seconds


def beat(kind: str, name: str = "") -> None:
    """Record that this process, or `name`, is alive; does nothing without Redis."""
    try:
        _record(kind, name or f"{socket.gethostname()}:{os.getpid()}")
    except redis.RedisError as failure:
        log.info("no sign of life", extra={"reason": str(failure)})


def stop(kind: str) -> None:
    """Record that this process ends."""
    try:
        wake.connection().zrem(kind, f"{socket.gethostname()}:{os.getpid()}")
    except redis.RedisError:
        pass  # the key expires soon


def ages(kind: str, *, asked: redis.Redis | None = None) -> dict[str, float]:
    """Seconds since each heartbeat, over this process's connection or another; raises redis.RedisError."""
    connection = asked or wake.connection()
    now = _now(connection)
    heard: list[tuple[bytes, float]] = connection.zrange(kind, 0, -1, withscores=True)  # type: ignore[assignment]
    return {name.decode(): max(0.0, now - at) for name, at in heard}


def alive(*, asked: redis.Redis | None = None) -> int:
    """The number of live workers; raises redis.RedisError."""
    return sum(age <= ALIVE for age in ages(WORKERS, asked=asked).values())


def _record(kind: str, name: str) -> None:
    connection = wake.connection()
    now = _now(connection)
    with connection.pipeline(transaction=False) as both:
        both.zadd(kind, {name: now})
        both.zremrangebyscore(kind, 0, now - _FORGOTTEN)
        both.execute()


def _now(connection: redis.Redis) -> float:
    seconds, microseconds = connection.time()
    return float(seconds) + float(microseconds) / 1e6

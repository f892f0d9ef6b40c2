"""Signs of life: which workers work and when the last tick came. Kept in Redis, by Redis's own time: hints only."""

import logging
import os
import socket

import redis

from msp.kernel import wake

log = logging.getLogger(__name__)

WORKERS, TICKS = "pulse:workers", "pulse:ticks"
ALIVE = 15.0  # seconds for which a worker that said nothing counts as alive
_FORGOTTEN = 86_400.0  # seconds


def beat(kind: str, name: str = "") -> None:
    """Say that this process lives, or that `name` did its part; silent where Redis is away."""
    try:
        _record(kind, name or f"{socket.gethostname()}:{os.getpid()}")
    except redis.RedisError as failure:
        log.info("no sign of life", extra={"reason": str(failure)})


def stop(kind: str) -> None:
    """Say that this process ends."""
    try:
        wake.connection().zrem(kind, f"{socket.gethostname()}:{os.getpid()}")
    except redis.RedisError:
        pass  # it is forgotten soon


def ages(kind: str, *, asked: redis.Redis | None = None) -> dict[str, float]:
    """Seconds since each last said so, by the connection of this process or another; raises redis.RedisError."""
    connection = asked or wake.connection()
    now = _now(connection)
    heard: list[tuple[bytes, float]] = connection.zrange(kind, 0, -1, withscores=True)  # type: ignore[assignment]
    return {name.decode(): max(0.0, now - at) for name, at in heard}


def alive(*, asked: redis.Redis | None = None) -> int:
    """How many workers live; raises redis.RedisError."""
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

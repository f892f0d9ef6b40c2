"""Counts requests of other systems that no code handles, in Redis; only hints, reset when its data is deleted."""

import logging

import redis

from msp.kernel import wake

log = logging.getLogger(__name__)

_COUNTS = "unhandled"


def count_unhandled(source: str, kind: str) -> None:
    """Count one request of `source`; `kind` is one of a few words of ours. Does nothing without Redis."""
    try:
        wake.connection().hincrby(_COUNTS, f"{source} {kind}", 1)
    except redis.RedisError as failure:
        log.info("a request that was not handled was not counted", extra={"reason": str(failure)})


def unhandled() -> dict[tuple[str, str], int]:
    """How many of each source and kind; raises redis.RedisError."""
    found: dict[bytes, bytes] = wake.connection().hgetall(_COUNTS)  # type: ignore[assignment]
    counts = {tuple(name.decode().split(" ", 1)): int(count) for name, count in found.items()}
    return {(source, kind): count for (source, kind), count in counts.items()}

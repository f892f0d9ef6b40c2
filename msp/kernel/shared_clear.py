"""Clear cached values in every process at once: a counter in Valkey, which is part of the key of these values.

For values whose end must not wait for `ttl_cache`, such as sessions and tokens. Without Valkey, other processes see the
change when their value expires.
"""

import time
from functools import partial

import redis

from msp.kernel import ttl_cache, wake
from msp.kernel.db import do_after_commit

_PAUSE_AFTER_FAILURE = 2.0  # seconds in which Valkey is not asked again, so that no request waits for it

_silent_until = 0.0


def clear_everywhere(name: str) -> None:
    """Clear the values of one name: here at once, in every process when this unit of work has committed."""
    ttl_cache.clear(name)
    do_after_commit(partial(_count, name))


def times_cleared(name: str) -> int:
    """How often the values of a name were cleared; the reader of such a value includes it in its key."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return -1
    try:
        return int(wake.connection().get(_key(name)) or 0)
    except redis.RedisError:
        _silent_until = time.monotonic() + _PAUSE_AFTER_FAILURE
        return -1


def _count(name: str) -> None:
    try:
        wake.connection().incr(_key(name))
    except redis.RedisError:  # the values expire by themselves
        return
    finally:
        ttl_cache.clear(name)  # what was read again before the commit


def _key(name: str) -> str:
    return f"cleared:{name}"

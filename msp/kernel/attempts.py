"""Attempt counters in Redis with exponentially growing waits beyond a free number.

An attempt is counted before it is made, so that concurrent ones count separately. Without Redis none is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis

from msp.kernel import wake

_SCRIPT = """
local n = tonumber(redis.call('hget', KEYS[1], 'n') or '0')
local at = tonumber(redis.call('hget', KEYS[1], 'at') or '0')
local now, free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if n >= free then
    local left = at + math.min(first * 2 ^ (n - free), longest) - now
    if left > 0 then return math.ceil(left) end
end
redis.call('hset', KEYS[1], 'n', math.max(n, 0) + 1, 'at', ARGV[1])
if n <= 0 or ARGV[6] == '1' then redis.call('expire', KEYS[1], ARGV[5]) end
return 0
"""


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """`free` attempts need not wait; then the wait doubles from `first` to `longest`.

    The counter expires `forgotten` after the last attempt, or after the first if the rule `is_window`.
    """

    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    forgotten: timedelta = timedelta(hours=1)
    is_window: bool = False


def begin_attempt(key: str, rule: AttemptRule, *, at: datetime) -> int:
    """Count an attempt and return 0; if it has to wait, return the seconds and do not count it."""
    spans = (rule.first, rule.longest, rule.forgotten)
    first, longest, forgotten = (int(span.total_seconds()) for span in spans)
    arguments = (f"{at.timestamp():.3f}", rule.free, first, longest, forgotten, int(not rule.is_window))
    try:
        return int(wake.connection().eval(_SCRIPT, 1, f"attempts:{key}", *arguments))
    except redis.RedisError:
        return 0


def take_back_attempt(key: str) -> None:
    """Uncount one attempt: it was not made, or it succeeded."""
    try:
        wake.connection().hincrby(f"attempts:{key}", "n", -1)
    except redis.RedisError:
        return


def forget_attempts(key: str) -> None:
    """Reset the counter."""
    try:
        wake.connection().delete(f"attempts:{key}")
    except redis.RedisError:
        return

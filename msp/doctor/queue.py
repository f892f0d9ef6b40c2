"""Checks of Redis or Valkey, workers and clock."""

from __future__ import annotations

import re
from collections.abc import Iterator

import redis

from msp.config import Settings
from msp.doctor.finding import Check, Finding, judged
from msp.kernel import heartbeats, wake

OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
SILENCE = 10.0  # seconds without a tick


def queue_answers(settings: Settings) -> Iterator[Finding]:
    """Redis or Valkey, its version, and live workers."""
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5) as client:
            yield from _queue(settings, client)
    except redis.RedisError as error:
        yield Finding("fault", f"the queue cannot be reached: {error}", "Check REDIS_URL")


def _queue(settings: Settings, client: redis.Redis) -> Iterator[Finding]:
    about: dict[str, str] = client.info("server")
    kind = "valkey" if "valkey_version" in about else "redis"
    version = about[f"{kind}_version"]
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(version))[:2])
    if numbers < OLDEST[kind]:
        yield Finding("fault", f"{kind} {version} is too old", "Use Redis 6.2 or Valkey 7.2 or newer")
    else:
        yield Finding("ok", f"{kind} {version}")
    memory: dict[str, int] = client.info("memory")
    most = int(memory.get("maxmemory", 0))
    if most and int(memory["used_memory"]) > most * 0.9:
        fix = "Raise maxmemory, or look who fills it: the desk keeps hints alone there"
        yield Finding("fault", f"{kind} has used {int(memory['used_memory']) / most:.0%} of its memory", fix)
    yield from _heartbeats(settings, client)


def _heartbeats(settings: Settings, client: redis.Redis) -> Iterator[Finding]:
    workers = heartbeats.alive(asked=client)
    if not workers:
        yield Finding(
            "note" if settings.is_demo else "fault",
            "no worker is at work",
            "Start msp worker and msp clock, or msp run",
        )
        return
    yield Finding("ok", f"{workers} worker(s) at work on the queue «{wake.QUEUE}»")
    ages = heartbeats.ages(heartbeats.TICKS, asked=client)
    if min(ages.values(), default=SILENCE + 1) > SILENCE:
        yield Finding("fault", "nothing ticks: no escalation step is taken", "Start msp clock; look into its log")
    else:
        is_ticking = ages.get("clock", SILENCE + 1) <= SILENCE
        what = "the clock ticks" if is_ticking else "the clock does not tick, workers tick in its place"
        yield judged(is_ticking, what, "Start msp clock")


CHECKS: list[Check] = [queue_answers]

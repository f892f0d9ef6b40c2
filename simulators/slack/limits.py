"""Slack's documented rate limits, measured by the simulator's clock: tests and drills move that clock, nothing sleeps.

Sources: docs.slack.dev/apis/web-api/rate-limits (tiers per method, workspace and app; posting about one message a
second per channel, "short bursts >1 allowed"; 30,000 events an hour); docs.slack.dev/reference/methods, rate limits of
each method; chat.postMessage: "several hundred messages per minute" in a workspace; conversations.history: one call a
minute and 15 objects for apps distributed outside the Marketplace. The special tiers are those of
slackapi/java-slack-sdk, MethodsRateLimitTier. Where Slack gives no number the stricter reading is used: three messages
at once in a channel, 300 a minute in a workspace.

A load above the limits of one workspace is spread over several: see `simulators.slack.spread`.
"""

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from simulators.faults import Pace
from simulators.ids import Now

Distribution = Literal["distributed", "marketplace", "internal"]

SPECIAL = 5
PER_MINUTE: dict[int, int] = {1: 1, 2: 20, 3: 50, 4: 100, SPECIAL: 600}
POSTING = "chat.postMessage"
POST_BURST = 3  # messages in a channel at once
POST_EVERY = 1.0  # seconds until it takes one more
POSTS_PER_MINUTE = 300  # in a workspace
HISTORY = frozenset({"conversations.history", "conversations.replies"})
HISTORY_OBJECTS = 15
EVENTS_PER_HOUR = 30_000


class Limits:
    """Usage of each installation, and its refused calls: `throttled` by (method, team)."""

    def __init__(self, now: Now, distribution: Distribution) -> None:
        self.distribution = distribution
        self.throttled: Counter[tuple[str, str]] = Counter()
        self._now = now
        self._pace = Pace(now)
        self._next_post: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._events: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    @property
    def is_history_restricted(self) -> bool:
        """Whether history is limited to one call a minute with 15 objects: apps sold outside the Marketplace."""
        return self.distribution == "distributed"

    def seconds_to_wait(self, method: str, tier: int, *, team: str, arguments: Mapping[str, Any]) -> int:
        """Count a call of a workspace; above zero it is refused, and this is its Retry-After in seconds."""
        if method in HISTORY and self.is_history_restricted:
            tier = 1
        channel = (team, str(arguments.get("channel")))
        wait = self._until_post(channel) if method == POSTING else 0.0
        if wait <= 0:
            per_minute = POSTS_PER_MINUTE if method == POSTING else PER_MINUTE[tier]
            wait = self._pace.wait_needed((method, team), [(per_minute, 60.0)])
        if wait > 0:
            self.throttled[method, team] += 1
            return max(1, math.ceil(wait))
        if method == POSTING:
            self._next_post[channel] = max(self._next_post[channel], self._at()) + POST_EVERY
        return 0

    def _until_post(self, channel: tuple[str, str]) -> float:
        """Seconds until a channel accepts a message: a bucket of three that refills by one each second."""
        return self._next_post[channel] - (POST_BURST - 1) * POST_EVERY - self._at()

    def _at(self) -> float:
        return self._now().timestamp()

    def takes_event(self, team: str) -> bool:
        """Count an event for a workspace; above 30,000 in an hour it is not sent."""
        hour = (team, int(self._at() // 3600))
        with self._lock:
            self._events[hour] += 1
            return self._events[hour] <= EVENTS_PER_HOUR

    def is_first_of_minute(self, team: str) -> bool:
        """Whether no warning about withheld events was sent to a workspace in the last minute; counts as one."""
        return self._pace.wait_needed(("app_rate_limited", team), [(1, 60.0)]) <= 0

    def clear(self) -> None:
        """Remove all counts."""
        self._pace.clear()
        self._next_post.clear()
        self._events.clear()
        self.throttled.clear()

"""The documented rate limits of the Connector, always on, counted by the simulator's clock.

Source: learn.microsoft.com, "Optimize your bot with rate limiting in Teams": limits per bot and for all bots per thread
(a personal chat, a group chat or a channel; threads of one channel share its limit), five requests a minute for the
unpaged roster, 50 requests a second per app per tenant. According to the page, a message which Teams splits counts as
several operations, and every request falls under the same policy, so updates and deletes count as sends here. A 429 has
a Retry-After header "if available" (missing in microsoft-graph-docs#8776), so none is sent here.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.ids import Now
from simulators.teams.refusals import refusal

Rules = tuple[tuple[int, float], ...]
"""Limits as (operations, seconds)."""

SEND: Rules = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
READ: Rules = ((14, 1.0), (16, 2.0), (120, 30.0), (3600, 3600.0))
SEND_BY_ALL_BOTS: Rules = ((14, 1.0), (16, 2.0))
READ_BY_ALL_BOTS: Rules = ((28, 1.0), (32, 2.0))
UNPAGED_ROSTER: Rules = ((5, 60.0),)
TENANT: Rules = ((50, 1.0),)

RULES = {
    "send": SEND, "create": SEND, "members": READ, "conversations": READ, "unpaged_roster": UNPAGED_ROSTER,
    "send by all bots": SEND_BY_ALL_BOTS, "create by all bots": SEND_BY_ALL_BOTS,
    "members by all bots": READ_BY_ALL_BOTS, "conversations by all bots": READ_BY_ALL_BOTS, "tenant": TENANT,
}  # fmt: skip
SHARED = ("send", "create", "members", "conversations")


@dataclass(frozen=True)
class Use:
    """Usage of a limit by a request: `thread` is the conversation or the tenant of the limit."""

    scenario: str
    thread: str
    count: int = 1

    @property
    def rules(self) -> Rules:
        """The limits of the scenario."""
        return RULES[self.scenario]


def uses(scenario: str, thread: str, *, count: int = 1) -> tuple[Use, ...]:
    """Usage by one operation of the bot's own limit, and of the limit shared by all bots in the thread."""
    own = Use(scenario, thread, count)
    return (own, Use(f"{scenario} by all bots", thread, count)) if scenario in SHARED else (own,)


class Limits:
    """Sliding windows; `throttled` counts the refused requests by scenario."""

    def __init__(self, now: Now) -> None:
        self.throttled: Counter[str] = Counter()
        self._now = now
        self._taken: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def take(self, wanted: Iterable[Use]) -> None:
        """Count a request against each of its limits; raises 429 Throttled if one is exceeded.

        A refused request is not counted.
        """
        wanted = tuple(wanted)
        at = self._now().timestamp()
        with self._lock:
            exceeded = next((use for use in wanted if self._exceeds(use, at)), None)
            if exceeded is not None:
                self.throttled[exceeded.scenario] += 1
                raise refusal("Throttled")
            for use in wanted:
                self._taken[use.scenario, use.thread].extend([at] * use.count)

    def used_by_another_bot(self, thread: str, *, messages: int) -> None:
        """Count messages of another bot in a conversation now."""
        with self._lock:
            self._taken["send by all bots", thread].extend([self._now().timestamp()] * messages)

    def clear(self) -> None:
        """Remove all requests and counts."""
        with self._lock:
            self._taken.clear()
            self.throttled.clear()

    def _exceeds(self, use: Use, at: float) -> bool:
        taken = self._taken[use.scenario, use.thread]
        longest = max(seconds for _, seconds in use.rules)
        while taken and taken[0] <= at - longest:
            taken.popleft()
        return any(_inside(taken, at - seconds) + use.count > allowed for allowed, seconds in use.rules)


def _inside(taken: deque[float], since: float) -> int:
    count = 0
    for moment in reversed(taken):
        if moment <= since:
            break
        count += 1
    return count

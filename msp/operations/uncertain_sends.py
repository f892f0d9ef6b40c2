"""Registry of sends whose outcome is unknown: modules that send register their queries here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UncertainSend:
    """A message that may have arrived, or may have arrived more than once.

    `reference` is how the recipient may know it, `event_id` the reported event, `more` the number of tries without an
    answer, `at` the time of the last try. Until it is sent, it is unknown whether it arrived at all.
    """

    reference: str
    person_id: UUID
    event_id: UUID | None
    tries: int
    more: int
    at: datetime
    is_sent: bool


@dataclass(frozen=True, slots=True)
class UncertainSends:
    """Queries of a channel for sends with unknown outcome: their number, and a page of them, latest first.

    Both run in the system scope and take the current time; `page` also takes offset and limit, and returns the total.
    """

    what: str
    count: Callable[[datetime], int]
    page: Callable[[datetime, int, int], tuple[list[UncertainSend], int]]


_KNOWN: dict[str, UncertainSends] = {}


def add_uncertain_sends(doubts: UncertainSends) -> None:
    """Register a channel's uncertain sends for metrics and administration; replaces one of the same name."""
    _KNOWN[doubts.what] = doubts


def all_uncertain_sends() -> list[UncertainSends]:
    """All registered channels."""
    return list(_KNOWN.values())


def uncertain_sends_of(what: str) -> UncertainSends | None:
    """The channel of this name."""
    return _KNOWN.get(what)

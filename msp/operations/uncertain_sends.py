"""What may have been said more than once: rooms that send tell of tries whose end nobody knows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UncertainSend:
    """Something of ours that may have come, or have come more than once, to a person.

    `reference` is what whoever got it may know it by, `event_id` what it tells of, `more` how many tries had no answer,
    `at` when it was last tried. Until it is sent, nobody knows whether it came at all.
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
    """A way out that can end in doubt: how many tries did, and a page of what they were about, the latest first.

    Both work in the system's scope and take the present instant; `page` takes an offset and a limit too, and gives
    how many there are in all.
    """

    what: str
    count: Callable[[datetime], int]
    page: Callable[[datetime, int, int], tuple[list[UncertainSend], int]]


_KNOWN: dict[str, UncertainSends] = {}


def add_uncertain_sends(doubts: UncertainSends) -> None:
    """Count a way out's doubts in metrics and show them to administrators; one of the same name takes its place."""
    _KNOWN[doubts.what] = doubts


def all_uncertain_sends() -> list[UncertainSends]:
    """Every way out that can end in doubt."""
    return list(_KNOWN.values())


def uncertain_sends_of(what: str) -> UncertainSends | None:
    """The doubts of one way out."""
    return _KNOWN.get(what)

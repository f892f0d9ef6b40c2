"""A ticket's terms at an earlier instant, derived from its events, since a finished target used those. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msp.kernel.db import Json
from msp.tickets.events import TicketContractChanged, TicketPriorityChanged

CHANGES = (TicketPriorityChanged.kind, TicketContractChanged.kind)


class Change(Protocol):
    """An event, as model or row: for kinds of CHANGES, `data` has `before` and `after`."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Json: ...


@dataclass(frozen=True, slots=True)
class TicketTerms:
    """What an SLA target depends on: the ticket's priority, and the contract that covers it."""

    priority: str
    contract_id: UUID | None


def terms_at(now: TicketTerms, events: Iterable[Change], at: datetime | None) -> TicketTerms:
    """The terms at an instant (None: now), given all events of the ticket, oldest first.

    They are the `before` of the first change after it; without one nothing has changed since.
    """
    later = [each for each in events if at is not None and each.kind in CHANGES and each.at > at]
    first = {each.kind: each.data["before"] for each in reversed(later)}
    priority = first.get(TicketPriorityChanged.kind, now.priority)
    if TicketContractChanged.kind not in first:
        return TicketTerms(priority, now.contract_id)
    before = first[TicketContractChanged.kind]
    return TicketTerms(priority, UUID(before) if before else None)

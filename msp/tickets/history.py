"""What a ticket was at an earlier instant, told back from its events: a finished promise was made for that. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msp.kernel.db import Json
from msp.tickets.events import TicketContractChanged, TicketPriorityChanged

CHANGES = (TicketPriorityChanged.kind, TicketContractChanged.kind)


class Change(Protocol):
    """An event, however it was read: for kinds of CHANGES, `data` holds `before` and `after`."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Json: ...


@dataclass(frozen=True, slots=True)
class TicketTerms:
    """What a promise rests on: the ticket's priority, and the contract that covers it."""

    priority: str
    contract_id: UUID | None


def terms_at(now: TicketTerms, events: Iterable[Change], at: datetime | None) -> TicketTerms:
    """What held at an instant (None: now), given every event of the ticket, oldest first.

    That is what the first change after it changed; without one nothing has changed since.
    """
    later = [each for each in events if at is not None and each.kind in CHANGES and each.at > at]
    first = {each.kind: each.data["before"] for each in reversed(later)}
    priority = first.get(TicketPriorityChanged.kind, now.priority)
    if TicketContractChanged.kind not in first:
        return TicketTerms(priority, now.contract_id)
    before = first[TicketContractChanged.kind]
    return TicketTerms(priority, UUID(before) if before else None)

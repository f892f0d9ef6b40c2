"""The inbox: verified events of other programs, stored once, acknowledged, then handled by a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from msp.kernel import clock, wake
from msp.kernel.db import Json, Model
from msp.kernel.inbox_writer import InboxRow, Sought, writer, written
from msp.kernel.leases import USUAL, ClaimJoin, Leased, process_one, queue_args


class Inbound(Leased, Model):
    """A stored event of another program, as received."""

    __tablename__ = "inbound"
    __table_args__ = queue_args(
        "inbound", UniqueConstraint("source", "external_id", name="uq_inbound_source"), access="system"
    )
    brings = ClaimJoin("t.source, t.external_id, t.payload")
    source: Mapped[str]
    external_id: Mapped[str]
    payload: Mapped[Json]


@dataclass(frozen=True, slots=True)
class Received:
    """A stored event as its handler gets it."""

    id: int
    external_id: str
    payload: Json


Handler = Callable[[Received], None]
_sources: dict[str, Handler] = {}


def register_source(name: str, handler: Handler) -> None:
    """Register the handler of a source. It must be idempotent: an event may be handled twice."""
    _sources[name] = handler


def store(
    source: str,
    external_id: str,
    payload: Json,
    *,
    key: str,
    client_id: UUID | None = None,
    priority: int | Sought = USUAL,
    only_if: Sought | None = None,
) -> bool:
    """Store a message durably unless it is there already; True when it is new. Order is kept within `key`.

    `priority` is one of msp.kernel.leases, or what finds it out (system scope). With `only_if` it is stored where that
    holds, or where something waits under the same key that may make it hold. It is a transaction of its own, whatever
    unit of work is active; messages that come together share one (msp/kernel/inbox_writer.py).
    """
    values: Json = {
        "source": source,
        "external_id": external_id,
        "key": f"{source}:{key}",
        "priority": USUAL if isinstance(priority, Sought) else priority,
        "client_id": client_id,
        "at": clock.now().isoformat(),
    }
    row = InboxRow(
        values, written(payload), priority=priority if isinstance(priority, Sought) else None, only_if=only_if
    )
    is_new = writer().write(row)
    if is_new:
        wake.send("inbox")
    return is_new


def work_one() -> bool:
    """Handle the next due event; False if none is due."""
    return process_one(Inbound, _hand_over)


def work_oldest() -> bool:
    """Handle the event that has waited longest, whatever its priority; False if none is due."""
    return process_one(Inbound, _hand_over, oldest=True)


def _hand_over(row: Any) -> None:
    _sources[row.source](Received(row.id, row.external_id, row.payload))

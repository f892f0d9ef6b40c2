"""Dead letters: rows that failed for good are retried or discarded by a person, recorded as events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import update

from msp.kernel.db import Scope, work
from msp.kernel.event_types import Event
from msp.kernel.events import Delivery, emit
from msp.kernel.inbox import Inbound
from msp.kernel.leases import Leased

Queue = Literal["inbound", "delivery"]
MODELS: dict[Queue, type[Leased]] = {"inbound": Inbound, "delivery": Delivery}
DRAINS: dict[Queue, str] = {"inbound": "inbox", "delivery": "outbox"}


class DeadLetterEvent(Event):
    """A row of inbox or outbox that was dead; `reason` is why. The subject is made of its number (`subject_of`)."""

    queue: Queue
    row: int
    reason: str | None


class DeadLetterRetried(DeadLetterEvent, kind="letter.retried", icon="rotate-ccw"):
    """A dead letter was queued again."""


class DeadLetterDiscarded(DeadLetterEvent, kind="letter.discarded", icon="trash-2"):
    """A dead letter was discarded."""


def retry(queue: Queue, row_ids: Sequence[int], *, actor_id: UUID | None, at: datetime) -> int:
    """Make dead rows due now, with all their tries; emits `letter.retried` for each.

    Ignores rows that are not dead; returns how many were.
    """
    fresh: dict[str, Any] = {"state": "pending", "due_at": at, "attempts": 0, "crash_count": 0}
    fresh |= {"failure": None, "consecutive_failures": 0, "lease_until": None}
    return _settle(queue, row_ids, fresh, DeadLetterRetried, actor_id=actor_id, at=at)


def discard(queue: Queue, row_ids: Sequence[int], *, actor_id: UUID | None, at: datetime) -> int:
    """Discard dead rows; they stay as a record. Emits `letter.discarded` for each; returns how many."""
    gone: dict[str, Any] = {"state": "discarded", "done_at": at}
    return _settle(queue, row_ids, gone, DeadLetterDiscarded, actor_id=actor_id, at=at)


def subject_of(queue: Queue, row_id: int) -> UUID:
    """The subject of a row's events."""
    return uuid5(NAMESPACE_URL, f"guardia:{queue}:{row_id}")


def _settle(
    queue: Queue,
    row_ids: Sequence[int],
    values: dict[str, Any],
    event: type[DeadLetterEvent],
    *,
    actor_id: UUID | None,
    at: datetime,
) -> int:
    model = MODELS[queue]
    with work(Scope.system()) as session:
        statement = update(model).where(model.id.in_(row_ids), model.state == "dead").values(**values)
        changed = session.execute(statement.returning(model.id, model.client_id, model.reason)).all()
        for row in changed:
            settled = event(queue=queue, row=row.id, reason=row.reason)
            emit(settled, subject_of(queue, row.id), client_id=row.client_id, actor_id=actor_id, at=at)
    return len(changed)

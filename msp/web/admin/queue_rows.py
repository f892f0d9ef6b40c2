"""Queries for pending, dead and discarded inbox and outbox rows, for the page of deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal, select, true, union_all

from msp.clients.platforms import platform_named
from msp.kernel.db import Scope, db, work
from msp.kernel.dead_letters import MODELS, DeadLetterDiscarded, DeadLetterRetried, Queue, subject_of
from msp.kernel.event_types import Event, read_event
from msp.kernel.events import Delivery, StoredEvent
from msp.kernel.inbox import Inbound
from msp.people.models import Person
from msp.tickets.models import Message
from msp.web.admin.pager import PAGE
from msp.web.sharing import clients_seen

STATES = ("dead", "pending", "discarded")
EXCERPT = 160  # characters


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Filter of rows: state, one queue or both, one program or all."""

    state: str = "dead"
    queue: Queue | None = None
    program: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A row as the page shows it."""

    queue: Queue
    id: int
    name: str  # the source or the subscriber
    kind: str  # type of the payload or event
    event: Event | None  # what is delivered; None for inbox rows
    client_id: UUID | None
    subject_id: UUID | None
    reason: str
    tries: int
    at: datetime  # of the last attempt; of the next one if pending
    excerpt: str  # an excerpt of the text
    size: int  # stored size in bytes


@dataclass(frozen=True, slots=True)
class HandledRow:
    """How a person handled a row."""

    kind: str
    by: str
    at: datetime


def rows_page(wanted: RowFilter, *, offset: int) -> tuple[list[DeliveryRow], int]:
    """One page of rows, newest first, and the total."""
    rows = _all(wanted)
    with work(Scope.system()) as session:
        found = rows.subquery()
        total = session.execute(select(func.count()).select_from(found)).scalar_one()
        page = select(found).order_by(found.c.created_at.desc(), found.c.id.desc()).limit(PAGE).offset(offset)
        keys: list[tuple[Queue, int]] = [(row.queue, row.id) for row in session.execute(page)]
        letters = _incoming(_ids(keys, "inbound")) | _outgoing(_ids(keys, "delivery"))
    return [letters[key] for key in keys if key in letters], total


def row_ids(wanted: RowFilter) -> dict[Queue, list[int]]:
    """The ids of all matching rows, by queue."""
    rows = _all(wanted)
    with work(Scope.system()) as session:
        ids: dict[Queue, list[int]] = {}
        for row in session.execute(rows):
            ids.setdefault(row.queue, []).append(row.id)
        return ids


def programs(state: str) -> list[str]:
    """The sources and subscribers of rows in this state."""
    queries = [
        select(Inbound.source).where(Inbound.state == state, _is_seen(Inbound)).distinct(),
        select(Delivery.subscriber).where(Delivery.state == state, _is_seen(Delivery)).distinct(),
    ]
    with work(Scope.system()) as session:
        return sorted({name for query in queries for name in session.scalars(query)})


def count_rows(state: str) -> int:
    """Number of rows in a state."""
    counts = [_count(model, state) for model in MODELS.values()]
    with work(Scope.system()) as session:
        return session.execute(select(counts[0] + counts[1])).scalar_one()


def count_dead() -> int:
    """Number of rows that failed after all attempts."""
    return count_rows("dead")


def handled(letters: Iterable[DeliveryRow]) -> dict[tuple[Queue, int], HandledRow]:
    """The last action of a person on these rows, and who did it."""
    subjects = {subject_of(each.queue, each.id): (each.queue, each.id) for each in letters}
    query = (
        select(StoredEvent.subject_id, StoredEvent.kind, StoredEvent.at, Person.name)
        .outerjoin(Person, Person.id == StoredEvent.actor_id)
        .where(
            StoredEvent.subject_id.in_(list(subjects)),
            StoredEvent.kind.in_((DeadLetterRetried.kind, DeadLetterDiscarded.kind)),
        )
        .order_by(StoredEvent.seq)
    )
    return {subjects[row.subject_id]: HandledRow(row.kind, row.name or "", row.at) for row in db.session.execute(query)}


def is_seen(queue: Queue, row_id: int) -> bool:
    """Whether the current person may see and handle a row; restricted staff see only rows of their clients."""
    model = MODELS[queue]
    query = select(model.id).where(model.id == row_id, _is_seen(model))
    with work(Scope.system()) as session:
        return session.execute(query).first() is not None


def _is_seen(model: Any) -> ColumnElement[bool]:
    clients = clients_seen()
    return true() if clients is None else model.client_id.in_(clients)


def _all(wanted: RowFilter) -> Any:
    parts = []
    for queue, model in MODELS.items():
        name = Inbound.source if queue == "inbound" else Delivery.subscriber
        part: Any = select(literal(queue, Text).label("queue"), model.id, model.created_at)
        part = part.where(model.state == wanted.state, _is_seen(model))
        if wanted.program:
            part = part.where(name == wanted.program)
        if wanted.queue in (None, queue):
            parts.append(part)
    return union_all(*parts)


def _count(model: Any, state: str) -> Any:
    return select(func.count()).select_from(model).where(model.state == state, _is_seen(model)).scalar_subquery()


def _ids(keys: Sequence[tuple[Queue, int]], queue: Queue) -> list[int]:
    return [row_id for of, row_id in keys if of == queue]


def _incoming(ids: list[int]) -> dict[tuple[Queue, int], DeliveryRow]:
    query = select(Inbound, func.length(cast(Inbound.payload, Text))).where(Inbound.id.in_(ids))
    return {
        ("inbound", row.id): DeliveryRow(
            "inbound", row.id, row.source, _kind(row), None, row.client_id, None, row.reason or "", row.attempts,
            row.due_at, _short(_excerpt(row)), size,
        )
        for row, size in db.session.execute(query)
    }  # fmt: skip


def _outgoing(ids: list[int]) -> dict[tuple[Queue, int], DeliveryRow]:
    query = (
        select(Delivery, StoredEvent, func.length(cast(StoredEvent.data, Text)), Message.body)
        .join(StoredEvent, StoredEvent.id == Delivery.event_id)
        .outerjoin(Message, cast(Message.id, Text) == StoredEvent.data["message_id"].astext)
        .where(Delivery.id.in_(ids))
    )
    return {
        ("delivery", row.id): DeliveryRow(
            "delivery", row.id, row.subscriber, event.kind, read_event(event.kind, event.data), row.client_id,
            event.subject_id, row.reason or "", row.attempts, row.due_at, _short(body or ""), size,
        )
        for row, event, size, body in db.session.execute(query)
    }  # fmt: skip


def _kind(row: Inbound) -> str:
    platform = platform_named(row.source)
    return platform.event_kind(row.payload) if platform else str(row.payload.get("type") or "")


def _excerpt(row: Inbound) -> str:
    """The sender's text as its platform extracts it, or the payload's text, or the name of a Stripe object."""
    if platform := platform_named(row.source):
        return platform.excerpt(row.payload)
    data = row.payload.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    found = row.payload.get("text") or (thing.get("id") if isinstance(thing, Mapping) else None)
    return found if isinstance(found, str) else ""


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= EXCERPT else f"{words[: EXCERPT - 1]}…"

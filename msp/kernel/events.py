"""Stored events (append-only, for timeline, audit and reports) and their deliveries (the outbox)."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.kernel import clock
from msp.kernel.db import Json, Model, current_scope, db, wake_after_commit
from msp.kernel.destinations import CHAT, DESK, sharing
from msp.kernel.event_types import Event, read_event
from msp.kernel.ids import new_id
from msp.kernel.leases import URGENT, USUAL, ClaimJoin, Leased, Only, process_one, queue_args

E = TypeVar("E", bound=Event, covariant=True)


class StoredEvent(Model):
    """The row of an event (msp.kernel.event_types). The application's roles cannot change or delete it."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_subject", "subject_id", "seq"),
        Index("ix_event_seq", "seq"),
        Index("ix_event_client", "client_id", "seq"),
        {"info": {"access": "event"}},
    )
    __mapper_args__ = {"eager_defaults": False}  # a writer may not be allowed to read internal events
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity())
    client_id: Mapped[UUID | None]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]
    visibility: Mapped[str] = mapped_column(Text, default="public", server_default="public")
    data: Mapped[Json]


class Delivery(Leased, Model):
    """The delivery of an event to one subscriber: leased, sent, marked. Its id is the external idempotency key."""

    __tablename__ = "delivery"
    __table_args__ = queue_args("delivery")
    brings = ClaimJoin(
        "t.subscriber, e.id as event_id, e.client_id, e.kind, e.subject_id, e.actor_id, e.at, e.data",
        table="event e",
        on="e.id = t.event_id",
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id"))
    subscriber: Mapped[str]
    event: Mapped[StoredEvent] = relationship()


@dataclass(frozen=True, slots=True)
class DeliveredEvent(Generic[E]):
    """An event as a subscriber gets it: `id` is the event's, `delivery_id` the delivery's."""

    delivery_id: int
    id: UUID
    client_id: UUID | None
    subject_id: UUID
    actor_id: UUID | None
    at: datetime
    event: E


Handler = Callable[[DeliveredEvent[Any]], None]


@dataclass(frozen=True, slots=True)
class _Subscriber:
    to: frozenset[str]
    handler: Handler
    priority: int
    line: str
    destination: str


_subscribers: dict[str, _Subscriber] = {}


def subscribe(
    name: str,
    *,
    to: Iterable[type[Event]],
    handler: Handler,
    priority: int = USUAL,
    line: str | None = None,
    destination: str = DESK,
) -> None:
    """Deliver events of these types to `handler`, at least once, in order per subject, with retries.

    The handler runs outside of any scope and enters its own; it raises Temporary or Permanent. Deliveries with the
    priority LATER (msp.kernel.leases) keep it, even for urgent events. Subscribers with the same `line` (by default
    each has its own) share one order per subject: none of them gets an event before the others have finished with
    earlier ones. `destination` (msp.kernel.destinations) selects the threads that deliver it.
    """
    _subscribers[name] = _Subscriber(frozenset(each.kind for each in to), handler, priority, line or name, destination)


def emit(
    event: Event,
    subject_id: UUID,
    /,
    *,
    client_id: UUID | None,
    visibility: str | None = None,
    actor_id: UUID | None = None,
    at: datetime | None = None,
    is_urgent: bool = False,
) -> StoredEvent:
    """Store an event of a subject, and one delivery for each subscriber, in the current transaction.

    An urgent event is delivered before all others, but after earlier events of its own subject. `visibility` replaces
    that of the type.
    """
    happened = at or clock.now()
    stored = StoredEvent(
        id=new_id(),
        client_id=client_id,
        kind=event.kind,
        subject_id=subject_id,
        actor_id=actor_id or current_scope().actor_id,
        at=happened,
        visibility=visibility or event.visibility,
        data=event.data(),
    )
    db.session.add(stored)
    for name, subscriber in _subscribers.items():
        if event.kind in subscriber.to:
            priority, now = _priority(subscriber, is_urgent=is_urgent), clock.now()
            key = f"{subscriber.line}:{subject_id}"
            _delivery(stored, subscriber=name, key=key, priority=priority, due_at=now, at=now)
    return stored


def deliver_at(
    event: StoredEvent, *, subscriber: str, key: str, due_at: datetime, at: datetime, is_urgent: bool = False
) -> int:
    """Deliver an event to one subscriber at a given time, in order within `key` (system scope).

    Returns the delivery's id. The subscriber need not be subscribed to this kind.
    """
    priority = _priority(_subscribers.get(subscriber), is_urgent=is_urgent)
    delivery = _delivery(event, subscriber=subscriber, key=key, priority=priority, due_at=due_at, at=at)
    db.session.flush()
    return delivery.id


def _priority(subscriber: _Subscriber | None, *, is_urgent: bool) -> int:
    priority = subscriber.priority if subscriber else USUAL
    return URGENT if is_urgent and priority == USUAL else priority


def _delivery(
    event: StoredEvent, *, subscriber: str, key: str, priority: int, due_at: datetime, at: datetime
) -> Delivery:
    delivery = Delivery(
        event=event,
        event_id=event.id,
        client_id=event.client_id,
        subscriber=subscriber,
        key=key,
        priority=priority,
        due_at=due_at,
        created_at=at,
    )
    db.session.add(delivery)
    wake_after_commit("outbox")
    return delivery


def deliver_one() -> bool:
    """Deliver the next due event; False if none is due."""
    return process_one(Delivery, _hand_over)


def deliver_oldest() -> bool:
    """Deliver the event that has waited longest, whatever its priority; False if none is due."""
    return process_one(Delivery, _hand_over, oldest=True)


def deliver_to(*destinations: str, oldest: bool = False) -> Callable[[], bool]:
    """The function that delivers the next event to these destinations only; chat calls take slots per destination.

    Deliveries of unknown subscribers belong to the system's own threads.
    """

    def one() -> bool:
        is_desk = DESK in destinations
        names = (name for name, each in _subscribers.items() if (each.destination in destinations) is not is_desk)
        with sharing() if CHAT in destinations else nullcontext():
            only = Only("subscriber", tuple(names), is_any_other=is_desk)
            return process_one(Delivery, _hand_over, oldest=oldest, only=only)

    return one


def _hand_over(row: Any) -> None:
    if row.subscriber not in _subscribers:  # the integration was switched off
        return
    event = read_event(row.kind, row.data)
    if event is None:
        raise LookupError(f"no event of the kind {row.kind} is defined")
    delivered = DeliveredEvent(
        delivery_id=row.id,
        id=row.event_id,
        client_id=row.client_id,
        subject_id=row.subject_id,
        actor_id=row.actor_id,
        at=row.at,
        event=event,
    )
    _subscribers[row.subscriber].handler(delivered)

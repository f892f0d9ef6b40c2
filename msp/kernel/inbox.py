"""What comes in from other programs: verified, stored once, answered, then worked by a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, UniqueConstraint, cast, exists, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Mapped

from msp.kernel import clock
from msp.kernel.db import Json, Model, Scope, wake_after_commit, work
from msp.kernel.leases import USUAL, Brings, Leased, process_one, queue_args


class Inbound(Leased, Model):
    """One message of another program, kept as it came."""

    __tablename__ = "inbound"
    __table_args__ = queue_args("inbound", UniqueConstraint("source", "external_id", name="uq_inbound_source"))
    brings = Brings("t.source, t.external_id, t.payload")
    source: Mapped[str]
    external_id: Mapped[str]
    payload: Mapped[Json]


@dataclass(frozen=True, slots=True)
class Received:
    """A stored message as its source's handler reads it."""

    id: int
    external_id: str
    payload: Json


Handler = Callable[[Received], None]
_sources: dict[str, Handler] = {}


def register_source(name: str, handler: Handler) -> None:
    """Have what `name` stores worked by `handler`, which may run twice for one message and must bear it."""
    _sources[name] = handler


def store(
    source: str,
    external_id: str,
    payload: Json,
    *,
    key: str,
    client_id: UUID | None = None,
    lane: int | ColumnElement[int] = USUAL,
    only_if: ColumnElement[bool] | None = None,
) -> bool:
    """Store a message durably unless it is there already; True when it is new. Order is kept within `key`.

    `lane` is one of msp.kernel.leases, or an expression that finds it out (system scope). With `only_if` it is stored
    where that holds, or where something waits under the same key that may make it hold.
    """
    at = clock.now()
    values: Json = {
        "source": source,
        "external_id": external_id,
        "payload": payload,
        "key": f"{source}:{key}",
        "lane": lane,
        "client_id": client_id,
        "due_at": at,
        "created_at": at,
    }
    with work(Scope.system()) as session:
        adding = insert(Inbound).values(values) if only_if is None else _adding_if(only_if, values)
        once = adding.on_conflict_do_nothing(constraint="uq_inbound_source").returning(Inbound.id)
        is_new = session.execute(once).one_or_none() is not None
        if is_new:
            wake_after_commit("inbox")
    return is_new


def _adding_if(condition: ColumnElement[bool], values: Json) -> Insert:
    waits = exists().where(Inbound.key == values["key"], Inbound.state == literal_column("'pending'"))
    columns = [cast(value, Inbound.__table__.c[name].type) for name, value in values.items()]
    return insert(Inbound).from_select(list(values), select(*columns).where(condition | waits))


def work_one() -> bool:
    """Work the next stored message; False when none is due."""
    return process_one(Inbound, _hand_over)


def work_oldest() -> bool:
    """Work the message that has waited longest, urgent or not; False when none is due."""
    return process_one(Inbound, _hand_over, oldest=True)


def _hand_over(row: Any) -> None:
    _sources[row.source](Received(row.id, row.external_id, row.payload))

"""`Idempotency-Key` for POST: the answer is stored in the same unit of work."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel import clock
from msp.kernel.db import Json, Model, current_scope, db
from msp.kernel.errors import Conflict

MAX_KEY = 255


class StoredAnswer(Model):
    """The first answer to a key, repeated for the same key with the same body."""

    __tablename__ = "stored_answer"
    __table_args__ = ({"info": {"access": "shared"}},)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    client_id: Mapped[UUID | None]
    request_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[Json]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Replay:
    """A repeated answer."""

    status: int
    headers: Json
    body: bytes


def begin(person_id: UUID, key: str, *, method: str, path: str, body: bytes) -> Replay | None:
    """Reserve a key, or return its stored answer; waits for a concurrent request with the same key.

    Raises Conflict if the key was used with another request.
    """
    digest = hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()
    statement = (
        insert(StoredAnswer)
        .values(
            person_id=person_id,
            key=key,
            client_id=current_scope().client_id,
            request_hash=digest,
            headers={},
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(StoredAnswer.key)
    )
    if db.session.execute(statement).one_or_none() is not None:
        return None
    stored = db.session.get_one(StoredAnswer, (person_id, key))
    if stored.request_hash != digest:
        raise Conflict("idempotency_key_reused")
    return Replay(stored.status or 200, stored.headers, stored.body or b"")


def finish(person_id: UUID, key: str, *, status: int, headers: Json, body: bytes) -> None:
    """Store the answer of a reserved key in the same unit of work."""
    stored = db.session.get_one(StoredAnswer, (person_id, key))
    stored.status, stored.headers, stored.body = status, headers, body

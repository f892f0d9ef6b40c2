"""How many bytes of files one person and one client may send in a day, by all channels."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, Uuid, bindparam, func, select, text

from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.files import MAX_BYTES
from msp.tickets.models import Attachment, Message

PERSON_BYTES = 200 * 1024 * 1024
CLIENT_BYTES = 1024 * 1024 * 1024
DAY = timedelta(hours=24)
EXCEEDED = "upload_quota_exceeded"  # the reason of a file that the quota refuses


class SentBytes(NamedTuple):
    """Bytes of the files stored since an instant, for a client and of them by one person."""

    by_all: int
    by_person: int

    @property
    def left(self) -> int:
        """How many bytes the person may still send; never below zero."""
        return max(0, min(CLIENT_BYTES - self.by_all, PERSON_BYTES - self.by_person))


def bytes_left(client_id: UUID, person_id: UUID | None, *, at: datetime) -> int:
    """How many bytes a person may still send for a client now; never below zero.

    Counts the files stored in the last 24 hours. Others who send for this client wait until the current unit of work
    has ended, so that concurrent uploads are counted together.
    """
    lock = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
    db.session.execute(lock, {"name": f"upload:{client_id}"})
    return bytes_left_now(client_id, person_id, at=at)


def bytes_left_now(client_id: UUID, person_id: UUID | None, *, at: datetime) -> int:
    """As `bytes_left`, to be shown: without waiting for others."""
    query = _sent(select(bindparam("client", client_id, type_=Uuid)).scalar_subquery())
    found = db.session.execute(query, {"person_id": person_id, "sent_since": at - DAY}).one()
    return SentBytes(found[0], found[1]).left


def sent_read(client_id: ColumnElement[UUID]) -> RowQuery[SentBytes]:
    """What counts against the quota for a client and the parameter `person_id`, since `sent_since` (a day ago)."""
    return RowQuery(SentBytes, _sent(client_id))


def _sent(client_id: ColumnElement[UUID]) -> Select[int, int]:
    """The sums of SentBytes; the index `ix_attachment_stored` covers a day of a client."""
    own = Message.author_id == bindparam("person_id", type_=Uuid)
    size = func.coalesce(func.sum(Attachment.size), 0)
    own_size = func.coalesce(func.sum(Attachment.size).filter(own), 0)
    return (
        select(size.cast(BigInteger).label("by_all"), own_size.cast(BigInteger).label("by_person"))
        .join(Message, Message.id == Attachment.message_id)
        .where(
            Attachment.client_id == client_id,
            Attachment.state == "stored",
            Attachment.created_at > bindparam("sent_since", type_=DateTime(timezone=True)),
        )
    )


def refusal_of(reason: str, *, limit: int) -> str:
    """The reason for refusing a file larger than `limit`: EXCEEDED if the quota set the limit."""
    return EXCEEDED if reason == "too_large" and limit < MAX_BYTES else reason

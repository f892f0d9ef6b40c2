"""How many bytes of files one person and one client may send in a day, by all channels."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from msp.kernel.db import db
from msp.kernel.files import MAX_BYTES
from msp.tickets.models import Attachment, Message

PERSON_BYTES = 200 * 1024 * 1024
CLIENT_BYTES = 1024 * 1024 * 1024
DAY = timedelta(hours=24)
EXCEEDED = "upload_quota_exceeded"  # the reason of a file that the quota refuses


def bytes_left(client_id: UUID, person_id: UUID | None, *, at: datetime) -> int:
    """How many bytes a person may still send for a client now; never below zero.

    Counts the files stored in the last 24 hours. Others who send for this client wait until the current unit of work
    has ended, so that concurrent uploads are counted together.
    """
    lock = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
    db.session.execute(lock, {"name": f"upload:{client_id}"})
    since = (Attachment.client_id == client_id, Attachment.state == "stored", Attachment.created_at > at - DAY)
    size = func.coalesce(func.sum(Attachment.size), 0)
    left = CLIENT_BYTES - int(db.session.scalar(select(size).where(*since)) or 0)
    if person_id is not None:
        mine = select(size).join(Message, Message.id == Attachment.message_id)
        left = min(left, PERSON_BYTES - int(db.session.scalar(mine.where(*since, Message.author_id == person_id)) or 0))
    return max(0, left)


def refusal_of(reason: str, *, limit: int) -> str:
    """The reason for refusing a file larger than `limit`: EXCEEDED if the quota set the limit."""
    return EXCEEDED if reason == "too_large" and limit < MAX_BYTES else reason

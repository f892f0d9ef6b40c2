"""Messages that were deleted before they were processed: chat systems report both in any order.

Deleting a message that is on no ticket stores an internal event; the message is ignored when it arrives.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from integrations.channels.events import DeletedEarly
from integrations.channels.links import lock
from integrations.channels.values import ThreadRef, external_id
from msp.kernel.db import db
from msp.kernel.events import StoredEvent, emit


def note_deleted(place: ThreadRef, message: str, *, client_id: UUID) -> None:
    """Store once that a message of a client's chat was deleted (system scope)."""
    subject = _subject(place, message)
    lock(DeletedEarly.kind, subject)
    if not was_deleted(place, message):
        emit(DeletedEarly(platform=place.platform), subject, client_id=client_id)


def was_deleted(place: ThreadRef, message: str) -> bool:
    """Whether a message was deleted before it was processed (system scope)."""
    query = select(StoredEvent.id).where(
        StoredEvent.kind == DeletedEarly.kind, StoredEvent.subject_id == _subject(place, message)
    )
    return db.session.execute(query.limit(1)).one_or_none() is not None


def _subject(place: ThreadRef, message: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"deleted:{place.platform}:{external_id(place, message)}")

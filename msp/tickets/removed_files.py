"""Files of deleted messages, and single files that were removed.

Their rows lose name and address at once; their bytes and thumbnails are deleted once nothing else refers to them. Equal
files are stored once, for all clients (msp.kernel.files). A file stored within the last minutes is kept until then: the
row of another upload of it may not be committed yet.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from msp.kernel import clock, files
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Temporary
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent, deliver_at, emit, subscribe
from msp.kernel.leases import LATER
from msp.tickets.events import AttachmentRemoved, AttachmentStored
from msp.tickets.models import Attachment, Message

SUBSCRIBER = "removed_files"
GRACE = timedelta(minutes=5)


def register() -> None:
    """Subscribe to removed files, and to files that arrive after their message was deleted."""
    subscribe(SUBSCRIBER, to={AttachmentStored}, handler=_remove, priority=LATER)


def remove_attachments(message: Message, *, at: datetime, only: Collection[UUID] | None = None) -> None:
    """Clear the rows of a message's files, or of some; emits `attachment.removed` for each whose bytes are stored."""
    is_there = or_(Attachment.name != "", Attachment.storage_key.is_not(None))
    query = select(Attachment).where(Attachment.message_id == message.id, is_there)
    if only is not None:
        query = query.where(Attachment.id.in_(only))
    for attachment in db.session.scalars(query):
        keys = [each for each in (attachment.storage_key, attachment.thumbnail_key) if each is not None]
        attachment.name, attachment.content_type, attachment.size = "", "application/octet-stream", 0
        attachment.remote, attachment.storage_key, attachment.thumbnail_key = {}, None, None
        attachment.state, attachment.reason = "refused", "deleted"
        for key in keys:
            _emit_removed(attachment, key, at=at)


def _emit_removed(attachment: Attachment, key: str, *, at: datetime) -> None:
    event = emit(AttachmentRemoved(storage_key=key), attachment.id, client_id=attachment.client_id, at=at)
    now = clock.now()
    deliver_at(event, subscriber=SUBSCRIBER, key=f"{SUBSCRIBER}:{attachment.id}", due_at=now + GRACE, at=now)


def _remove(delivered: DeliveredEvent[Event]) -> None:
    if isinstance(delivered.event, AttachmentRemoved):
        _remove_bytes(delivered.event.storage_key)
    elif isinstance(delivered.event, AttachmentStored) and delivered.client_id is not None:
        _remove_if_late(delivered.event.attachment_id, delivered.client_id)


def _remove_if_late(attachment_id: UUID, client_id: UUID) -> None:
    with work(Scope.client(client_id)) as session:
        attachment = session.get(Attachment, attachment_id)
        message = session.get(Message, attachment.message_id) if attachment else None
        if attachment is None or message is None:
            return
        if message.deleted_at is not None or attachment.name == "":
            remove_attachments(message, at=clock.now(), only=[attachment.id])


def _remove_bytes(key: str) -> None:
    stored_at = files.stored_at(key)
    if stored_at is None:
        return
    if stored_at > clock.now() - GRACE:
        raise Temporary("stored_lately", retry_after=GRACE.total_seconds())
    with work(Scope.system()) as session:
        uses = or_(Attachment.storage_key == key, Attachment.thumbnail_key == key)
        is_used = session.execute(select(Attachment.id).where(uses).limit(1)).first()
    if is_used is None:
        files.remove(key, stored_at=stored_at)

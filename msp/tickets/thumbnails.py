"""Makes thumbnails of stored images in a job. The original is only ever a download."""

from uuid import UUID

from msp.kernel import files
from msp.kernel.db import Scope, work
from msp.kernel.errors import NotFound
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.kernel.leases import LATER
from msp.tickets.events import AttachmentEvent, AttachmentStored, FileAttached, ThumbnailMade
from msp.tickets.models import Attachment, Message
from msp.tickets.pictures import thumbnail_of

SUBSCRIBER = "thumbnails"


def register() -> None:
    """Subscribe to stored files."""
    subscribe(SUBSCRIBER, to={AttachmentStored, FileAttached}, handler=_make, priority=LATER)


def _make(delivered: DeliveredEvent[AttachmentEvent]) -> None:
    """Store the thumbnail of an image; does nothing for other files, and if there is one already."""
    attachment_id = delivered.event.attachment_id
    original = _original_of(attachment_id)
    if original is None:
        return
    try:
        with files.open_kept(original) as content:
            drawn = thumbnail_of(content)
    except NotFound:
        return
    if drawn is not None:
        _attach(attachment_id, original, files.keep([drawn]).key)


def _original_of(attachment_id: UUID) -> str | None:
    """The key of a file that its sender calls an image and that has no thumbnail yet."""
    with work(Scope.system()) as session:
        attachment = session.get(Attachment, attachment_id)
        if attachment is None or attachment.thumbnail_key or not attachment.content_type.startswith("image/"):
            return None
        return attachment.storage_key


def _attach(attachment_id: UUID, original: str, thumbnail: str) -> None:
    with work(Scope.system()) as session:
        attachment = session.get(Attachment, attachment_id, with_for_update=True)
        if attachment is not None and attachment.storage_key == original:  # it may have been removed meanwhile
            attachment.thumbnail_key = thumbnail
            ticket_id = session.get_one(Message, attachment.message_id).ticket_id
            emit(ThumbnailMade(attachment_id=attachment.id), ticket_id, client_id=attachment.client_id)

"""The stored files of messages, as far as the current scope sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple
from uuid import UUID

from sqlalchemy import select

from msp.kernel import files
from msp.kernel.db import db
from msp.kernel.errors import NotFound, Permanent
from msp.tickets.models import Attachment, Message


class AttachedFile(NamedTuple):
    """A stored file with the ticket of its message."""

    attachment: Attachment
    ticket_id: UUID


def access_file(attachment_id: UUID) -> AttachedFile:
    """A stored file of a message that this scope sees; raises NotFound."""
    query = (
        select(Attachment, Message.ticket_id)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.id == attachment_id, Attachment.state == "stored", Attachment.storage_key.is_not(None))
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("attachment")
    return AttachedFile(found[0], found[1])


def access_thumbnail(attachment_id: UUID) -> AttachedFile:
    """As `access_file`, for a file that has a thumbnail."""
    found = access_file(attachment_id)
    if found.attachment.thumbnail_key is None:
        raise NotFound("attachment")
    return found


class StoredFile(NamedTuple):
    """A stored file that may be sent with its message; `size` in bytes."""

    id: UUID
    name: str
    content_type: str
    size: int
    storage_key: str


def files_to_send(message_id: UUID) -> list[StoredFile]:
    """The stored files of a public message, in order; those of an internal note are never sent."""
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.message_id == message_id, Message.visibility == "public", Message.deleted_at.is_(None))
        .where(Attachment.state == "stored", Attachment.storage_key.is_not(None), Attachment.name != "")
        .order_by(Attachment.id)
    )
    return [
        StoredFile(each.id, each.name, each.content_type, each.size, each.storage_key or "")
        for each in db.session.scalars(query)
    ]


@contextmanager
def stored_bytes(file: StoredFile) -> Iterator[BinaryIO]:
    """Open a file to send it; raises Permanent `file_missing`."""
    try:
        content = files.open_kept(file.storage_key)
    except NotFound as missing:
        raise Permanent("file_missing") from missing
    with content:
        yield content

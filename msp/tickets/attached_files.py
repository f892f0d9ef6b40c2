"""The stored files of messages, as far as the current scope sees them."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.errors import NotFound
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

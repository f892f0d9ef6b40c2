"""Files that people attach to a message: checked, stored by content, counted against the quota.

Pages and API use the same rules. Files are stored as they are; archives are never opened.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msp.kernel import files
from msp.kernel.db import db
from msp.kernel.errors import Invalid, Permanent
from msp.kernel.events import emit
from msp.kernel.file_names import file_name
from msp.kernel.ids import new_id
from msp.tickets.events import FileAttached
from msp.tickets.models import Attachment, Message
from msp.tickets.upload_quota import bytes_left, refusal_of

MOST_FILES = 10
UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,90}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives: the name and content type that the sender gave, and its bytes in chunks."""

    name: str
    content_type: str
    chunks: Iterable[bytes]


def attach_files(message: Message, uploads: Sequence[Upload], *, at: datetime) -> list[Attachment]:
    """Store files with a message.

    Raises Invalid with the code of field `files`: more than ten files, an empty one, one over the limit or the quota.
    """
    if len(uploads) > MOST_FILES:
        raise Invalid(fields={"files": ["too_many"]})
    if not uploads:
        return []
    db.session.flush()
    left = bytes_left(message.client_id, message.author_id, at=at)
    attached = []
    for upload in uploads:
        kept = _kept(upload, left=left)
        left -= kept.size
        attached.append(_attachment(message, upload, kept, at=at))
    db.session.add_all(attached)
    for attachment in attached:
        emit(FileAttached(attachment_id=attachment.id), message.ticket_id, client_id=message.client_id, at=at)
    return attached


def media_type(given: str) -> str:
    """The content type that a sender gave, without parameters; UNKNOWN_TYPE if it is none."""
    plain = given.partition(";")[0].strip().lower()
    return plain if _TYPE.fullmatch(plain) else UNKNOWN_TYPE


def _kept(upload: Upload, *, left: int) -> files.Kept:
    limit = min(files.MAX_BYTES, left)
    try:
        kept = files.keep(upload.chunks, limit=limit)
    except Permanent as refused:
        raise Invalid(fields={"files": [refusal_of(refused.reason, limit=limit)]}) from refused
    if not kept.size:
        raise Invalid(fields={"files": ["empty"]})
    return kept


def _attachment(message: Message, upload: Upload, kept: files.Kept, *, at: datetime) -> Attachment:
    return Attachment(
        id=new_id(),
        client_id=message.client_id,
        message_id=message.id,
        name=file_name(upload.name),
        content_type=media_type(upload.content_type),
        size=kept.size,
        state="stored",
        remote={},
        storage_key=kept.key,
        created_at=at,
    )

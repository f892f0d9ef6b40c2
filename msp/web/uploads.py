"""Uploaded files of page forms, stored by content and attached to a message."""

from datetime import datetime
from functools import partial

from flask import request

from msp.kernel import files
from msp.kernel.db import db
from msp.kernel.errors import Invalid, Permanent
from msp.kernel.file_names import file_name
from msp.kernel.ids import new_id
from msp.tickets.models import Attachment, Message
from msp.tickets.upload_quota import bytes_left, refusal_of
from msp.web.parts.upload_limits import MOST_FILES

CHUNK = 65536


def keep_files(message: Message, *, at: datetime) -> None:
    """Store the files of this request's form with a message; refuses more than ten files, and files above the quota."""
    sent = [each for each in request.files.getlist("files") if each.filename]
    if len(sent) > MOST_FILES:
        raise Invalid(fields={"files": ["too_many"]})
    db.session.flush()
    left = bytes_left(message.client_id, message.author_id, at=at) if sent else 0
    for each in sent:
        limit = min(files.MAX_BYTES, left)
        try:
            kept = files.keep(iter(partial(each.stream.read, CHUNK), b""), limit=limit)
            left -= kept.size
        except Permanent as refused:
            raise Invalid(fields={"files": [refusal_of(refused.reason, limit=limit)]}) from refused
        finally:
            each.close()
        db.session.add(
            Attachment(
                id=new_id(),
                client_id=message.client_id,
                message_id=message.id,
                name=file_name(each.filename),
                content_type=each.mimetype or "application/octet-stream",
                size=kept.size,
                state="stored",
                remote={},
                storage_key=kept.key,
                created_at=at,
            )
        )

"""Files of messages: a worker downloads them into the file store or marks them as refused with a reason."""

from uuid import UUID

from integrations.channels.events import FileOffered
from integrations.channels.links import find_link, note_broken
from integrations.channels.quota_notice import notify_of_quota
from integrations.channels.transport import Broken, Transport
from integrations.channels.transports import transport_of
from integrations.channels.values import WorkspaceLink
from msp.kernel import clock, files
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Permanent
from msp.kernel.events import DeliveredEvent, emit
from msp.tickets.events import AttachmentRefused, AttachmentStored
from msp.tickets.models import Attachment, Message
from msp.tickets.upload_quota import EXCEEDED, bytes_left, refusal_of


def fetch(offered: DeliveredEvent[FileOffered]) -> None:
    """Download and store one offered file; emits `ticket.attachment_stored` or `ticket.attachment_refused`."""
    assert offered.client_id is not None
    transport = transport_of(offered.event.platform)
    if transport is None:
        return
    with work(Scope.client(offered.client_id)) as session:
        attachment = session.get_one(Attachment, offered.subject_id)
        link = find_link(transport.platform.name, offered.event.workspace)
        remote, is_waiting = attachment.remote, attachment.state == "remote"
        author_id = session.get_one(Message, attachment.message_id).author_id
        limit = min(files.MAX_BYTES, bytes_left(offered.client_id, author_id, at=clock.now()))
    if not is_waiting:
        return
    try:
        kept = _fetched(transport, link, remote, limit=limit)
    except Permanent as refused:
        if isinstance(refused, Broken):
            note_broken(transport.platform.name, offered.event.workspace, reason=refused.reason)
        reason = refusal_of(refused.reason, limit=limit)
        if reason == EXCEEDED and link is not None:
            notify_of_quota(transport, link, attachment_id=offered.subject_id)
        _settle(offered, state="refused", reason=reason)
    else:
        _settle(offered, state="stored", storage_key=kept.key, size=kept.size)


def _fetched(transport: Transport, link: WorkspaceLink | None, remote: Json, *, limit: int) -> files.Kept:
    if link is None:
        raise Permanent("not_connected")
    if not limit:
        raise Permanent(EXCEEDED)
    with transport.download(link, remote) as chunks:
        return files.keep(chunks, limit=limit)


def _settle(offered: DeliveredEvent[FileOffered], *, state: str, **values: object) -> None:
    assert offered.client_id is not None
    with work(Scope.client(offered.client_id)) as session:
        attachment = session.get_one(Attachment, offered.subject_id)
        attachment.state = state
        for name, value in values.items():
            setattr(attachment, name, value)
        event = AttachmentStored if state == "stored" else AttachmentRefused
        emit(event(attachment_id=attachment.id), _ticket_id(attachment), client_id=offered.client_id)


def _ticket_id(attachment: Attachment) -> UUID:
    return db.session.get_one(Message, attachment.message_id).ticket_id

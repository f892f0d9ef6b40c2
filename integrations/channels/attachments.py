"""Files that came with a message: fetched by a worker into the file store, or refused with the reason."""

from typing import Any
from uuid import UUID

from integrations.channels.links import find_link, note_broken
from integrations.channels.quota_notice import tell_of_quota
from integrations.channels.transport import Broken, Transport
from integrations.channels.transports import transport_of
from integrations.channels.values import WorkspaceLink
from msp.kernel import clock, files
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Permanent
from msp.kernel.events import DeliveredEvent, emit
from msp.tickets.models import Attachment, Message
from msp.tickets.upload_quota import EXCEEDED, bytes_left, refusal_of

OFFERED = {"attachment.offered"}


def fetch(fact: DeliveredEvent[Any]) -> None:
    """Fetch one offered file and store it; emits `ticket.attachment_stored` or `ticket.attachment_refused`."""
    assert fact.client_id is not None
    transport = transport_of(fact.data["platform"])
    if transport is None:
        return
    with work(Scope.client(fact.client_id)) as session:
        attachment = session.get_one(Attachment, fact.subject_id)
        link = find_link(transport.platform.name, fact.data["workspace"])
        remote, is_waiting = attachment.remote, attachment.state == "remote"
        author_id = session.get_one(Message, attachment.message_id).author_id
        limit = min(files.MAX_BYTES, bytes_left(fact.client_id, author_id, at=clock.now()))
    if not is_waiting:
        return
    try:
        kept = _fetched(transport, link, remote, limit=limit)
    except Permanent as refused:
        if isinstance(refused, Broken):
            note_broken(transport.platform.name, fact.data["workspace"], reason=refused.reason)
        reason = refusal_of(refused.reason, limit=limit)
        if reason == EXCEEDED and link is not None:
            tell_of_quota(transport, link, fact)
        _settle(fact, state="refused", reason=reason)
    else:
        _settle(fact, state="stored", storage_key=kept.key, size=kept.size)


def _fetched(transport: Transport, link: WorkspaceLink | None, remote: Json, *, limit: int) -> files.Kept:
    if link is None:
        raise Permanent("not_connected")
    if not limit:
        raise Permanent(EXCEEDED)
    with transport.download(link, remote) as chunks:
        return files.keep(chunks, limit=limit)


def _settle(fact: DeliveredEvent[Any], *, state: str, **values: object) -> None:
    assert fact.client_id is not None
    with work(Scope.client(fact.client_id)) as session:
        attachment = session.get_one(Attachment, fact.subject_id)
        attachment.state = state
        for name, value in values.items():
            setattr(attachment, name, value)
        emit(
            f"ticket.attachment_{state}",
            _ticket_id(attachment),
            client_id=fact.client_id,
            attachment_id=str(attachment.id),
        )


def _ticket_id(attachment: Attachment) -> UUID:
    return db.session.get_one(Message, attachment.message_id).ticket_id

"""Changes that people make in a chat: messages edited, deleted and restored, files added and removed."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from integrations.channels import sentences
from integrations.channels.early_deletions import note_deleted
from integrations.channels.intake import receive_message
from integrations.channels.links import find_link
from integrations.channels.requesters import names_of
from integrations.channels.stored_messages import attach, body_of, message_id_of
from integrations.channels.transport import Transport
from integrations.channels.values import IncomingMessage, ThreadRef, WorkspaceLink, external_id
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.i18n import reading_as
from msp.richtext import to_json
from msp.richtext.tree import with_names
from msp.tickets.message_changes import delete_message, edit_message, undelete_message
from msp.tickets.models import Attachment, Message
from msp.tickets.queries import access_ticket
from msp.tickets.removed_files import remove_attachments

HEARD_WITHIN = timedelta(
    days=1
)  # an edited message without a ticket is received as new if it was written within this time


def edited(
    transport: Transport, incoming: IncomingMessage, *, at: datetime, removed_files: Collection[str] = ()
) -> None:
    """Apply an edit to the stored message and its files; `removed_files` are ids as in the `remote` of its files.

    An edited message that is on no ticket is received as new: a greeting may have become a problem, or the edit arrived
    before the message.
    """
    link = _client_link(incoming.place)
    if link is None:
        return
    with work(Scope.client(_client_of(link))):
        is_known = _message(link, incoming.external_id) is not None
    if not is_known:
        if incoming.at > clock.now() - HEARD_WITHIN:
            receive_message(transport, replace(incoming, at=max(incoming.at, at)))
        return
    content = with_names(incoming.content, names_of(transport, link, incoming.mentions))
    with work(Scope.client(_client_of(link))):
        message = _message(link, incoming.external_id)
        if message is not None and message.deleted_at is None:
            ticket, now = access_ticket(message.ticket_id, lock=True), clock.now()
            edit_message(ticket, message, body=body_of(incoming, content), content=to_json(content), at=now)
            _follow_files(incoming, message, removed_files, at=now)


def deleted(place: ThreadRef, message_id: str) -> None:
    """Delete the content of a message that was deleted in its chat; one not yet on a ticket is ignored later."""
    link = _client_link(place)
    if link is None:
        return
    with work(Scope.client(_client_of(link))):
        message = _message(link, external_id(place, message_id))
        if message is not None:
            client = access_client(_client_of(link))
            with reading_as(client.locale, client.timezone):
                placeholder = sentences.deleted_subject()
            ticket = access_ticket(message.ticket_id, lock=True)
            delete_message(ticket, message, at=clock.now(), placeholder_subject=placeholder)
            return
    with work(Scope.system()):
        note_deleted(place, message_id, client_id=_client_of(link))


def restored(transport: Transport, incoming: IncomingMessage) -> None:
    """Restore a message whose deletion was undone in its chat; does nothing for a message that is on no ticket."""
    link = _client_link(incoming.place)
    if link is None:
        return
    content = with_names(incoming.content, names_of(transport, link, incoming.mentions))
    with work(Scope.client(_client_of(link))):
        message = _message(link, incoming.external_id)
        if message is not None:
            ticket = access_ticket(message.ticket_id, lock=True)
            body = body_of(incoming, content)
            undelete_message(ticket, message, body=body, content=to_json(content), at=clock.now())


def _follow_files(incoming: IncomingMessage, message: Message, removed: Collection[str], *, at: datetime) -> None:
    """Add new files and remove those that are gone."""
    remotes = _attached(message)
    keys = {_key(remote) for remote, _ in remotes.values()}
    names = {name for remote, name in remotes.values() if not remote.get("id")}  # stored before file ids were kept
    new = [
        file
        for file in incoming.files
        if _key(file.remote) not in keys and not (file.remote.get("id") and file.name in names)
    ]
    gone = [id for id, (remote, _) in remotes.items() if remote.get("id") in removed]
    if gone:
        remove_attachments(message, at=at, only=gone)
    attach(incoming.place, new, message)


def _attached(message: Message) -> dict[UUID, tuple[Json, str]]:
    query = select(Attachment.id, Attachment.remote, Attachment.name).where(Attachment.message_id == message.id)
    return {id: (remote, name) for id, remote, name in db.session.execute(query)}


def _key(remote: Json) -> Any:
    """Identifies the same file in several payloads: its id, else its address."""
    return remote.get("id") or remote.get("url")


def _client_link(place: ThreadRef) -> WorkspaceLink | None:
    """The link of a client's workspace; None for unknown workspaces and the provider's own."""
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
    return link if link is not None and link.client_id is not None else None


def _client_of(link: WorkspaceLink) -> UUID:
    assert link.client_id is not None  # checked by `_client_link`
    return link.client_id


def _message(link: WorkspaceLink, external_id: str) -> Message | None:
    found = message_id_of(_client_of(link), link.platform, external_id)
    return db.session.get(Message, found) if found else None

"""Edits and retractions of replies, carried out on the messages that were posted in chat."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from integrations.channels.conversation_state import place_of
from integrations.channels.links import find_link
from integrations.channels.models import ChatPost
from integrations.channels.posting import parts_of, post_all
from integrations.channels.transport import Transport
from integrations.channels.transports import transport_of
from integrations.channels.values import Post, ThreadRef, WorkspaceLink
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent
from msp.people.models import Person
from msp.richtext import document_of
from msp.tickets.events import MessageDeleted, MessageEdited, MessageEvent
from msp.tickets.models import Conversation, Message, Ticket

CHANGES = {MessageEdited, MessageDeleted}
MOST_PARTS = 60  # of one reply: the longest text in the shortest messages


@dataclass(frozen=True, slots=True)
class Posted:
    """The messages of a reply in one conversation, in order, and the new text; without `post` they are deleted."""

    conversation_id: UUID
    link: WorkspaceLink
    place: ThreadRef
    ids: tuple[str, ...]
    post: Post | None


def change_reply(delivered: DeliveredEvent[MessageEvent]) -> None:
    """Replace or delete what was posted of a reply; does nothing for messages of others. Idempotent."""
    with work(Scope.system()) as session:
        message = session.get(Message, delivered.event.message_id)
        transport = transport_of(message.delivery_channel or "") if message is not None else None
        if message is None or transport is None or message.delivery_key is None:
            return
        found = [posted for each in _conversations(message) if (posted := _posted(transport, message, each))]
    for posted in found:
        _carry_out(transport, posted, key=f"edit.{delivered.id.hex}")


def _conversations(message: Message) -> list[Conversation]:
    query = select(Conversation).where(
        Conversation.ticket_id == message.ticket_id, Conversation.platform == message.delivery_channel
    )
    return list(db.session.scalars(query.order_by(Conversation.id)))


def _posted(transport: Transport, message: Message, conversation: Conversation) -> Posted | None:
    keys = [f"{message.delivery_key}.{conversation.id.hex}.{number}" for number in range(MOST_PARTS)]
    rows = {
        row.key: row.external_id
        for row in db.session.scalars(select(ChatPost).where(ChatPost.key.in_(keys), ChatPost.external_id.is_not(None)))
    }
    link = find_link(conversation.platform, conversation.workspace)
    if not rows or link is None:
        return None
    ids = tuple(str(rows[key]) for key in keys if key in rows)
    post = None if message.deleted_at is not None else _post(transport, message, conversation)
    return Posted(conversation.id, link, place_of(conversation), ids, post)


def _post(transport: Transport, message: Message, conversation: Conversation) -> Post:
    author = db.session.get(Person, message.author_id) if message.author_id else None
    is_chat = conversation.is_personal or bool(conversation.reference.get("is_group"))
    has_threads = transport.platform.capabilities.threads_in_chats or not is_chat
    label = None if has_threads else db.session.get_one(Ticket, message.ticket_id).label
    content = document_of(message.body, message.content)
    return Post("", content=content, author=author.name if author else None, label=label)


def _carry_out(transport: Transport, posted: Posted, *, key: str) -> None:
    """Replace what is there, delete what is too much, and post what is missing."""
    parts = parts_of(transport, posted.post) if posted.post is not None else []
    for message_id, part in zip(posted.ids, parts, strict=False):
        transport.update(posted.link, posted.place, message_id, part)
    for message_id in posted.ids[len(parts) :]:
        transport.delete(posted.link, posted.place, message_id)
    if more := parts[len(posted.ids) :]:
        whole = f"{key}.{posted.conversation_id.hex}"
        post_all(transport, posted.link, posted.place, more, key=whole, conversation_id=posted.conversation_id)

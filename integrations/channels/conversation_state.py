"""State of a conversation: its place, the ids of our messages in it, and whether it can be written in."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from integrations.channels.links import note_broken
from integrations.channels.reachability import note_reachable
from integrations.channels.transport import Broken, Unreachable
from integrations.channels.values import Post, ThreadRef
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.events import emit
from msp.tickets.events import (
    ThreadUnreachable,
)
from msp.tickets.models import Conversation


def place_of(conversation: Conversation) -> ThreadRef:
    """The place of a conversation."""
    return ThreadRef(
        platform=conversation.platform,
        workspace=conversation.workspace,
        channel=conversation.channel,
        thread=conversation.thread,
        is_personal=conversation.is_personal,
        reference=conversation.reference,
    )


def note_unreachable(client_id: UUID, conversation_id: UUID, refused: Permanent) -> None:
    """Mark a conversation as unreachable; emits `ticket.unreachable` once per reason."""
    with changing(client_id, conversation_id) as conversation:
        if isinstance(refused, Broken):
            note_broken(conversation.platform, conversation.workspace, reason=refused.reason)
        if isinstance(refused, Unreachable) and conversation.unreachable_reason != refused.reason:
            conversation.unreachable_reason = refused.reason
            emit(ThreadUnreachable(reason=refused.reason), conversation.ticket_id, client_id=client_id)


@contextmanager
def changing(client_id: UUID, conversation_id: UUID) -> Iterator[Conversation]:
    """A conversation, locked for one transaction in its client's scope."""
    with work(Scope.client(client_id)) as session:
        yield session.get_one(Conversation, conversation_id, with_for_update=True)


def keep_opening(client_id: UUID, conversation_id: UUID, place: ThreadRef, *, sent: list[str], post: Post) -> None:
    """Store the place of a conversation and the ids of its opening sentence and card, so that they can be updated."""
    with changing(client_id, conversation_id) as conversation:
        conversation.direct_to, conversation.opening_text = None, post.text
        conversation.reference = {**conversation.reference, **place.reference}
        conversation.channel, conversation.thread = place.channel, place.thread or sent[0]
        conversation.card_id, conversation.card_digest = sent[-1], post.digest
        conversation.opening_id = sent[0] if len(sent) > 1 else None
        note_reachable(conversation)

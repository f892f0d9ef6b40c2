"""Transcripts of voice and video clips, which the chat system makes later: added to their message."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from integrations.channels.events import TranscriptAwaited
from integrations.channels.links import find_link
from integrations.channels.transport import Transport
from integrations.channels.transports import transport_of
from integrations.channels.values import WorkspaceLink
from msp.kernel import clock
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.events import DeliveredEvent
from msp.richtext import Document, document_of, is_empty, to_json, write_text
from msp.richtext.text import linked
from msp.richtext.tree import Block, Paragraph
from msp.tickets.message_changes import edit_message
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import Attachment, Message
from msp.tickets.queries import access_ticket

LONGEST = timedelta(minutes=30)  # how long a transcript is waited for
RETRY = 20.0  # seconds


def add_transcript(awaited: DeliveredEvent[TranscriptAwaited]) -> None:
    """Add the transcript of a clip to its message; raises Temporary while the chat system is still making it."""
    assert awaited.client_id is not None
    event = awaited.event
    transport = transport_of(event.platform)
    with work(Scope.client(awaited.client_id)) as session:
        attachment = session.get_one(Attachment, awaited.subject_id)
        link = find_link(event.platform, event.workspace)
        remote, since = attachment.remote, attachment.created_at
    if transport is None or link is None or not remote:
        return
    words = _transcript(transport, link, remote)
    if words is None:
        if clock.now() < since + LONGEST:
            raise Temporary("words_awaited", retry_after=RETRY)
        return
    if words.strip():
        _put(awaited.client_id, awaited.subject_id, words.strip())


def _transcript(transport: Transport, link: WorkspaceLink, remote: Json) -> str | None:
    try:
        return transport.transcript(link, remote)
    except Permanent:  # without a transcript the clip can still be played
        return ""


def _put(client_id: UUID, attachment_id: UUID, words: str) -> None:
    with work(Scope.client(client_id)) as session:
        message = session.get_one(Message, session.get_one(Attachment, attachment_id).message_id)
        if message.deleted_at is not None:
            return
        ticket = access_ticket(message.ticket_id, lock=True)
        db.session.refresh(message)
        content = _with_words(document_of(message.body, message.content), words)
        body = write_text(content).strip()
        body = body if len(body) <= MAX_BODY else f"{body[: MAX_BODY - 1]}…"
        edit_message(ticket, message, body=body, content=to_json(content), at=clock.now())


def _with_words(document: Document, words: str) -> Document:
    """The document with the whole transcript at its end, replacing the partial one."""
    kept: list[Block] = [block for block in document.blocks if not _is_beginning(block, words)]
    return replace(document, blocks=(*kept, Paragraph(linked(words))))


def _is_beginning(block: Block, words: str) -> bool:
    beginning = write_text(Document((block,))).strip()
    is_cut = beginning.endswith("…") and words.startswith(beginning.removesuffix("…").strip())
    return isinstance(block, Paragraph) and not is_empty(Document((block,))) and (is_cut or beginning == words)

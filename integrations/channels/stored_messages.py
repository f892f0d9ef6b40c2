"""A chat message as stored on its ticket: its id, text and files."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from integrations.channels.events import FileOffered, TranscriptAwaited
from integrations.channels.values import FileOffer, IncomingMessage, ThreadRef
from msp.kernel.db import db
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.richtext import Document, write_text
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import Attachment, Message


def attach(place: ThreadRef, files: Iterable[FileOffer], message: Message) -> None:
    """Attach the files of a message; emits an event for each file or transcript to download."""
    for file in files:
        attachment = Attachment(
            id=new_id(),
            client_id=message.client_id,
            message_id=message.id,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            state="refused" if file.refused else "remote",
            reason=file.refused,
            remote=file.remote,
            created_at=message.at,
        )
        db.session.add(attachment)
        if not file.refused:
            offered = FileOffered(platform=place.platform, workspace=place.workspace)
            emit(offered, attachment.id, client_id=message.client_id)
        if file.awaits_words:
            awaited = TranscriptAwaited(platform=place.platform, workspace=place.workspace)
            emit(awaited, attachment.id, client_id=message.client_id)


def message_id_of(client_id: UUID, channel: str, external_id: str) -> UUID | None:
    """The id of a client's message with this external id, or None."""
    query = select(Message.id).where(
        Message.client_id == client_id, Message.channel == channel, Message.external_id == external_id
    )
    return db.session.execute(query).scalar_one_or_none()


def body_of(incoming: IncomingMessage, content: Document) -> str:
    """The plain text, cut to MAX_BODY since a chat shows no refusal; without text, the names of the files."""
    text = write_text(content).strip()
    text = text or ", ".join(file.name for file in incoming.files)
    return text if len(text) <= MAX_BODY else f"{text[: MAX_BODY - 1]}…"

"""Values exchanged between chat systems and the desk, independent of both: places, inbound messages, posts."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msp.kernel.db import Json
from msp.richtext import Document, read_text
from msp.richtext.tree import mentions


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A thread in a chat system. `reference` is what the platform needs to post there without another call."""

    platform: str
    workspace: str
    channel: str
    thread: str
    is_personal: bool = False
    reference: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileOffer:
    """A file of a message: `remote` is what the platform needs to download it, `refused` the reason not to.

    `awaits_words`: a clip whose transcript the chat system has not sent, or only in part.
    """

    name: str
    content_type: str
    size: int
    remote: Json
    refused: str | None = None
    awaits_words: bool = False


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that a person wrote.

    `message` identifies it within its channel; in a channel with threads a message whose id is its thread's starts one.
    `content` is its text, with mentions as ids of the chat system. `is_addressed`: addressed to us, in a direct message
    or by a mention. `is_shared`: people of other companies read that channel. `is_command`: written as a command,
    outside of any thread. `quoted` is the id of the message that it quotes, if a chat without threads sends it.
    """

    place: ThreadRef
    author: str
    message: str
    content: Document
    at: datetime
    is_addressed: bool
    is_shared: bool = False
    is_command: bool = False
    quoted: str | None = None
    files: tuple[FileOffer, ...] = ()

    @property
    def mentions(self) -> tuple[str, ...]:
        """The people it mentions, by their ids in the chat system."""
        return mentions(self.content)

    @property
    def is_private(self) -> bool:
        """Whether the conversation is held in the person's direct message with us."""
        return self.is_shared or self.is_command

    @property
    def starts_thread(self) -> bool:
        """Whether it was posted outside of any thread."""
        return self.place.thread in ("", self.message)

    @property
    def external_id(self) -> str:
        """Identifies the message across deliveries."""
        return external_id(self.place, self.message)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as described by the chat system; `workspace` is the company they belong to there.

    `name` is cleaned, and empty if they have none. `email` is only an address that the chat system confirmed.
    """

    external_id: str
    workspace: str
    name: str
    email: str | None = None
    locale: str | None = None
    timezone: str | None = None
    is_bot: bool = False
    is_guest: bool = False
    is_active: bool = True
    reference: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkspaceLink:
    """A connected workspace or tenant as used in jobs: its client (None for the provider's own) and its token."""

    client_id: UUID | None
    platform: str
    workspace: str
    settings: Json
    token: str | None = field(repr=False)
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A button with a label in the reader's language; `code` is the name of the resulting Interaction."""

    code: str
    label: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class WrittenCard:
    """A summary of a ticket in the reader's language and time zone; each platform draws it in its own way."""

    label: str
    subject: str
    facts: tuple[tuple[str, str], ...]
    why: str | None
    buttons: tuple[Button, ...]
    another: Button | None = None  # starts another ticket, for chats without threads


@dataclass(frozen=True, slots=True)
class Post:
    """One message of ours: a sentence of the desk (`text`, plain) or the message of a person (`content`).

    `author` is the person who wrote the content, `label` is the ticket number if the chat has no threads, and
    `ticket_id` is required for buttons.
    """

    text: str
    content: Document | None = None
    author: str | None = None
    label: str | None = None
    card: WrittenCard | None = None
    buttons: tuple[Button, ...] = ()
    ticket_id: UUID | None = None

    @property
    def document(self) -> Document:
        """Its content as rich text."""
        return self.content if self.content is not None else read_text(self.text)

    @property
    def digest(self) -> str:
        """Hash of the visible content, in 16 characters: a post with the same digest need not be sent again."""
        return hashlib.sha256(repr((self.text, self.card)).encode()).hexdigest()[:16]

    @property
    def heading(self) -> str:
        """The ticket and the person, above the text; may be empty."""
        return " · ".join(part for part in (self.label, self.author) if part)


def external_id(place: ThreadRef, message: str) -> str:
    """The id of a message among all messages of its platform."""
    return f"{place.workspace}:{place.channel}:{message}"

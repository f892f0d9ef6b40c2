"""What goes between a chat system and the desk, free of either: places, what was said, what we say."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msp.kernel.db import Json


@dataclass(frozen=True, slots=True)
class Place:
    """A thread in a chat system. `reference` is what the platform needs to write there without being asked."""

    platform: str
    workspace: str
    channel: str
    thread: str
    is_personal: bool = False
    reference: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileOffer:
    """A file that came with a message: `remote` is what the platform needs to fetch it, `refused` why we will not."""

    name: str
    content_type: str
    size: int
    remote: Json
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a person wrote.

    `message` names it within its channel. `text` is plain; each of `mentions` (people's ids in the chat system) stands
    in it as `<@id>` and is replaced by a name. `is_addressed`: said to us, in a direct message or by a mention.
    `is_shared`: people of other companies read along in that channel. `is_aside`: by a command, outside of any thread.
    What was said in either way is answered in the person's own chat with us.
    """

    place: Place
    author: str
    message: str
    text: str
    at: datetime
    is_addressed: bool
    is_shared: bool = False
    is_aside: bool = False
    mentions: tuple[str, ...] = ()
    files: tuple[FileOffer, ...] = ()

    @property
    def is_for_private(self) -> bool:
        """Whether the conversation is had in the person's own chat with us."""
        return self.is_shared or self.is_aside

    @property
    def external_id(self) -> str:
        """What makes it one message however often it is brought."""
        return f"{self.place.workspace}:{self.place.channel}:{self.message}"


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button under one of our messages; `ticket` is what the button claims to be about."""

    place: Place
    author: str
    code: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the chat system says somebody is; `workspace` is the company they belong to there."""

    external_id: str
    workspace: str
    name: str
    email: str | None = None
    locale: str | None = None
    timezone: str | None = None
    is_bot: bool = False
    reference: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A connected workspace or tenant as a job holds it: whose it is (the provider's where None), and its token."""

    client_id: UUID | None
    platform: str
    workspace: str
    settings: Json
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press, in the reader's words; `code` comes back in a Press."""

    code: str
    label: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class WrittenCard:
    """A ticket at a glance, in the reader's words, zone and language; each platform draws it its own way."""

    label: str
    subject: str
    facts: tuple[tuple[str, str], ...]
    why: str | None
    buttons: tuple[Button, ...]
    another: Button | None = None  # starts another request, for chats without threads


@dataclass(frozen=True, slots=True)
class Post:
    """One message of ours. `author` is the person of the desk whose words it carries; `ticket_id` goes with buttons."""

    text: str
    author: str | None = None
    card: WrittenCard | None = None
    buttons: tuple[Button, ...] = ()
    ticket_id: UUID | None = None

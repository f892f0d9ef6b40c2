"""What the suite does with a platform: people act in its simulator, and what they see is read there."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from flask import Flask

from msp.clients.platforms import Platform
from msp.config import Settings
from tests.channels.cast import Actor
from tests.world import World


class Where(Enum):
    """In which conversation somebody writes or looks."""

    CHAT = "their own chat with the app"
    CHANNEL = "a channel of Lozano's, in which the app is mentioned"
    SHARED = "a channel of Lozano's in which people of other companies write too"


class Failure(Enum):
    """What happens to our next messages."""

    THROTTLED = "refused for some seconds: too many"
    IN_DOUBT = "taken, and the connection cut before the answer"
    GONE = "the conversation does not exist any more"
    BLOCKED = "the person takes no messages from the app"
    BROKEN = "the workspace does not let the app in any more"


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody sends; `size` is what the platform says where it says it, without so many bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that a person did; `raw` is the simulator's own record of it."""

    actor: Actor
    where: Where
    id: str
    raw: Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of ours as a person sees it: words without markup, names of buttons, the message its thread hangs
    under (empty where it stands outside of threads), names of its files."""

    id: str
    text: str
    source: str
    buttons: tuple[str, ...] = ()
    is_card: bool = False
    thread: str = ""
    files: tuple[str, ...] = ()


class Driver(Protocol):
    """A platform with its simulator."""

    platform: Platform
    marks: dict[str, str]
    """How a word is written in bold, as code and so on, where `{}` is the word."""

    def start(self, settings: Settings) -> Settings:
        """Bring the simulator up; returns the product's settings with its addresses."""
        ...

    def listen_at(self, url: str, app: Flask) -> None:
        """Send what people do to the product."""
        ...

    def close(self) -> None:
        """Take the simulator down."""
        ...

    def begin(self, world: World) -> None:
        """Empty the simulator, put the cast in, and connect Lozano, Azcárate and the provider."""
        ...

    def end(self) -> None:
        """Check after a test what no test may leave behind."""
        ...

    def say(
        self,
        actor: Actor,
        text: str,
        *,
        where: Where = Where.CHAT,
        thread: Sent | None = None,
        is_addressed: bool = True,
        files: Sequence[File] = (),
        quotes: Seen | None = None,
    ) -> Sent:
        """Write; `thread` is a message in whose thread, where there are threads. In a channel with a mention of the
        app, unless not `is_addressed`."""
        ...

    def say_formatted(self, actor: Actor) -> Sent:
        """Write «Pulso Aceptar y sale error 41, mira la foto» and a list of «uno» and «dos»: the second word in bold,
        error 41 as code, the last words as a link to https://tpv.example/41."""
        ...

    def say_clip(self, actor: Actor, words: str) -> Sent:
        """Send a voice clip, in which the platform may recognise these words."""
        ...

    def command(self, actor: Actor, text: str) -> str:
        """Give the slash command in the channel; returns what they read at once."""
        ...

    def edit(self, sent: Sent, text: str) -> Sent:
        """Change one's message."""
        ...

    def delete(self, sent: Sent) -> Sent:
        """Delete one's message."""
        ...

    def restore(self, sent: Sent) -> Sent:
        """Bring one's deleted message back."""
        ...

    def press(self, actor: Actor, seen: Seen, button: str, *, where: Where = Where.CHAT, ticket: str = "") -> None:
        """Press a button; `ticket` forges which ticket the button names."""
        ...

    def losing(self) -> AbstractContextManager[None]:
        """Have the product hear nothing of what people do meanwhile."""
        ...

    def deliver(self, sent: Sent) -> None:
        """Send to the product (again) what somebody did."""
        ...

    def seen(self, actor: Actor, where: Where = Where.CHAT) -> list[Seen]:
        """Our messages in a conversation, oldest first."""
        ...

    def private(self, actor: Actor) -> list[str]:
        """What we said that this person alone reads: in their chat, or shown to them in the channel."""
        ...

    def forget_card(self, seen: Seen) -> None:
        """Somebody removes a message of ours."""
        ...

    def fail(self, failure: Failure, *, times: int | None = 1, retry_after: int = 1) -> None:
        """Have our next messages fail."""
        ...

    def recover(self) -> None:
        """Nothing fails any more."""
        ...

    def hide_profiles(self, *, times: int) -> None:
        """Have the next questions about people fail for a time."""
        ...

    def withhold_files(self) -> None:
        """Have the platform refuse us the files that were sent."""
        ...

    def uninstall(self) -> None:
        """Somebody takes the app out of where Marta writes to it."""
        ...

    def throttled(self) -> int:
        """How many of our calls were refused as too many so far."""
        ...

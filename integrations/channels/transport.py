"""What a channel plug-in does: its `Platform` says what it is, its `Transport` makes the calls."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from integrations.channels.values import Post, Profile, ThreadRef, WorkspaceLink
from msp.clients.platforms import Platform
from msp.kernel.db import Json
from msp.kernel.errors import Broken, InDoubt, Unreachable
from msp.richtext import Document

__all__ = ["Broken", "InDoubt", "Transport", "Unreachable"]


class Transport(Protocol):
    """One chat system. Every call goes over the network: never inside a unit of work, with timeouts of seconds.

    Each raises Temporary (surely not done; with retry_after where the system named it), InDoubt (may have been done),
    Broken, Unreachable, or another Permanent.
    """

    @property
    def platform(self) -> Platform:
        """What it is: its name, what it can do, what the pages show of it."""
        ...

    def write_text(self, document: Document) -> str:
        """A document in this platform's own formatting; `max_text` limits its length."""
        ...

    def profile(self, link: WorkspaceLink, external_id: str) -> Profile:
        """Who somebody is."""
        ...

    def direct(self, link: WorkspaceLink, external_id: str) -> ThreadRef:
        """A person's own conversation with us, opened where there is none; its thread is empty."""
        ...

    def post(self, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
        """Write in a thread (start one where `place.thread` is empty), marked with `key`; returns the message's id."""
        ...

    def find(self, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
        """The id of the message that carries `key`, if it stands there; None where that cannot be known."""
        ...

    def update(self, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> None:
        """Replace a message of ours."""
        ...

    def post_ephemeral(self, link: WorkspaceLink, place: ThreadRef, *, to: str, text: str) -> None:
        """Write to one person in a thread, seen by them alone; in their own chat where the platform cannot do that."""
        ...

    def download(self, link: WorkspaceLink, remote: Json) -> AbstractContextManager[Iterator[bytes]]:
        """Fetch a file that was offered, in chunks; raises Permanent with the reason it is refused for."""
        ...

    def transcript(self, link: WorkspaceLink, remote: Json) -> str | None:
        """What the chat system heard in a clip that was offered; None while it still listens, "" where it does not."""
        ...

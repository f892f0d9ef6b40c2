"""The interface of a channel plug-in: `Platform` describes it, `Transport` makes its calls."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from integrations.channels.values import Post, Profile, ThreadRef, WorkspaceLink
from msp.clients.platforms import Platform
from msp.kernel.db import Json
from msp.kernel.errors import Broken, InDoubt, Unreachable
from msp.tickets.attached_files import StoredFile

__all__ = ["Broken", "InDoubt", "Transport", "Unreachable"]


class Transport(Protocol):
    """One chat system. Every call uses the network: never inside a transaction, with timeouts of seconds.

    Each raises Temporary (certainly not done; with retry_after if the system gave one), InDoubt (may have been done),
    Broken, Unreachable, or another Permanent.
    """

    @property
    def platform(self) -> Platform:
        """Its description: name, capabilities, reader and writer of its formatting, and what the pages show of it."""
        ...

    def profile(self, link: WorkspaceLink, external_id: str) -> Profile:
        """The profile of a person."""
        ...

    def direct(self, link: WorkspaceLink, external_id: str) -> ThreadRef:
        """The direct message with a person, opened if there is none; its thread is empty."""
        ...

    def post(self, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
        """Post in a thread (start one if `place.thread` is empty), marked with `key`; returns the message's id."""
        ...

    def find(self, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
        """The id of the message marked with `key`, if it exists; None if that cannot be known."""
        ...

    def update(self, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> None:
        """Replace one of our messages."""
        ...

    def delete(self, link: WorkspaceLink, place: ThreadRef, message_id: str) -> None:
        """Delete one of our messages; one that is gone already is no failure."""
        ...

    def post_ephemeral(self, link: WorkspaceLink, place: ThreadRef, *, to: str, text: str) -> None:
        """Send an ephemeral message in a thread; by direct message if the platform has no ephemeral messages."""
        ...

    def download(self, link: WorkspaceLink, remote: Json) -> AbstractContextManager[Iterator[bytes]]:
        """Download an offered file in chunks; raises Permanent with the reason for a refusal."""
        ...

    def upload(self, link: WorkspaceLink, file: StoredFile) -> str:
        """Upload a file, not visible to anybody yet, and return its id; only if `files_out`."""
        ...

    def share(self, link: WorkspaceLink, place: ThreadRef, file_id: str, *, title: str) -> None:
        """Share an uploaded file in a thread."""
        ...

    def is_shared(self, link: WorkspaceLink, file_id: str) -> bool:
        """Whether an uploaded file was shared, or is being shared."""
        ...

    def transcript(self, link: WorkspaceLink, remote: Json) -> str | None:
        """The transcript of an offered clip; None while the chat system is making it, "" if it makes none."""
        ...

"""Messages as HTML for console and portal."""

from datetime import datetime
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from markupsafe import Markup

from msp.kernel.db import Json
from msp.richtext import document_of, write_html


class Written(Protocol):
    """A message, however it was read."""

    @property
    def id(self) -> UUID: ...
    @property
    def body(self) -> str: ...
    @property
    def content(self) -> Json | None: ...
    @property
    def edited_at(self) -> datetime | None: ...


def rich_text(message: Written) -> Markup:
    """The words of a message as safe HTML (msp.richtext.write_html); kept for the next time it is shown."""
    return _html(_Key(message))


class _Key:
    """A message as the key of its HTML: the same until its words change."""

    def __init__(self, message: Written) -> None:
        self.message = message
        self.identity = (message.id, message.edited_at, message.body)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.identity == other.identity


@lru_cache(maxsize=4096)
def _html(key: _Key) -> Markup:
    document = document_of(key.message.body, key.message.content)
    return Markup(write_html(document))  # noqa: S704 (escaped and sanitised by write_html)

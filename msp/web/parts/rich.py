"""Rich text of messages as HTML."""

import json
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup

from msp.kernel.db import Json
from msp.richtext import Document, document_of, write_html, write_text
from msp.richtext import beginning as cut_beginning
from msp.richtext.tree import Block, Blocks, Heading, List, Paragraph, Quote, Strong


class RenderedText(Protocol):
    """A message, from any query."""

    @property
    def body(self) -> str: ...
    @property
    def content(self) -> Json | None: ...


FOLDED_ROWS = 40  # longer messages are folded to this many rows
ROW = 100  # characters
MAX_KEPT = 4000  # characters; longer messages are rare and would fill the cache


def rich_text(message: RenderedText) -> Markup:
    """The rich text of a message as safe HTML."""
    return rich(message.body, message.content)


def rich(body: str, content: Json | None = None) -> Markup:
    """A message as safe HTML; `content` is its rich text, without it `body` is Markdown.

    Short messages are cached, since pages show them repeatedly.
    """
    kept = json.dumps(content, sort_keys=True) if content is not None else None
    if len(kept if kept is not None else body) > MAX_KEPT:
        return _written(body, content)
    return _kept("" if kept is not None else body, kept)


@lru_cache(maxsize=2048)
def _kept(body: str, content: str | None) -> Markup:
    return _written(body, json.loads(content) if content is not None else None)


def _written(body: str, content: Json | None) -> Markup:
    return _html(document_of(body, content))


def shown_document(document: Document) -> Markup:
    """A document as safe HTML, as messages are shown."""
    return _html(document)


def beginning(message: RenderedText) -> Markup | None:
    """The first rows of a message that is too long to be shown in full; None for other messages."""
    body, content = message.body, message.content
    if _rows(body) <= FOLDED_ROWS:
        return None
    if content is None:  # text far after the cut is not parsed
        body = "\n".join(body.split("\n")[: FOLDED_ROWS * 2])[: FOLDED_ROWS * ROW * 2]
    first = cut_beginning(document_of(body, content), FOLDED_ROWS, lambda document: _rows(write_text(document)))
    return _html(first if first is not None else document_of(body, content))


def _rows(text: str) -> int:
    """Approximate number of rows of a text."""
    return sum(1 + len(line) // ROW for line in text.split("\n"))


def _html(document: Document) -> Markup:
    shown = Document(_without_headings(document.blocks))
    return Markup(write_html(shown))  # noqa: S704 (everything typed is escaped, and the whole passed through nh3)


def _without_headings(blocks: Blocks) -> Blocks:
    """Headings in messages are shown in bold, so that they are not headings of the page."""
    return tuple(map(_without_heading, blocks))


def _without_heading(block: Block) -> Block:
    match block:
        case Heading(_, children):
            return Paragraph((Strong(children),))
        case Quote(blocks):
            return Quote(_without_headings(blocks))
        case List(items):
            return List(tuple(map(_without_headings, items)), block.ordered, block.start)
    return block

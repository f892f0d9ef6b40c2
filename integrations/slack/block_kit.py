"""Reads the blocks of a message: rich text of people, and the blocks of apps.

Source: docs.slack.dev, "Rich text block" and the other blocks of Block Kit. The input is not trusted: anything that
differs from the documentation is skipped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.channels.payloads import dicts_of, text_of
from integrations.slack.emoji import character_of, from_unicode
from integrations.slack.mrkdwn import MAX_DEPTH, ListLine, lists_of, paragraphs, read_mrkdwn, typed_runs
from integrations.slack.text import unescape
from msp.kernel.db import Json
from msp.richtext import read_markdown
from msp.richtext.links import canonical
from msp.richtext.runs import Run, Style, inlines_of, plain_of
from msp.richtext.text import linked_runs
from msp.richtext.tree import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Emoji,
    Emphasis,
    Heading,
    Inlines,
    Mention,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)

_STYLES: dict[str, Style] = {"bold": Strong, "italic": Emphasis, "strike": Strikethrough}
_NAMED = re.compile(r"<(?:#|!subteam\^)([A-Z0-9]+)\|([^<>]*)>")

Names = Mapping[str, str]


def names_in(text: str) -> dict[str, str]:
    """The names of channels and groups in the text of a message, by id; its blocks contain only ids."""
    return {found[1]: unescape(found[2]).lstrip("#@") for found in _NAMED.finditer(text)}


def read_blocks(blocks: Any, names: Names) -> Blocks:
    """The content of the blocks, not yet in normal form."""
    return tuple(each for block in dicts_of(blocks) for each in _block(block, names))


def read_known_blocks(blocks: Any, names: Names) -> Blocks:
    """The content of the blocks of known kinds."""
    return read_blocks([block for block in dicts_of(blocks) if text_of(block, "type") in _BLOCKS], names)


def _block(block: Json, names: Names) -> Iterator[Block]:
    read = _BLOCKS.get(text_of(block, "type"), _unknown_block)
    yield from read(block, names)


def _unknown_block(block: Json, names: Names, depth: int = 0) -> Iterator[Block]:
    """The content of a block of an unknown kind, from the fields that blocks usually have."""
    for name in ("title", "header", "label", "subtitle", "text", "body", "description", "caption", "hint"):
        block_text = block.get(name)
        yield from read_mrkdwn(block_text) if isinstance(block_text, str) else _said(block_text)
    for inner in dicts_of(block.get("elements")) + dicts_of(block.get("blocks")):
        if inner.get("type") in _BLOCKS:
            yield from _block(inner, names)
        elif depth < MAX_DEPTH:
            yield from _unknown_block(inner, names, depth + 1)


def _rich_text(block: Json, names: Names) -> Iterator[Block]:
    elements = dicts_of(block.get("elements"))
    at = 0
    while at < len(elements):
        kind, stop = text_of(elements[at], "type"), at + 1
        if kind == "rich_text_list":
            while stop < len(elements) and text_of(elements[stop], "type") == kind:
                stop += 1
            made: Blocks = tuple(_lists(elements[at:stop], names))
        else:
            made = tuple(_rich_element(elements[at], kind, names))
        yield from (Quote(made),) if elements[at].get("border") and kind != "rich_text_quote" else made
        at = stop


def _rich_element(element: Json, kind: str, names: Names) -> Iterator[Block]:
    runs = _runs(element, names)
    if kind == "rich_text_preformatted":
        yield CodeBlock(plain_of(runs).strip("\n"), text_of(element, "language"))
    elif kind == "rich_text_quote":
        yield Quote(tuple(paragraphs(runs)))
    else:
        yield from paragraphs(runs)


def _lists(elements: list[Json], names: Names) -> Iterator[Block]:
    entries = []
    for element in elements:
        number = _count(element.get("offset")) + 1 if element.get("style") == "ordered" else 0
        for position, item in enumerate(dicts_of(element.get("elements"))):
            runs = tuple(_runs(item, names))
            entries.append(ListLine(min(_count(element.get("indent")), MAX_DEPTH), number and number + position, runs))
    yield from lists_of(entries)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0


def _runs(element: Json, names: Names) -> list[Run]:
    return [run for each in dicts_of(element.get("elements")) for run in _inline(each, names)]


def _inline(element: Json, names: Names) -> Iterator[Run]:
    kind = text_of(element, "type")
    read = _INLINES.get(kind)
    style = element.get("style")
    block_text = style if isinstance(style, dict) else {}
    styles = frozenset(each for name, each in _STYLES.items() if block_text.get(name))
    for run in read(element, names) if read else _unknown(element):
        leaf = Code(plain_of([run])) if block_text.get("code") else run.leaf
        yield Run(leaf, styles, run.url)


def _unknown(element: Json) -> Iterator[Run]:
    """The text of an unknown element, from one of the usual fields."""
    for name in ("text", "label", "title", "name", "fallback", "url", "value"):
        if block_text := text_of(element, name):
            yield Run(Text(block_text))
            return


def _text(element: Json, names: Names) -> Iterator[Run]:
    yield from linked_runs(text_of(element, "text"))


def _link(element: Json, names: Names) -> Iterator[Run]:
    url, label = text_of(element, "url"), text_of(element, "text")
    if canonical(url):
        yield Run(Text(label or url), url=url)
    else:
        yield Run(Text(f"{label} ({url})" if label and url and label != url else label or url))


def _user(element: Json, names: Names) -> Iterator[Run]:
    yield Run(Mention(text_of(element, "user_id")))


def _group(element: Json, names: Names) -> Iterator[Run]:
    id = text_of(element, "usergroup_id")
    yield Run(Text(f"@{names.get(id, id)}"))


def _channel(element: Json, names: Names) -> Iterator[Run]:
    id = text_of(element, "channel_id")
    yield Run(Text(f"#{names.get(id, id)}"))


def _broadcast(element: Json, names: Names) -> Iterator[Run]:
    yield Run(Text(f"@{text_of(element, 'range')}"))


def _emoji(element: Json, names: Names) -> Iterator[Run]:
    name, tone = text_of(element, "name"), element.get("skin_tone")
    character = from_unicode(text_of(element, "unicode"))
    character = character or character_of(name, tone=str(tone) if isinstance(tone, int) else "")
    yield Run(Emoji(character, name.partition("::")[0]) if character else Text(f":{name}:"))


def _date(element: Json, names: Names) -> Iterator[Run]:
    """Its fallback, else the instant in UTC, since the reader's time zone is not known here."""
    block_text, at = text_of(element, "fallback"), element.get("timestamp")
    if not block_text and isinstance(at, int) and 0 <= at < 32_503_680_000:
        block_text = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield Run(Text(block_text))


def _color(element: Json, names: Names) -> Iterator[Run]:
    yield Run(Text(text_of(element, "value")))


_INLINES: dict[str, Callable[[Json, Names], Iterator[Run]]] = {
    "text": _text,
    "link": _link,
    "user": _user,
    "usergroup": _group,
    "channel": _channel,
    "broadcast": _broadcast,
    "emoji": _emoji,
    "date": _date,
    "color": _color,
}


def _said(text: Any) -> Blocks:
    """A text object: mrkdwn or plain text."""
    if not isinstance(text, dict):
        return ()
    block_text = text_of(text, "text")
    if text.get("type") == "mrkdwn":
        return read_mrkdwn(block_text)
    return tuple(paragraphs(list(typed_runs(block_text))))


def _section(block: Json, names: Names) -> Iterator[Block]:
    yield from _said(block.get("text"))
    for field in dicts_of(block.get("fields")):
        yield from _said(field)
    accessory = block.get("accessory")
    if isinstance(accessory, dict) and accessory.get("type") == "image":
        yield from _image(accessory, names)


def _header(block: Json, names: Names) -> Iterator[Block]:
    text = block.get("text")
    block_text = text_of(text, "text") if isinstance(text, dict) else ""
    yield Heading(3, inlines_of(typed_runs(block_text)))


def _context(block: Json, names: Names) -> Iterator[Block]:
    for element in dicts_of(block.get("elements")):
        yield from _said(element) if element.get("type") != "image" else _image(element, names)


def _image(block: Json, names: Names) -> Iterator[Block]:
    yield from _said(block.get("title"))
    yield from _said(block.get("description"))
    yield from paragraphs([Run(Text(text_of(block, "alt_text")))])


def _markdown(block: Json, names: Names) -> Iterator[Block]:
    yield from read_markdown(text_of(block, "text")).blocks


def _table(block: Json, names: Names) -> Iterator[Block]:
    rows = block.get("rows")
    made = tuple(tuple(_cell(cell, names) for cell in dicts_of(row)) for row in rows) if isinstance(rows, list) else ()
    if made:
        yield Table(made[0], made[1:])


def _cell(cell: Json, names: Names) -> Inlines:
    if text_of(cell, "type").startswith("raw_"):
        value = cell.get("value")
        text = text_of(cell, "text") or (str(value) if isinstance(value, int | float | str) else "")
        return inlines_of([Run(Text(text))])
    return inlines_of(run for element in dicts_of(cell.get("elements")) for run in _runs(element, names))


def _nothing(block: Json, names: Names) -> Iterator[Block]:
    """Buttons and dividers have no content."""
    yield from ()


_BLOCKS: dict[str, Callable[[Json, Names], Iterator[Block]]] = {
    "actions": _nothing,
    "context_actions": _nothing,
    "divider": _nothing,
    "rich_text": _rich_text,
    "section": _section,
    "header": _header,
    "context": _context,
    "image": _image,
    "video": _image,
    "markdown": _markdown,
    "table": _table,
}

"""The rich text of a message as a tree of blocks and inlines, the same for every channel, and its JSON form.

Readers parse a channel's format into a tree, writers write a tree in a channel's format.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Document,
    Emoji,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    Leaf,
    LineBreak,
    Link,
    List,
    Mention,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
    leaves,
    mapped,
)
from msp.richtext.normal import normalised
from msp.richtext.runs import Run, inlines_of, lines_of, runs_of, text_of

__all__ = [
    "Block",
    "Blocks",
    "Code",
    "CodeBlock",
    "Document",
    "Emoji",
    "Emphasis",
    "Heading",
    "Inline",
    "Inlines",
    "LineBreak",
    "Link",
    "List",
    "Mention",
    "Paragraph",
    "Quote",
    "Strikethrough",
    "Strong",
    "Table",
    "Text",
    "from_json",
    "is_empty",
    "mentions",
    "normalised",
    "to_json",
    "with_names",
    "without_mention",
]

Json = dict[str, Any]
_ADDRESSED = re.compile(r"\s*[,:]?[ \t]*")
_PUNCTUATION = tuple(",.:;!?")
_SPANS: dict[str, Callable[[Inlines], Inline]] = {
    "emphasis": Emphasis,
    "strong": Strong,
    "strikethrough": Strikethrough,
}


def is_empty(document: Document) -> bool:
    """Whether it has no visible content: only white space and no mentions."""
    return not any(_is_visible(leaf) for leaf in leaves(document.blocks))


def mentions(document: Document) -> tuple[str, ...]:
    """The ids of the people mentioned, in order, each once."""
    return tuple(dict.fromkeys(leaf.id for leaf in leaves(document.blocks) if isinstance(leaf, Mention)))


def with_names(document: Document, names: Mapping[str, str]) -> Document:
    """The document with the names of the mentioned people; people who are not in `names` stay unchanged."""

    def named(run: Run) -> Run:
        match run.leaf:
            case Mention(id) if id in names:
                return replace(run, leaf=Mention(id, names[id]))
        return run

    return Document(mapped(document.blocks, lambda inlines: inlines_of(map(named, runs_of(inlines)))))


def without_mention(document: Document, id: str) -> Document:
    """The document without the mentions of one person, and without the comma or colon after them."""
    if id not in mentions(document):
        return document
    return normalised(Document(mapped(document.blocks, lambda inlines: _without(inlines, id))))


def to_json(document: Document) -> Json:
    """The JSON form in which `message.content` stores a document."""
    return {"blocks": [_block_to(block) for block in document.blocks]}


def from_json(content: Json) -> Document:
    """The document of a JSON form made by `to_json`; raises ValueError for anything else."""
    try:
        return Document(tuple(_block_from(each) for each in content["blocks"]))
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("not rich text") from fault


def _is_visible(leaf: Leaf) -> bool:
    match leaf:
        case Text(text) | Code(text):
            return bool(text.strip())
        case Mention() | Emoji():
            return True
    return False


def _without(inlines: Inlines, id: str) -> Inlines:
    runs: list[Run] = []
    for number, line in enumerate(lines_of(runs_of(inlines))):
        if number:
            runs.append(Run(LineBreak()))
        runs += _line_without(line, id)
    return inlines_of(runs)


def _line_without(line: list[Run], id: str) -> list[Run]:
    kept: list[Run] = []
    is_open = False  # after a removed mention the gap is closed
    for run in line:
        if isinstance(run.leaf, Mention) and run.leaf.id == id:
            is_open = True
            continue
        if is_open and isinstance(run.leaf, Text):
            run = replace(run, leaf=Text(_closed(kept, run.leaf.text)))
        is_open = False
        kept.append(run)
    if is_open and kept:
        kept[-1] = _without_end(kept[-1])
    return kept


def _closed(before: list[Run], text: str) -> str:
    """The text after a removed mention: without comma at the start of a line, else with one space, not two."""
    if not "".join(text_of(run.leaf) for run in before).strip():
        found = _ADDRESSED.match(text)
        return text[found.end() :] if found else text
    if text[:1].isspace() or text[:1] in _PUNCTUATION:
        before[-1] = _without_end(before[-1])
    return text


def _without_end(run: Run) -> Run:
    return replace(run, leaf=Text(run.leaf.text.rstrip())) if isinstance(run.leaf, Text) else run


def _block_to(block: Block) -> Json:
    match block:
        case Paragraph(children):
            return {"type": "paragraph", "children": _inlines_to(children)}
        case Heading(level, children):
            return {"type": "heading", "level": level, "children": _inlines_to(children)}
        case CodeBlock(text, language):
            return {"type": "code_block", "text": text, "language": language}
        case List(items, ordered, start):
            written = [[_block_to(each) for each in item] for item in items]
            return {"type": "list", "ordered": ordered, "start": start, "items": written}
        case Quote(blocks):
            return {"type": "quote", "blocks": [_block_to(each) for each in blocks]}
        case Table(header, rows):
            cells = [[_inlines_to(cell) for cell in row] for row in (header, *rows)]
            return {"type": "table", "header": cells[0], "rows": cells[1:]}
    raise TypeError(block)


def _inlines_to(inlines: Inlines) -> list[Json]:
    return [_inline_to(each) for each in inlines]


def _inline_to(inline: Inline) -> Json:
    match inline:
        case Text(text):
            return {"type": "text", "text": text}
        case Code(text):
            return {"type": "code", "text": text}
        case Link(url, children):
            return {"type": "link", "url": url, "children": _inlines_to(children)}
        case Mention(id, name):
            return {"type": "mention", "id": id, "name": name}
        case Emoji(character, name):
            return {"type": "emoji", "character": character, "name": name}
        case Emphasis(children) | Strong(children) | Strikethrough(children):
            return {"type": type(inline).__name__.lower(), "children": _inlines_to(children)}
        case _:
            return {"type": "line_break"}


def _block_from(kept: Json) -> Block:
    match kept["type"]:
        case "paragraph":
            return Paragraph(_inlines_from(kept["children"]))
        case "heading":
            return Heading(kept["level"], _inlines_from(kept["children"]))
        case "code_block":
            return CodeBlock(kept["text"], kept["language"])
        case "list":
            items = tuple(tuple(_block_from(each) for each in item) for item in kept["items"])
            return List(items, kept["ordered"], kept["start"])
        case "quote":
            return Quote(tuple(_block_from(each) for each in kept["blocks"]))
        case "table":
            rows = tuple(tuple(_inlines_from(cell) for cell in row) for row in (kept["header"], *kept["rows"]))
            return Table(rows[0], rows[1:])
    raise ValueError(kept["type"])


def _inlines_from(kept: list[Json]) -> Inlines:
    return tuple(_inline_from(each) for each in kept)


def _inline_from(kept: Json) -> Inline:
    match kept["type"]:
        case "text":
            return Text(kept["text"])
        case "code":
            return Code(kept["text"])
        case "link":
            return Link(kept["url"], _inlines_from(kept["children"]))
        case "mention":
            return Mention(kept["id"], kept["name"])
        case "emoji":
            return Emoji(kept["character"], kept["name"])
        case "line_break":
            return LineBreak()
        case name if name in _SPANS:
            return _SPANS[name](_inlines_from(kept["children"]))
    raise ValueError(kept["type"])

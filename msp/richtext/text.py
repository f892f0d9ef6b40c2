"""Plain text: readers and writers for text without markup, in a chat, a mail's text part or a notification."""

import re

from msp.richtext.links import find_links, is_label
from msp.richtext.nodes import (
    Block,
    Blocks,
    CodeBlock,
    Document,
    Heading,
    Inline,
    Inlines,
    Link,
    List,
    Paragraph,
    Quote,
    Table,
    Text,
)
from msp.richtext.runs import Run, clean, inlines_of, plain_of, runs_of

_BLANK_LINE = re.compile(r"(?<=[^\n])\n\n")


def read_text(text: str) -> Document:
    """Read text exactly as typed, with lines and indentation; addresses become links, nothing else is markup."""
    text = clean(text)
    content = text.rstrip("\n")
    if not content:
        return Document((Paragraph(inlines_of([Run(Text(text))])),) if text else ())
    paragraphs = _BLANK_LINE.split(content)
    paragraphs[-1] += text[len(content) :]
    return Document(tuple(Paragraph(linked(each)) for each in paragraphs))


def linked(text: str) -> Inlines:
    """A text as inlines: its lines, and its addresses as links."""
    return inlines_of(linked_runs(text))


def linked_runs(text: str) -> list[Run]:
    """A text as runs: its lines, and its addresses as links."""
    runs, end = [], 0
    for start, stop, url in find_links(text):
        runs += [Run(Text(text[end:start])), Run(Text(text[start:stop]), url=url)]
        end = stop
    return [*runs, Run(Text(text[end:]))]


def write_text(document: Document) -> str:
    """The document as plain text; text read by `read_text` is written back unchanged."""
    return _blocks(document.blocks)


def line_of(inlines: Inlines) -> str:
    """Inlines as plain text: a link's address follows its label if they differ."""
    return "".join(_inline(each) for each in inlines)


def columns_of(table: Table) -> str:
    """A table as text in columns, for channels that have no tables."""
    rows = [[line_of(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _blocks(blocks: Blocks) -> str:
    parts: list[str] = []
    for number, block in enumerate(blocks):
        if number:
            is_near = isinstance(block, List) and isinstance(blocks[number - 1], Paragraph | Heading)
            parts.append("\n" if is_near else "\n\n")
        parts.append(_block(block))
    return "".join(parts)


def _block(block: Block) -> str:
    match block:
        case Paragraph(children) | Heading(_, children):
            return line_of(children)
        case CodeBlock(text):
            return text
        case Quote(blocks):
            return "\n".join(f"> {line}".rstrip() for line in _blocks(blocks).split("\n"))
        case List(items, ordered, start):
            marks = [f"{start + number}. " if ordered else "• " for number in range(len(items))]
            return "\n".join(_item(item, mark) for item, mark in zip(items, marks, strict=True))
        case Table(header, rows):
            lines = (" | ".join(line_of(cell) for cell in row).rstrip() for row in (header, *rows) if any(row))
            return "\n".join(lines)
    raise TypeError(block)


def _item(item: Blocks, mark: str) -> str:
    lines = _blocks(item).split("\n")
    return "\n".join([mark + lines[0], *(" " * len(mark) + line if line else "" for line in lines[1:])])


def _inline(inline: Inline) -> str:
    if isinstance(inline, Link):
        label = plain_of(runs_of([inline]))
        return label if is_label(label, inline.url) else f"{label} ({inline.url})"
    runs = runs_of([inline])
    if any(run.url for run in runs):
        return line_of(inline.children)  # type: ignore[union-attr]  # a leaf leads nowhere
    return plain_of(runs)

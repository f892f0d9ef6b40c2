"""The normal form of a document: readers return it, and writing and reading a document keeps it."""

import re
from dataclasses import replace

from msp.richtext.nodes import (
    Block,
    Blocks,
    CodeBlock,
    Document,
    Heading,
    Inlines,
    LineBreak,
    List,
    Paragraph,
    Quote,
    Table,
    Text,
)
from msp.richtext.runs import clean, inlines_of, normal_runs, runs_of

MAX_DEPTH = 8  # nesting of quotes and lists
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,40}")


def normalised(document: Document) -> Document:
    """The document without empty nodes, with inlines in normal form, and nested at most MAX_DEPTH deep."""
    return Document(normal_blocks(document.blocks))


def normal_blocks(blocks: Blocks, depth: int = 0) -> Blocks:
    """The normal form of blocks that are nested in `depth` quotes and lists."""
    made = (_normal(block, depth) for block in blocks)
    return tuple(block for blocks in made for block in blocks)


def language_of(word: str) -> str:
    """The language of a code block, or an empty string if the word cannot be one."""
    return word if _LANGUAGE.fullmatch(word) else ""


def one_line(inlines: Inlines) -> Inlines:
    """The inlines in one line without leading and trailing white space."""
    runs = normal_runs(runs_of(inlines))
    runs = normal_runs(replace(run, leaf=Text(" ")) if isinstance(run.leaf, LineBreak) else run for run in runs)
    if runs and isinstance(runs[0].leaf, Text):
        runs[0] = replace(runs[0], leaf=Text(runs[0].leaf.text.lstrip()))
    if runs and isinstance(runs[-1].leaf, Text):
        runs[-1] = replace(runs[-1], leaf=Text(runs[-1].leaf.text.rstrip()))
    return inlines_of(runs)


def _normal(block: Block, depth: int) -> Blocks:
    match block:
        case Paragraph(children):
            inlines = inlines_of(runs_of(children))
            return (Paragraph(inlines),) if inlines else ()
        case Heading(level, children):
            inlines = one_line(children)
            return (Heading(min(max(level, 1), 6), inlines),) if inlines else ()
        case CodeBlock(text, language):
            return (CodeBlock(clean(text), language_of(language)),) if text else ()
        case Table():
            return _table(block)
        case Quote(blocks):
            inner = normal_blocks(blocks, depth + 1)
            return inner if depth >= MAX_DEPTH or not inner else (Quote(inner),)
        case List():
            return _list(block, depth)
    raise TypeError(block)


def _list(block: List, depth: int) -> Blocks:
    items = tuple(item for item in (normal_blocks(item, depth + 1) for item in block.items) if item)
    if depth >= MAX_DEPTH or not items:
        return tuple(each for item in items for each in item)
    start = min(max(block.start, 0), 999_999_999) if block.ordered else 1
    return (List(items, block.ordered, start),)


def _table(table: Table) -> Blocks:
    width = max((len(row) for row in (table.header, *table.rows)), default=0)
    rows = [tuple(one_line(cell) for cell in (*row, *[()] * (width - len(row)))) for row in (table.header, *table.rows)]
    return (Table(rows[0], tuple(rows[1:])),) if any(cell for row in rows for cell in row) else ()

"""Splits long documents for channels with a limited message size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
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
from msp.richtext.normal import normalised
from msp.richtext.runs import Run, inlines_of, lines_of, runs_of

Measure = Callable[[Document], int]
Fits = Callable[[Blocks], bool]


def split(document: Document, limit: int, measure: Measure) -> list[Document]:
    """Split into parts that each measure at most `limit`: between blocks, else lines, else words, else anywhere.

    `measure` returns the size of a document as its channel writes it. Only white space at a cut is dropped; code,
    lists, quotes and tables that are cut continue as the same kind of block. A single character that exceeds `limit` is
    a part of its own.
    """

    def fits(blocks: Blocks) -> bool:
        return measure(Document(blocks)) <= limit

    parts, rest = [], normalised(document).blocks
    while rest:
        part, rest = _cut(rest, fits)
        parts.append(Document(part))
    return parts or [document]


def beginning(document: Document, limit: int, measure: Measure) -> Document | None:
    """The longest beginning of a document that measures at most `limit`; None if the whole document fits."""

    def fits(blocks: Blocks) -> bool:
        return measure(Document(blocks)) <= limit

    blocks = normalised(document).blocks
    if not blocks or fits(blocks):
        return None
    return Document(_cut(blocks, fits)[0])


def _cut(blocks: Blocks, fits: Fits) -> tuple[Blocks, Blocks]:
    """The blocks that fit, and the rest; if the first block does not fit, as much of it as does."""
    count = _most(len(blocks), lambda count: fits(blocks[:count]))
    if count:
        return blocks[:count], blocks[count:]
    head, tail = _cut_block(blocks[0], lambda block: fits((block,)))
    return (head,), (*tail, *blocks[1:])


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `count` that fits, 0 if not even 1 does; tries small numbers first."""
    low, step = 0, 1
    while low + step <= count and fits(low + step):
        low, step = low + step, step * 2
    while step > 1:
        step //= 2
        if low + step <= count and fits(low + step):
            low += step
    return low


def _cut_block(block: Block, fits: Callable[[Block], bool]) -> tuple[Block, Blocks]:
    match block:
        case Paragraph(children) | Heading(_, children):
            head, tail = _cut_inlines(children, lambda inlines: fits(replace(block, children=inlines)))
            return replace(block, children=head), (Paragraph(tail),) if tail else ()
        case CodeBlock(text):
            head_text, tail_text = _cut_code(text, lambda part: fits(replace(block, text=part)))
            return replace(block, text=head_text), (replace(block, text=tail_text),) if tail_text else ()
        case Quote(blocks):
            inner, rest = _cut(blocks, lambda part: fits(Quote(part)))
            return Quote(inner), (Quote(rest),) if rest else ()
        case List():
            return _cut_list(block, fits)
        case Table():
            return _cut_table(block, fits)
    raise TypeError(block)


def _cut_list(block: List, fits: Callable[[Block], bool]) -> tuple[Block, Blocks]:
    """Cut between items; numbering continues, and the rest of an item that does not fit becomes another item."""
    items = block.items
    count = _most(len(items) - 1, lambda count: fits(replace(block, items=items[:count])))
    if count:
        start = block.start + count if block.ordered else 1
        return replace(block, items=items[:count]), (replace(block, items=items[count:], start=start),)
    inner, rest = _cut(items[0], lambda part: fits(replace(block, items=(part,))))
    tail = (rest, *items[1:]) if rest else items[1:]
    start = block.start + (0 if rest or not block.ordered else 1)
    return replace(block, items=(inner,)), (replace(block, items=tail, start=start),) if tail else ()


def _cut_table(block: Table, fits: Callable[[Block], bool]) -> tuple[Block, Blocks]:
    """Cut between rows and repeat the header; if one row is too long, its cells become lines."""
    count = _most(len(block.rows) - 1, lambda count: fits(replace(block, rows=block.rows[:count])))
    if count:
        return replace(block, rows=block.rows[:count]), (replace(block, rows=block.rows[count:]),)
    cells = [cell for row in (block.header, *block.rows[:1]) for cell in row if cell]
    first, *others = (Paragraph(cell) for cell in cells)
    rest = (Table(block.header, block.rows[1:]),) if len(block.rows) > 1 else ()
    head, tail = (first, ()) if fits(first) else _cut_block(first, fits)
    return head, (*tail, *others, *rest)


def _cut_inlines(inlines: Inlines, fits: Callable[[Inlines], bool]) -> tuple[Inlines, Inlines]:
    runs = runs_of(inlines)
    for units in (_lines, _words, _characters):
        pieces = list(units(runs))
        count = _most(len(pieces) - 1, lambda count, pieces=pieces: fits(_trimmed(pieces[:count])))  # type: ignore[misc]
        if count:
            break
    count = count or 1
    return _trimmed(pieces[:count]), _trimmed(pieces[count:])


def _trimmed(pieces: Sequence[list[Run]]) -> Inlines:
    """The pieces without line breaks at the ends, and without white space at the end of the last one."""
    runs = [run for piece in pieces for run in piece]
    while runs and isinstance(runs[0].leaf, LineBreak):
        del runs[0]
    while runs and isinstance(runs[-1].leaf, LineBreak):
        del runs[-1]
    if runs and isinstance(runs[-1].leaf, Text):
        runs[-1] = replace(runs[-1], leaf=Text(runs[-1].leaf.text.rstrip()))
    return inlines_of(runs)


def _lines(runs: list[Run]) -> Iterator[list[Run]]:
    for number, line in enumerate(lines_of(runs)):
        yield [Run(LineBreak()), *line] if number else line


def _words(runs: list[Run]) -> Iterator[list[Run]]:
    for run in runs:
        if isinstance(run.leaf, Text | Code):
            yield from ([replace(run, leaf=type(run.leaf)(word))] for word in _parted(run.leaf.text))
        else:
            yield [run]


def _parted(text: str) -> Iterator[str]:
    """The words of a text, each with the space after it."""
    start = 0
    while start < len(text):
        end = text.find(" ", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _characters(runs: list[Run]) -> Iterator[list[Run]]:
    for run in runs:
        if isinstance(run.leaf, Text | Code):
            yield from ([replace(run, leaf=type(run.leaf)(each))] for each in run.leaf.text)
        else:
            yield [run]


def _cut_code(text: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    lines = text.split("\n")
    count = _most(len(lines) - 1, lambda count: fits("\n".join(lines[:count])))
    if count:
        return "\n".join(lines[:count]), "\n".join(lines[count:])
    count = max(1, _most(len(text) - 1, lambda count: fits(text[:count])))
    return text[:count], text[count:]

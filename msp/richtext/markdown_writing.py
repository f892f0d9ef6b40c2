"""Writes a document as Markdown.

A line is written plainly and read back, then with more escapes, and last without its styles, until it is read as the
intended runs. Block markup is escaped at the start of a line, the only place where it counts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from msp.richtext.links import find_links, is_label
from msp.richtext.markdown_blocks import FENCE, HEADING, ITEM, ONLY_MARKS, QUOTE, is_delimiter_row
from msp.richtext.markdown_inlines import REFERENCE, can_close, can_open, reference_to
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
    Link,
    List,
    Mention,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)
from msp.richtext.normal import normalised
from msp.richtext.runs import NO_STYLES, Run, inlines_of, lines_of, normal_runs, plain_of, runs_of, text_of

ReadLine = Callable[[str], list[Run]]
Escape = Callable[[str], str]
_SPECIAL = re.compile(r"[`*_~\[\]&@|]|:(?=//)|(?<=mailto):|(?<=www)\.", re.IGNORECASE)
_SUSPICIOUS = re.compile(r"[`*_~\[&@]|://|mailto:|www\.", re.IGNORECASE)
_RUN = re.compile(r"\*+|_+|~+")
_MARKED = re.compile(r"( {0,3})([0-9]*)(.*)", re.DOTALL)
_TICKS = re.compile("`+")
_BALANCED = re.compile(r"(?:[^()]|\([^()]*\))*")


def written(document: Document, read_line: ReadLine) -> str:
    """The document as Markdown; `read_line` reads a line back."""
    return "\n".join(_blocks(normalised(document).blocks, read_line))


# ------------------------------------------------------------------------ blocks


def _blocks(blocks: Blocks, read: ReadLine, *, in_item: bool = False) -> list[str]:
    lines: list[str] = []
    before: Block | None = None
    mark = ""
    for block in blocks:
        is_stripped = isinstance(before, List) or (in_item and before is None)
        mark = "*" if isinstance(before, List) and mark == "-" else "-"
        made = (
            _paragraph(block.children, read, is_stripped) if isinstance(block, Paragraph) else _block(block, read, mark)
        )
        if made:
            lines += ["", *made] if lines and not _follows_directly(before, block) else made
            before = block
    return lines


def _follows_directly(before: Block | None, block: Block) -> bool:
    """Whether a list can follow a paragraph without a blank line: a numbered list only if it starts at 1."""
    return isinstance(before, Paragraph) and isinstance(block, List) and (not block.ordered or block.start == 1)


def _block(block: Block, read: ReadLine, mark: str) -> list[str]:
    match block:
        case Heading(level, children):
            return [f"{'#' * level} {_line(runs_of(children), read)}"]
        case CodeBlock(text, language):
            fence = "`" * max(3, _most_ticks(text) + 1)
            return [fence + language, *text.split("\n"), fence]
        case Quote(blocks):
            return [f"> {line}" if line else ">" for line in _blocks(blocks, read)]
        case List(items, ordered, start):
            marks = [f"{start + number}." if ordered else mark for number in range(len(items))]
            return [line for item, each in zip(items, marks, strict=True) for line in _item(item, each, read)]
        case Table(header, rows):
            return [_row(header, read), "|" + " --- |" * len(header), *(_row(row, read) for row in rows)]
    raise TypeError(block)


def _item(item: Blocks, mark: str, read: ReadLine) -> list[str]:
    lines = _blocks(item, read, in_item=True)
    if not lines:
        return []
    first, *others = lines
    indentation = " " * (len(mark) + 1)
    return [f"{mark} {first}", *(indentation + line if line else "" for line in others)]


def _row(cells: tuple[Inlines, ...], read: ReadLine) -> str:
    return "| " + " | ".join(_line(_without_bars(runs_of(cell)), read, in_table=True) for cell in cells) + " |"


def _without_bars(runs: list[Run]) -> list[Run]:
    """Code with a bar becomes text in a table, since a bar in code cannot be escaped there."""
    return [replace(run, leaf=Text(text_of(run.leaf))) if "|" in text_of(run.leaf) else run for run in runs]


def _paragraph(children: Inlines, read: ReadLine, is_stripped: bool) -> list[str]:
    """The lines of a paragraph; blank lines split it, and are dropped at its edges."""
    made: list[str] = []
    for runs in lines_of(runs_of(children)):
        line = _line(runs, read)
        if is_stripped and not made:
            line = line.lstrip(" \t")
            line = reference_to(line[0]) + line[1:] if ONLY_MARKS.fullmatch(line) else line
        if line.strip(" \t"):
            made.append(_guarded(line, is_below=bool(made and made[-1])))
        elif made and made[-1]:
            made.append("")
    return made[:-1] if made and not made[-1] else made


def _guarded(line: str, *, is_below: bool) -> str:
    """The line with block markup escaped; `is_below`: it could be the delimiter row below a table's header."""
    indentation, number, rest = _MARKED.fullmatch(line).groups()  # type: ignore[union-attr]  # it matches everything
    if rest[:1] in ("\t", " ") and not number:
        return line
    begins = number + rest
    if HEADING.match(begins) or QUOTE.match(begins) or ITEM.match(begins) or FENCE.fullmatch(begins):
        return indentation + number + reference_to(rest[0]) + rest[1:]
    if is_below and is_delimiter_row(begins):
        return indentation + begins.replace("-", reference_to("-"), 1)
    return line


# ------------------------------------------------------------------------- lines


def _line(runs: list[Run], read: ReadLine, *, in_table: bool = False) -> str:
    wanted = normal_runs(replace(run, leaf=_typed(run.leaf)) for run in runs)
    raw = plain_of(wanted)
    is_plain = all(isinstance(run.leaf, Text) and not run.styles and not run.url for run in wanted)
    if is_plain and not _SUSPICIOUS.search(raw) and not (in_table and "|" in raw):
        return raw
    plain = [replace(run, styles=NO_STYLES, leaf=Text(text_of(run.leaf))) for run in wanted]
    always = "|" if in_table else ""
    line = ""
    for meant, escape, is_bare in _ways(wanted, plain, always):
        line = _inlines(inlines_of(meant), escape, is_bare, always)
        if read(line) == normal_runs(meant):
            break
    return line


def _ways(wanted: list[Run], plain: list[Run], always: str) -> Iterator[tuple[list[Run], Escape, bool]]:
    """Ways to write a line, from the plainest to the safest."""

    def as_is(text: str) -> str:
        return "".join(reference_to(each) if each in always else each for each in text)

    def needed(text: str) -> str:
        return _escaped(text, _needed(text) | {at for at, each in enumerate(text) if each in always})

    def all_of(text: str) -> str:
        return _escaped(text, {found.start() for found in _SPECIAL.finditer(text)})

    yield wanted, as_is, True
    yield wanted, needed, True
    yield wanted, needed, False
    yield wanted, all_of, False
    yield plain, all_of, False


def _needed(text: str) -> set[int]:
    """The positions where a text alone would be read as markup."""
    found = {each.start() for each in _TICKS.finditer(text)} | {each.start() for each in REFERENCE.finditer(text)}
    for run in _RUN.finditer(text):
        if can_open(text, *run.span()) or can_close(text, *run.span()):
            found |= set(range(*run.span()))
    if "](" in text:
        found |= {at for at, each in enumerate(text) if each == "["}
    for link in find_links(text):
        mark = re.search("[:@.]", text[link.start : link.end])
        found |= {link.start + mark.start()} if mark else set()
    return found


def _escaped(text: str, positions: set[int]) -> str:
    return "".join(reference_to(each) if at in positions else each for at, each in enumerate(text))


def _inlines(inlines: Inlines, escape: Escape, is_bare: bool, always: str) -> str:
    return "".join(_inline(each, escape, is_bare, always) for each in inlines)


def _inline(inline: Inline, escape: Escape, is_bare: bool, always: str) -> str:
    match inline:
        case Text(text):
            return escape(text)
        case Code(text):
            return _code(text)
        case Strong(children):
            return f"**{_inlines(children, escape, is_bare, always)}**"
        case Emphasis(children):
            return f"_{_inlines(children, escape, is_bare, always)}_"
        case Strikethrough(children):
            return f"~~{_inlines(children, escape, is_bare, always)}~~"
        case Link(url, children):
            label = children[0].text if len(children) == 1 and isinstance(children[0], Text) else ""
            if is_bare and is_label(label, url) and not set(label) & set(always):
                return label
            return f"[{_inlines(children, lambda text: _label(escape(text)), is_bare, always)}]({_target(url, always)})"
        case _:
            return escape(text_of(_typed(inline)) if isinstance(inline, Emoji | Mention) else " ")


def _label(text: str) -> str:
    return text.replace("[", reference_to("[")).replace("]", reference_to("]"))


def _target(url: str, always: str) -> str:
    escaped = always if _BALANCED.fullmatch(url) else always + "()"
    references = {found.start() for found in REFERENCE.finditer(url)}
    return _escaped(url, references | {at for at, each in enumerate(url) if each in escaped})


def _code(text: str) -> str:
    ticks = "`" * (_most_ticks(text) + 1)
    is_padded = text[:1] == "`" or text[-1:] == "`" or (text[:1] == text[-1:] == " " and text.strip(" "))
    return f"{ticks} {text} {ticks}" if is_padded else f"{ticks}{text}{ticks}"


def _most_ticks(text: str) -> int:
    return max((len(run[0]) for run in _TICKS.finditer(text)), default=0)


def _typed(leaf: Leaf) -> Leaf:
    """Mentions and emoji as plain characters, which a technician can type."""
    return Text(text_of(leaf)) if isinstance(leaf, Emoji | Mention) else leaf

"""Rich text as Teams' Markdown. Source: learn.microsoft.com, "Format your bot messages"."""

import re

from msp.richtext import Document
from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Inlines,
    List,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
)
from msp.richtext.runs import Run, lines_of, runs_of, text_of

_MARKDOWN = re.compile(r"([\\`*_\[\]#<>~|])")
_LINE_MARK = re.compile(r"^(\s*)([-+]|\d{1,9}[.)])(?=\s)")
_MARKS = {Strong: "**", Emphasis: "_", Strikethrough: "~~"}


def write_teams(document: Document) -> str:
    """The document as Teams' Markdown: what people typed is shown as typed, and addresses stay whole."""
    return "\n\n".join(filter(None, map(_block, document.blocks)))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _inlines(children)
        case Heading(_, children):
            return _inlines((Strong(children),))
        case CodeBlock(text, language):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            return f"{fence}{language}\n{text}\n{fence}"
        case Quote(inner):
            return "\n".join(f"> {line}".rstrip() for line in _blocks(inner).split("\n"))
        case List(items, ordered, start):
            marks = [f"{start + number}. " if ordered else "- " for number in range(len(items))]
            return "\n".join(_item(item, mark) for item, mark in zip(items, marks, strict=True))
        case Table(header, rows):
            return "\n\n".join(" \\| ".join(map(_inlines, row)).rstrip() for row in (header, *rows) if any(row))
    raise TypeError(block)


def _blocks(blocks: Blocks) -> str:
    return "\n\n".join(filter(None, map(_block, blocks)))


def _item(item: Blocks, mark: str) -> str:
    first, *more = _blocks(item).split("\n")
    return "\n".join([mark + first, *(" " * len(mark) + line if line else "" for line in more)])


def _inlines(inlines: Inlines) -> str:
    """A single line break is none in Markdown: lines are paragraphs."""
    return "\n\n".join(_line(line) for line in lines_of(runs_of(inlines)))


def _line(line: list[Run]) -> str:
    written = "".join(map(_run, line))
    indent = len(written) - len(written.lstrip(" "))
    written = "\u00a0" * indent + written[indent:]  # Markdown drops spaces at the start of a line
    return _LINE_MARK.sub(lambda mark: f"{mark[1]}{mark[2][:-1]}\\{mark[2][-1]}", written)


def _run(run: Run) -> str:
    made = _code(run.leaf.text) if isinstance(run.leaf, Code) else escape(text_of(run.leaf))
    if run.url:
        target = run.url.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
        made = f"[{made}]({target})"
    for style in (each for each in _MARKS if each in run.styles):
        made = f"{_MARKS[style]}{made}{_MARKS[style]}"
    return made


def _code(text: str) -> str:
    mark = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{mark}{space}{text}{space}{mark}"


def escape(text: str) -> str:
    """Text of people, so that Teams takes none of it for Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)

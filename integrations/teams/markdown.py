"""Writes rich text as Teams' Markdown. Sources: learn.microsoft.com, "Format your bot messages"; CommonMark 0.31, GFM.

Typed text is escaped wherever CommonMark, GFM or markdown-it-attrs (in Microsoft's Web Chat) would read it as markup,
and spaces that HTML would drop become non-breaking spaces. At the start of a line these are `&nbsp;`, since markdown-it
trims the character itself.
"""

import re
from dataclasses import replace
from functools import cache

from markdown_it import MarkdownIt

from msp.richtext import Document
from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    Link,
    List,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)
from msp.richtext.runs import NO_STYLES, Run, Style, inlines_of, lines_of, plain_of, runs_of, text_of

_MARKDOWN = re.compile(r"([\\`*_\[\]#<>~|{}])")
_REFERENCE = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_LINE_MARK = re.compile(r"^(?:([-+])(?=\s|$)|(-)(?=-)|(\d{1,9})([.)])(?=\s|$))")
_LEADING = re.compile(r"^[ \t\xa0]+")
_SPACES = re.compile(r"[ \t]*\t[ \t]*| {2,}")
_IN_TARGET = {character: f"%{ord(character):02X}" for character in "()<>\\`"}
_TAB = 4  # spaces
_MARKS: dict[Style, str] = {Strong: "**", Emphasis: "_", Strikethrough: "~~"}


def write_teams(document: Document) -> str:
    """The document as Teams' Markdown: typed text is shown as typed, and addresses stay intact."""
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
            return "\n\n".join(" \\| ".join(map(_inlines, row)).strip() for row in (header, *rows) if any(row))
    raise TypeError(block)


def _blocks(blocks: Blocks) -> str:
    return "\n\n".join(filter(None, map(_block, blocks)))


def _item(item: Blocks, mark: str) -> str:
    first, *more = _blocks(item).split("\n")
    return "\n".join([mark + first, *(" " * len(mark) + line if line else "" for line in more)])


def _inlines(inlines: Inlines) -> str:
    """Each line as a paragraph, since a single line break is ignored in Markdown."""
    return "\n\n".join(filter(None, map(_line, lines_of(runs_of(inlines)))))


def _line(line: list[Run]) -> str:
    written = _styled(line)
    leading = _LEADING.match(written)
    if leading:
        return "&nbsp;" * len(leading[0].replace("\t", " " * _TAB)) + written[leading.end() :]
    return _LINE_MARK.sub(_escaped_mark, written)


def _styled(line: list[Run]) -> str:
    """The runs as Markdown; without styles if Markdown would show their delimiters, as within a word."""
    written = _written(inlines_of(line))
    if not any(run.styles for run in line) or _letters(_shown(written)) == _letters(plain_of(line)):
        return written
    return _written(inlines_of(replace(run, styles=NO_STYLES) for run in line))


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("strikethrough")


def _shown(written: str) -> str:
    """The text that a CommonMark reader shows for a line."""
    [line] = _reader().parseInline(written)
    return "".join(token.content for token in line.children or ())


def _letters(text: str) -> str:
    return "".join(text.split())


def _written(inlines: Inlines) -> str:
    parts = [_inline(inline) for inline in inlines]
    for at, following in enumerate(inlines[1:]):
        if isinstance(following, Link) and parts[at].endswith("!"):  # followed by the link it would be an image
            parts[at] = f"{parts[at][:-1]}\\!"
    return "".join(parts)


def _inline(inline: Inline) -> str:
    match inline:
        case Code(text):
            return _code(text)
        case Link(url, children):
            target = "".join(_IN_TARGET.get(character, character) for character in url)
            return f"[{_written(children)}]({_REFERENCE.sub('&amp;', target)})"
        case Strong(children) | Emphasis(children) | Strikethrough(children):
            mark = _MARKS[type(inline)]
            return f"{mark}{_written(children)}{mark}"
        case _:
            return _spaced(escape(text_of(inline)))


def _escaped_mark(mark: "re.Match[str]") -> str:
    """Escape the start of a line that would begin a list or a rule."""
    return f"{mark[3]}\\{mark[4]}" if mark[3] else f"\\{mark[0]}"


def _spaced(text: str) -> str:
    """Adjacent spaces as non-breaking spaces, except the last; leading spaces are handled by the line."""
    leading = _LEADING.match(text)
    start = leading.end() if leading else 0
    return text[:start] + _SPACES.sub(lambda found: _wide(found[0]), text[start:])


def _wide(spaces: str) -> str:
    return "\xa0" * (len(spaces.replace("\t", " " * _TAB)) - 1) + " "


def _code(text: str) -> str:
    mark = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in text or (text[:1] == text[-1:] == " " and text.strip()) else ""
    return f"{mark}{space}{text}{space}{mark}"


def escape(text: str) -> str:
    """Escape text of people within a line, so that Teams reads no Markdown in it."""
    return _MARKDOWN.sub(r"\\\1", _REFERENCE.sub("&amp;", text))


def escape_line(text: str) -> str:
    """As `escape`, for text that is the only text on its line."""
    return _line([Run(Text(text))])

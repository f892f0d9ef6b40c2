"""The reader and writer of Markdown, as technicians type it in the console and programs post it to the API.

It is lenient: anything that is not clearly markup is text. The rules are in `markdown_blocks` and `markdown_inlines`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from msp.richtext.markdown_blocks import add_block_rules
from msp.richtext.markdown_inlines import BACKSLASH, add_inline_rules, env_of
from msp.richtext.markdown_writing import written
from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Heading,
    Inlines,
    LineBreak,
    List,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)
from msp.richtext.normal import normalised
from msp.richtext.runs import Run, Style, inlines_of, normal_runs

_SPECIAL = re.compile(r"[`*_~\[&@]|://|www\.", re.IGNORECASE)
_STYLES: dict[str, Style] = {"strong": Strong, "em": Emphasis, "s": Strikethrough}


def read_markdown(text: str) -> Document:
    """Read typed Markdown; every character that is not markup is kept."""
    source = text.replace(BACKSLASH, "\ufffd").replace("\\", BACKSLASH)
    tokens = _parser().parse(source, {})
    return normalised(Document(_blocks(iter(tokens), until="")))


def write_markdown(document: Document) -> str:
    """Write Markdown that `read_markdown` reads as the same document; mentions and emoji become text.

    Text that would be read as markup is escaped by numeric character references; a style is dropped if Markdown cannot
    express it, as within a word.
    """
    return written(document, read_line)


def read_line(line: str) -> list[Run]:
    """The runs of one line, in normal form."""
    if not _SPECIAL.search(line):
        return [Run(Text(line))] if line else []
    source = line.replace("\\", BACKSLASH)
    tokens: list[Token] = []
    md = _parser()
    md.inline.parse(source, md, env_of(line), tokens)
    return normal_runs(_runs(tokens))


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("zero", {"maxNesting": 100})
    add_block_rules(md)
    add_inline_rules(md)
    md.core.ruler.enableOnly(["normalize", "block"])
    return md


def _blocks(tokens: Iterator[Token], *, until: str) -> Blocks:
    """The blocks up to the token that closes the enclosing block."""
    made: list[Block] = []
    for token in tokens:
        if token.type == until:
            break
        match token.type:
            case "paragraph":
                inlines = inlines_of(_lines(token.content))
                made.append(Paragraph(_unindented(inlines) if made and isinstance(made[-1], List) else inlines))
            case "heading":
                made.append(Heading(token.meta["level"], inlines_of(_lines(token.content))))
            case "fence":
                made.append(CodeBlock(_typed(token.content), _typed(token.info)))
            case "table":
                rows = tuple(tuple(inlines_of(_lines(cell)) for cell in row) for row in token.meta["rows"])
                made.append(Table(rows[0], rows[1:]))
            case "blockquote_open":
                made.append(Quote(_blocks(tokens, until="blockquote_close")))
            case "bullet_list_open":
                made.append(List(tuple(_items(tokens, until="bullet_list_close"))))
            case "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                made.append(List(tuple(_items(tokens, until="ordered_list_close")), ordered=True, start=start))
    return tuple(made)


def _items(tokens: Iterator[Token], *, until: str) -> Iterator[Blocks]:
    for token in tokens:
        if token.type == until:
            return
        first, *others = _blocks(tokens, until="list_item_close") or (Paragraph(()),)
        yield (Paragraph(_unindented(first.children)) if isinstance(first, Paragraph) else first, *others)


def _unindented(inlines: Inlines) -> Inlines:
    """Inlines without leading spaces: those between an item's mark and its text, or before what follows a list."""
    match inlines:
        case (Text(text), *others):
            return (Text(text.lstrip(" \t")), *others)
    return inlines


def _lines(content: str) -> list[Run]:
    runs: list[Run] = []
    for number, line in enumerate(_typed(content).split("\n")):
        if number:
            runs.append(Run(LineBreak()))
        runs += read_line(line)
    return runs


def _runs(tokens: Sequence[Token]) -> Iterator[Run]:
    open_styles: Counter[Style] = Counter()
    url = ""
    for token in tokens:
        name, _, edge = token.type.partition("_")
        if token.type in ("text", "code_inline"):
            styles = frozenset(style for style, count in open_styles.items() if count)
            text = _typed(token.content)
            yield Run(Code(text) if token.type == "code_inline" else Text(text), styles, url)
        elif name == "link":
            url = _typed(str(token.attrs.get("href", "")))
        else:
            open_styles[_STYLES[name]] += 1 if edge == "open" else -1


def _typed(text: str) -> str:
    return text.replace(BACKSLASH, "\\")

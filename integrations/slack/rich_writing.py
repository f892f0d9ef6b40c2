"""Writes rich text as Slack's blocks, and as the mrkdwn of their text.

mrkdwn has no escape for `*`, `_`, `~` and the backtick (slackhq/slack-api-docs#34: Slack's own advice is backticks), so
typed text that would be read as markup is written as code: the characters stay as typed and can be copied. Rich text
blocks do not need this, since their text is never markup; Slack prefers them to mrkdwn. In neither form can typed text
become a mention, a broadcast or a link to another address.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from integrations.slack.emoji import emoji_runs
from integrations.slack.mrkdwn import read_line
from integrations.slack.text import escape
from msp.kernel.db import Json
from msp.richtext.runs import NO_STYLES, Run, Style, inlines_of, lines_of, normal_runs, plain_of, runs_of, text_of
from msp.richtext.text import columns_of
from msp.richtext.tree import (
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
    normalised,
)

MAX_MESSAGE = 2800  # characters of one of our messages: the text of a section takes 3,000, with the author's name
MAX_INDENT = 8
_MARKS: dict[Style, str] = {Strong: "*", Emphasis: "_", Strikethrough: "~"}
_STYLES: dict[Style, str] = {Strong: "bold", Emphasis: "italic", Strikethrough: "strike"}
_WORD = re.compile(r"\S+|\s+")
_SPECIAL = re.compile(r"[*_~`]")


def measure(document: Document) -> int:
    """Length of the document as mrkdwn in characters, for `msp.richtext.split` with MAX_MESSAGE."""
    return len(write_mrkdwn(document))


def write_mrkdwn(document: Document) -> str:
    """The document as mrkdwn; typed text that would be markup is written as code."""
    return _mrkdwn(normalised(document).blocks)


def write_blocks(document: Document) -> list[Json]:
    """The document as blocks: one of rich text, or none if it is empty."""
    elements = list(_elements(normalised(document).blocks, border=0))
    return [{"type": "rich_text", "elements": elements}] if elements else []


# ------------------------------------------------------------------------- mrkdwn


def _mrkdwn(blocks: Blocks, *, is_quoted: bool = False) -> str:
    parts: list[str] = []
    for number, block in enumerate(blocks):
        if number:
            is_near = isinstance(block, List) and isinstance(blocks[number - 1], Paragraph | Heading)
            parts.append("\n" if is_near else "\n\n")
        parts.append(_block(block, is_quoted))
    return "".join(parts)


def _block(block: Block, is_quoted: bool) -> str:
    match block:
        case Paragraph(children):
            return _lines(children)
        case Heading(_, children):
            return _lines((Strong(children),))
        case CodeBlock(text):
            return _fenced(text) if not is_quoted else "\n".join(map(_code, text.split("\n")))
        case Quote(blocks):
            return "\n".join(f"> {line}".rstrip() for line in _mrkdwn(blocks, is_quoted=True).split("\n"))
        case List(items, ordered, start):
            marks = [f"{start + number}. " if ordered else "• " for number in range(len(items))]
            return "\n".join(_item(item, mark, is_quoted) for item, mark in zip(items, marks, strict=True))
        case Table():
            text = columns_of(block)
            return _fenced(text) if not is_quoted else "\n".join(map(_code, text.split("\n")))
    raise TypeError(block)


def _item(item: Blocks, mark: str, is_quoted: bool) -> str:
    """An item with its nested lists indented below it."""
    element = _mrkdwn(tuple(each for each in item if not isinstance(each, List)), is_quoted=is_quoted)
    below = [_mrkdwn((each,), is_quoted=is_quoted) for each in item if isinstance(each, List)]
    return "\n".join([mark + element, *("    " + line for each in below for line in each.split("\n"))])


def _fenced(text: str) -> str:
    """Code between fences. mrkdwn cannot escape a fence within the code: it is replaced by apostrophes."""
    return f"```\n{escape(text.replace('```', chr(39) * 3))}\n```"


def _code(line: str) -> str:
    return f"`{escape(line.replace('`', chr(39)))}`" if line.strip() else line


def _lines(inlines: Inlines) -> str:
    return "\n".join(_line(line) for line in lines_of(runs_of(inlines)))


def _line(runs: list[Run]) -> str:
    wanted = normal_runs(replace(run, leaf=_typed(run.leaf)) for run in runs)
    if not any(run.styles or run.url or isinstance(run.leaf, Code) for run in wanted):
        text = plain_of(wanted)
        if not _SPECIAL.search(text) and ":" not in text and not text.startswith(">"):
            return escape(text)
    line = ""
    for meant in _ways(wanted):
        line = "".join(_inline(each) for each in inlines_of(meant))
        if not line.startswith("&gt;") and normal_runs(read_line(line)) == normal_runs(meant):
            break
    return line


def _ways(wanted: list[Run]) -> Iterator[list[Run]]:
    """Variants to try: unchanged, then with the ambiguous words as code, last without styles."""
    yield wanted
    coded = list(_coded(wanted))
    yield coded
    yield [replace(run, styles=NO_STYLES) for run in coded]


def _coded(runs: list[Run]) -> Iterator[Run]:
    for number, run in enumerate(runs):
        if not isinstance(run.leaf, Text) or run.url:
            yield run
            continue
        for at, word in enumerate(_WORD.findall(run.leaf.text)):
            is_first = number == at == 0
            yield replace(run, leaf=Code(word) if _is_risky(word, is_first=is_first) else Text(word))


def _is_risky(word: str, *, is_first: bool) -> bool:
    if word.isspace() or "`" in word:
        return False
    has_emoji = ":" in word and any(isinstance(run.leaf, Emoji) for run in emoji_runs(word))
    return has_emoji or (is_first and word.startswith(">")) or _SPECIAL.search(word) is not None


def _inline(inline: Inline) -> str:
    match inline:
        case Code(text):
            return _code(text)
        case Link(url, children):
            label = plain_of(runs_of(children))
            target = escape(url).replace("|", "%7C")
            return f"<{target}>" if label == url else f"<{target}|{escape(label)}>"
        case Strong(children) | Emphasis(children) | Strikethrough(children):
            mark = _MARKS[type(inline)]
            return f"{mark}{''.join(map(_inline, children))}{mark}"
        case _:
            return escape(text_of(inline))


def _typed(leaf: Any) -> Any:
    """Mentions and emoji as plain characters: a technician's text notifies no Slack user."""
    return Text(text_of(leaf)) if isinstance(leaf, Emoji | Mention) else leaf


# ------------------------------------------------------------------------- blocks


def _elements(blocks: Blocks, *, border: int) -> Iterator[Json]:
    section: list[Run] = []
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            section += [Run(LineBreak()), Run(LineBreak())] if section else []
            section += runs_of((Strong(block.children),) if isinstance(block, Heading) else block.children)
            continue
        yield from _section(section, border)
        section = []
        yield from _element(block, border)
    yield from _section(section, border)


def _section(runs: list[Run], border: int) -> Iterator[Json]:
    if runs:
        yield {"type": "rich_text_quote" if border else "rich_text_section", "elements": _texts(runs)}


def _element(block: Block, border: int) -> Iterator[Json]:
    match block:
        case Quote(blocks):
            yield from _elements(blocks, border=1)
        case List():
            yield from _list(block, border, indent=0)
        case CodeBlock(text):
            yield _preformatted(text, border)
        case Table():
            yield _preformatted(columns_of(block), border)


def _preformatted(text: str, border: int) -> Json:
    return {"type": "rich_text_preformatted", "border": border, "elements": [{"type": "text", "text": text}]}


def _list(block: List, border: int, *, indent: int) -> Iterator[Json]:
    """The items as lists; a block of another kind between two items splits the list."""
    items: list[Json] = []
    made = {"type": "rich_text_list", "style": "ordered" if block.ordered else "bullet", "indent": indent}
    first = block.start - 1 if block.ordered else 0
    for number, item in enumerate(block.items):
        element = [each for each in item if isinstance(each, Paragraph | Heading)]
        runs = [run for at, each in enumerate(element) for run in _item_runs(each, is_first=at == 0)]
        items.append({"type": "rich_text_section", "elements": _texts(runs or [Run(Text(" "))])})
        others = [each for each in item if not isinstance(each, Paragraph | Heading)]
        if others or number == len(block.items) - 1:
            yield {**made, "border": border, "offset": first + number + 1 - len(items), "elements": items}
            items = []
        for each in others:
            deeper = min(indent + 1, MAX_INDENT)
            yield from _list(each, border, indent=deeper) if isinstance(each, List) else _element(each, border)


def _item_runs(block: Paragraph | Heading, *, is_first: bool) -> list[Run]:
    return ([] if is_first else [Run(LineBreak())]) + runs_of(block.children)


def _texts(runs: list[Run]) -> list[Json]:
    return [_text(run) for run in _merged(normal_runs(runs))]


def _merged(runs: list[Run]) -> list[Run]:
    """Line breaks as text, and adjacent runs of the same style merged."""
    made: list[Run] = []
    for run in runs:
        leaf = Text(text_of(run.leaf)) if not isinstance(run.leaf, Code) else run.leaf
        last = made[-1] if made else None
        is_same = last and isinstance(last.leaf, Text) and isinstance(leaf, Text)
        if last and is_same and (last.styles, last.url) == (run.styles, run.url):
            made[-1] = replace(last, leaf=Text(text_of(last.leaf) + text_of(leaf)))
        else:
            made.append(replace(run, leaf=leaf))
    return made


def _text(run: Run) -> Json:
    text = text_of(run.leaf)
    style = {_STYLES[each]: True for each in run.styles} | ({"code": True} if isinstance(run.leaf, Code) else {})
    element = {"type": "link", "url": run.url} if run.url else {"type": "text"}
    return element | ({} if text == run.url else {"text": text}) | ({"style": style} if style else {})

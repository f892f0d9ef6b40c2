"""Teams' messages as rich text, and rich text as Teams' Markdown.

The `text/html` copy of a message is read first: it alone keeps lines, lists, links and quotes. Without one `text` is
read as its `textFormat` says. Sources: learn.microsoft.com, "Format your bot messages" and "Messages in bot
conversations" (mentions are entities; the text carries `<at>` elements).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msp.kernel.db import Json
from msp.richtext import Document, read_html, read_markdown, read_text
from msp.richtext.nodes import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Emoji,
    Emphasis,
    Heading,
    Inlines,
    List,
    Mention,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Table,
    Text,
)
from msp.richtext.runs import Run, inlines_of, lines_of, runs_of, text_of
from msp.richtext.text import linked_runs
from msp.richtext.tree import mentions, normalised, without_mention

MENTION_TYPE = "http://schema.skype.com/Mention"
_QUOTED = re.compile(r'itemtype="https?://schema\.skype\.com/Reply"[^<>]{0,200}\bitemid="(\d{1,40})"')
_QUOTED_TOO = re.compile(r'\bitemid="(\d{1,40})"[^<>]{0,200}itemtype="https?://schema\.skype\.com/Reply"')
_AT = re.compile(r"(</?at(?:\s[^<>]{0,200})?>)", re.IGNORECASE)
_AT_ID = re.compile(r'\bid="?(\d{1,6})')
_MARKDOWN = re.compile(r"([\\`*_\[\]#<>~|])")
_LINE_MARK = re.compile(r"^(\s*)([-+]|\d{1,9}[.)])(?=\s)")
_MARKS = {Strong: "**", Emphasis: "_", Strikethrough: "~~"}


def read_activity(activity: Json) -> tuple[Document, bool]:
    """What a message says without mentions of our bot, and whether it mentions our bot."""
    people = _people(activity)
    us = str(_object(activity.get("recipient")).get("id") or "")
    html = _html_of(activity)
    text = activity.get("text") if isinstance(activity.get("text"), str) else ""
    if html.strip():
        document = read_html(html, leaves=_leaves(people))
    elif activity.get("textFormat") == "xml":
        document = read_html(str(text), leaves=_leaves(people))
    else:
        document = _read_plain(str(text), people, is_markdown=activity.get("textFormat") == "markdown")
    is_mentioned = us in mentions(document) or any(person.id == us for person in people)
    return without_mention(document, us), is_mentioned


def quoted_id(activity: Json) -> str | None:
    """The id of the message that this one quotes: named in its HTML, else as `replyToId`."""
    html = _html_of(activity)
    found = _QUOTED.search(html) or _QUOTED_TOO.search(html)
    if found:
        return found[1]
    named = activity.get("replyToId")
    return named if isinstance(named, str) and named else None


def _people(activity: Json) -> list[Mention]:
    """The people mentioned, in the order of the entities that name them."""
    entities = activity.get("entities")
    found = []
    for each in entities if isinstance(entities, list) else []:
        if isinstance(each, dict) and each.get("type") == "mention":
            who = _object(each.get("mentioned"))
            if isinstance(who.get("id"), str):
                found.append(Mention(who["id"], str(who.get("name") or "")))
    return found


def _html_of(activity: Json) -> str:
    attachments = activity.get("attachments")
    for each in attachments if isinstance(attachments, list) else []:
        if isinstance(each, dict) and each.get("contentType") == "text/html" and isinstance(each.get("content"), str):
            return str(each["content"])
    return ""


def _leaves(people: list[Mention]) -> Mapping[str, Any]:
    """Teams' own elements: people by the number of their entity, emoji by their alternative text."""
    seen = iter(range(len(people)))

    def at(attributes: Mapping[str, str], label: str) -> Inlines | None:
        return _named(people, attributes.get("id", ""), label, seen)

    def span(attributes: Mapping[str, str], label: str) -> Inlines | None:
        if attributes.get("itemtype") != MENTION_TYPE:
            return None
        return _named(people, attributes.get("itemid", ""), label, seen)

    def character(attributes: Mapping[str, str], _label: str) -> Inlines | None:
        alt = attributes.get("alt", "")
        return (Emoji(alt, attributes.get("title", "")),) if alt and not alt.isascii() else (Text(alt),)

    def image(attributes: Mapping[str, str], label: str) -> Inlines | None:
        return character(attributes, label) if attributes.get("itemtype", "").endswith("/Emoji") else None

    def nothing(_attributes: Mapping[str, str], _label: str) -> Inlines | None:
        return ()

    return {"at": at, "span": span, "emoji": character, "img": image, "attachment": nothing}


def _named(people: list[Mention], number: str, label: str, seen: Iterator[int]) -> Inlines:
    """The person of a mention: by number, else the next one of that name, else the next one."""
    following = next(seen, -1)
    if number.isdecimal() and int(number) < len(people):
        return (people[int(number)],)
    same = next((each for each in people if each.name and each.name == label), None)
    if same is None and 0 <= following < len(people):
        same = people[following]
    return (same,) if same else (Text(label),)


def _read_plain(text: str, people: list[Mention], *, is_markdown: bool) -> Document:
    """Text as it was typed; `<at>` elements are mentions where entities name as many people. Linear in its length."""
    text = text.replace("\xa0", " ")
    if not people or "<at" not in text.lower():
        return read_markdown(text) if is_markdown else read_text(text)
    seen = iter(range(len(people)))
    runs: list[Run] = []
    pieces = _AT.split(text)
    at = 0
    while at < len(pieces):
        opening = pieces[at]
        is_mention = _is_opening(opening) and at + 2 < len(pieces) and pieces[at + 2].startswith("</")
        if is_mention:
            number = _AT_ID.search(opening)
            runs += runs_of(_named(people, number[1] if number else "", pieces[at + 1], seen))
            at += 3
        else:
            if not (_is_opening(opening) or _AT.fullmatch(opening)):
                runs += linked_runs(opening)
            at += 1
    return normalised(Document((Paragraph(inlines_of(runs)),)))


def _is_opening(piece: str) -> bool:
    return piece[:3].lower() == "<at" and _AT.fullmatch(piece) is not None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


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

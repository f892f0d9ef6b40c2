"""The reader of Slack's mrkdwn, as used in the text of a message.

Source: docs.slack.dev, "Formatting message text". Mentions, links and the like are in angle brackets, and only these
three characters are escaped: & < >. Whether any other character is markup depends on its neighbours.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.slack.emoji import emoji_runs
from integrations.slack.text import unescape
from msp.richtext.links import canonical
from msp.richtext.runs import Run, Style, inlines_of, normal_runs, plain_of
from msp.richtext.text import linked_runs
from msp.richtext.tree import (
    Block,
    Blocks,
    Code,
    CodeBlock,
    Emphasis,
    LineBreak,
    List,
    Mention,
    Paragraph,
    Quote,
    Strikethrough,
    Strong,
    Text,
)

_FENCED = re.compile(r"```(.+?)```", re.DOTALL)
_TOKEN = re.compile(r"<((?:[@#!]|[a-zA-Z][a-zA-Z0-9+.\-]*:)[^<>\n]*)>|`([^`\n]+)`")
_QUOTED = re.compile(r"(?:&gt;|>)(?![=0-9]) ?")  # >50 and >= are comparisons
_ALL_QUOTED = re.compile(r"(?:&gt;|>){3} ?")
_BULLET = re.compile(r"(\s*)(?:•|◦|▪︎|▪|▸|\u2043) ?(.*)", re.DOTALL)
_NUMBERED = re.compile(r"(\s*)([0-9]{1,3})\. (.*)", re.DOTALL)
_DELIMITERS: dict[str, Style] = {"*": Strong, "_": Emphasis, "~": Strikethrough}
_HOLE = "\ufdd1"  # replaces what is not text while delimiters are matched
MAX_DELIMITERS = 1000  # in one line; a line with more is treated as data
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ListLine:
    """One item of a list written line by line: its depth, its number (0: a bullet) and its text."""

    depth: int
    number: int
    runs: tuple[Run, ...]


MAX_QUOTES = 4  # nested; Slack shows no more


def read_mrkdwn(text: str) -> Blocks:
    """The blocks of a text with markup, not yet in normal form."""
    blocks: list[Block] = []
    end = 0
    for found in _FENCED.finditer(text):
        blocks += _lines(text[end : found.start()])
        blocks.append(CodeBlock(_plain(found[1]).strip("\n")))
        end = found.end()
    return (*blocks, *_lines(text[end:]))


def read_line(line: str) -> list[Run]:
    """The runs of one line."""
    return list(_styled(list(_leaves(line))))


def paragraphs(runs: Sequence[Run]) -> Iterator[Paragraph]:
    """The paragraphs of runs, separated by blank lines; leading and trailing blank lines are dropped."""
    made: list[Run] = []
    for run in [*normal_runs(runs), Run(LineBreak()), Run(LineBreak())]:
        is_break = isinstance(run.leaf, LineBreak)
        if is_break and (not made or isinstance(made[-1].leaf, LineBreak)):
            if made:
                yield Paragraph(inlines_of(made[:-1]))
            made = []
        else:
            made.append(run)


def lists_of(entries: Sequence[ListLine]) -> Iterator[List]:
    """Items written line by line as nested lists."""
    at = 0
    while at < len(entries):
        first, items = entries[at], list[Blocks]()
        while at < len(entries):
            entry, stop = entries[at], at + 1
            if items and entry.depth > first.depth:
                while stop < len(entries) and entries[stop].depth > first.depth:
                    stop += 1
                items[-1] = (*items[-1], *lists_of(entries[at:stop]))
            elif items and (entry.depth, entry.number > 0) != (first.depth, first.number > 0):
                break
            else:
                items.append(tuple(paragraphs(entry.runs)))
            at = stop
        yield List(tuple(items), first.number > 0, first.number or 1)


# ------------------------------------------------------------------------- lines


def _lines(text: str, depth: int = 0) -> Iterator[Block]:
    """Paragraphs, quotes and lists of lines outside of code blocks."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        kind, stop = _kind(lines, at, depth), at + 1
        if kind == "all_quoted":
            rest = [_ALL_QUOTED.sub("", lines[at], count=1), *lines[at + 1 :]]
            yield Quote(tuple(_lines("\n".join(rest), depth + 1)))
            return
        while stop < len(lines) and _kind(lines, stop, depth) == kind:
            stop += 1
        yield from _grouped(kind, lines[at:stop], depth)
        at = stop


def _kind(lines: list[str], at: int, depth: int) -> str:
    line = lines[at]
    if depth >= MAX_QUOTES:
        return "text"
    if _ALL_QUOTED.match(line):
        return "all_quoted"
    if _QUOTED.match(line):
        return "quoted"
    if _BULLET.fullmatch(line):
        return "list"
    return "list" if _is_numbered(lines, at) else "text"


def _is_numbered(lines: list[str], at: int) -> bool:
    """Whether a line is in a numbered list: an adjacent line has the next or previous number. A lone number is text."""
    found = _NUMBERED.fullmatch(lines[at])
    if not found:
        return False
    for beside, step in ((at - 1, -1), (at + 1, 1)):
        other = _NUMBERED.fullmatch(lines[beside]) if 0 <= beside < len(lines) else None
        if other and int(other[2]) == int(found[2]) + step:
            return True
    return False


def _grouped(kind: str, lines: list[str], depth: int) -> Iterator[Block]:
    if kind == "quoted":
        yield Quote(tuple(_lines("\n".join(_QUOTED.sub("", line, count=1) for line in lines), depth + 1)))
    elif kind == "list":
        yield from lists_of([_entry(line) for line in lines])
    else:
        runs: list[Run] = []
        for number, line in enumerate(lines):
            runs += ([Run(LineBreak())] if number else []) + read_line(line)
        yield from paragraphs(runs)


def _entry(line: str) -> ListLine:
    if bullet := _BULLET.fullmatch(line):
        return ListLine(_depth(bullet[1]), 0, tuple(read_line(bullet[2])))
    numbered = _NUMBERED.fullmatch(line)
    assert numbered is not None
    return ListLine(_depth(numbered[1]), int(numbered[2]) or 1, tuple(read_line(numbered[3])))


def _depth(indentation: str) -> int:
    return min(len(indentation.expandtabs(4)) // 4, MAX_DEPTH)


# ------------------------------------------------------------------------ inlines


def _leaves(line: str) -> Iterator[Run]:
    """Code, mentions, links and emoji, and the text between them."""
    end = 0
    for found in _TOKEN.finditer(line):
        yield from typed_runs(unescape(line[end : found.start()]))
        if found[2] is not None:
            yield Run(Code(_plain(found[2])))
        else:
            yield from _token(found[1])
        end = found.end()
    yield from typed_runs(unescape(line[end:]))


def typed_runs(text: str) -> Iterator[Run]:
    """Text without markup: addresses become links, short names become emoji."""
    for run in linked_runs(text):
        if run.url:
            yield run
        elif isinstance(run.leaf, Text) and run.leaf.text:
            yield from emoji_runs(run.leaf.text)


def _token(inside: str) -> Iterator[Run]:
    target, _, label = inside.partition("|")
    target, label = unescape(target), unescape(label)
    if target.startswith("@"):
        yield Run(Mention(target[1:], label.removeprefix("@")))
    elif target.startswith("#"):
        yield Run(Text(f"#{label.removeprefix('#') or target[1:]}"))
    elif target.startswith("!"):
        yield Run(Text(_special(target[1:], label)))
    elif canonical(target):
        label = label or target
        yield from (Run(run.leaf, url=target) for run in emoji_runs(label))
    else:
        yield Run(Text(f"{label} ({target})" if label and label != target else target))


def _special(name: str, label: str) -> str:
    if name.startswith("date^"):
        return label or name.split("^")[1]
    return label if label.startswith("@") else f"@{label or name.partition('^')[0]}"


def _plain(text: str) -> str:
    """The text of code: without markup, addresses unchanged."""
    return plain_of(run for part in _parts(text) for run in part)


def _parts(text: str) -> Iterator[list[Run]]:
    end = 0
    for found in _TOKEN.finditer(text):
        if found[1] is not None:
            yield [Run(Text(unescape(text[end : found.start()])))]
            yield list(_token(found[1]))
            end = found.end()
    yield [Run(Text(unescape(text[end:])))]


def _styled(runs: list[Run]) -> Iterator[Run]:
    """Apply styles to the runs, by the delimiters that are paired at the edges of words."""
    line = "".join(run.leaf.text if _is_text(run) else _HOLE for run in runs)  # type: ignore[union-attr]
    pairs = _pairs(line) if sum(map(line.count, _DELIMITERS)) <= MAX_DELIMITERS else []
    if not pairs:
        yield from runs
        return
    edges = {at for pair in pairs for at in pair}
    styles: set[Style] = set()
    at = 0
    for run in runs:
        text = run.leaf.text if _is_text(run) else _HOLE  # type: ignore[union-attr]
        start = 0
        for offset, character in enumerate(text):
            if at + offset in edges:
                yield from _piece(run, text[start:offset], styles)
                styles ^= {_DELIMITERS[character]}
                start = offset + 1
        yield from _piece(run, text[start:], styles)
        at += len(text)


def _is_text(run: Run) -> bool:
    return isinstance(run.leaf, Text) and not run.url


def _piece(run: Run, text: str, styles: set[Style]) -> Iterator[Run]:
    if text:
        yield Run(Text(text) if _is_text(run) else run.leaf, run.styles | styles, run.url)


def _pairs(line: str) -> list[tuple[int, int]]:
    """Pairs of delimiters that open and close a style, by position; pairs do not cross."""
    pairs: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    for at, each in enumerate(line):
        if each not in _DELIMITERS:
            continue
        before, behind = line[at - 1 : at] if at else "", line[at + 1 : at + 2]
        depth = next((depth for depth, (mark, _) in enumerate(opened) if mark == each), None)
        if depth is not None and before.strip() and before != each and not behind.isalnum() and behind != each:
            pairs.append((opened[depth][1], at))
            del opened[depth:]
        elif depth is None and not before.isalnum() and before != each and behind.strip() and behind != each:
            opened.append((each, at))
    return pairs

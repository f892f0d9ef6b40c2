"""Block rules of our Markdown, on top of markdown-it: lines as people type them in a help desk.

Differences from CommonMark: a line without its mark does not continue a quote or an item; `>`, `-`, `*` and `1.` must
be followed by a space and text; `+`, `1)`, underlined headings, rules, HTML and indented code are plain text; lines
keep their indentation; a fence may have code on the line that opens or closes it, as people write in chats.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block

from msp.richtext.normal import MAX_DEPTH, language_of

QUOTE = re.compile(r">[ \t]+[^ \t]")
ITEM = re.compile(r"(?:[-*]|[0-9]{1,9}\.)[ \t]+[^ \t]")
ONLY_MARKS = re.compile(r"[-* \t]+")
HEADING = re.compile(r"(#{1,6})[ \t]+([^ \t].*)")
FENCE = re.compile(r"(`{3,})([^`]*)")
DELIMITERS = re.compile(r"[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|)*+(?:[ \t]*+:?-++:?[ \t]*+)?")
_CLOSED_BEHIND = re.compile(r"(?<!`)(`{3,})[ \t]*$")
_BREAKS = ["paragraph", "blockquote", "list"]


def add_block_rules(md: MarkdownIt) -> None:
    """Set these block rules, and no others, on the parser."""
    rules = md.block.ruler
    rules.at("table", _table, {"alt": ["paragraph"]})
    rules.at("code", _never)  # enabled so that no other rule takes a line that is indented by four spaces or more
    rules.at("fence", _fence, {"alt": _BREAKS})
    rules.at("blockquote", _quote, {"alt": _BREAKS})
    rules.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    rules.at("heading", _heading, {"alt": ["paragraph", "blockquote"]})
    rules.at("paragraph", _paragraph)
    rules.push("quote_end", _quote_end, {"alt": ["blockquote"]})
    rules.enableOnly(["table", "code", "fence", "blockquote", "list", "heading", "paragraph", "quote_end"])


def cells_of(line: str) -> list[str]:
    """The cells of a table's line."""
    return [cell.strip() for cell in line.strip(" \t").removeprefix("|").removesuffix("|").split("|")]


def is_delimiter_row(line: str) -> bool:
    """Whether a line is the delimiter row below the header of a table."""
    return "|" in line and "-" in line and DELIMITERS.fullmatch(line) is not None


def _never(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return False


def _quote_end(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Ends a quote at the first line without its mark; called only there, to prevent lazy continuation."""
    return silent


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not QUOTE.match(_line(state, start)) or _depth(state) >= MAX_DEPTH:
        return False
    if silent:
        return not state.is_code_block(start)
    state.env["depth"] = _depth(state) + 1
    is_read = blockquote(state, start, end, silent)
    state.env["depth"] -= 1
    return is_read


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    line = _line(state, start)
    if not ITEM.match(line) or ONLY_MARKS.fullmatch(line) or _depth(state) >= MAX_DEPTH:
        return False
    state.env["depth"] = _depth(state) + 1
    is_read = list_block(state, start, end, silent)
    state.env["depth"] -= 1
    return is_read


def _heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    found = HEADING.match(_line(state, start))
    if not found or state.is_code_block(start):
        return False
    if not silent:
        token = state.push("heading", "", 0)
        token.meta, token.content = {"level": len(found[1])}, found[2]
        state.line = start + 1
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    header = _line(state, start)
    if state.is_code_block(start) or "|" not in header or start + 1 >= end or not _is_inside(state, start + 1):
        return False
    below = _line(state, start + 1)
    if not is_delimiter_row(below) or len(cells_of(below)) != len(cells_of(header)):
        return False
    if silent:
        return True
    token = state.push("table", "", 0)
    token.meta = {"rows": [cells_of(header), *_rows(state, start + 2, end, width=len(cells_of(header)))]}
    state.line = start + 1 + len(token.meta["rows"])
    return True


def _rows(state: StateBlock, start: int, end: int, *, width: int) -> Iterator[list[str]]:
    """The rows below the header. A line with more cells than the header ends the table, so that no cell is lost."""
    for number in range(start, end):
        line = _line(state, number)
        if "|" not in line or not _is_inside(state, number) or len(cells_of(line)) > width:
            return
        yield cells_of(line)


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opened = FENCE.fullmatch(_line(state, start))
    if not opened or state.is_code_block(start):
        return False
    if silent:
        return True
    stop, rest, is_closed = _end_of_code(state, start, end, mark=opened[1])
    info = opened[2].strip()
    language = language_of(info) if rest is None else ""
    lines = [] if language or not info else [info]
    code = state.getLines(start + 1, stop, state.sCount[start], False)
    lines += ([code] if stop > start + 1 else []) + ([rest] if rest is not None else [])
    if not lines and not is_closed:
        return False
    token = state.push("fence", "", 0)
    token.content, token.info = "\n".join(lines), language
    state.line = stop + 1 if is_closed else stop
    return True


def _end_of_code(state: StateBlock, start: int, end: int, *, mark: str) -> tuple[int, str | None, bool]:
    """The line that ends the code, the code before a fence on that line, and whether there is a closing fence.

    A fence at the end of a code line counts only if no closing fence on its own line comes before the next opening one.
    """
    behind: tuple[int, str, bool] | None = None
    number = start + 1
    while number < end and _is_inside(state, number):
        line = _line(state, number)
        fence = FENCE.fullmatch(line)
        if fence and len(fence[1]) >= len(mark) and not fence[2].strip() and not state.is_code_block(number):
            return number, None, True
        if fence and behind:
            break
        closing = _CLOSED_BEHIND.search(line[-200:]) if not fence and behind is None else None
        if closing and len(closing[1]) == len(mark):
            whole = state.getLines(number, number + 1, state.sCount[start], False).rstrip(" \t")
            behind = (number, whole[: -len(mark)], True)
        number += 1
    return behind or (number, None, False)


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    outer, state.parentType = state.parentType, "paragraph"
    number = start + 1
    while number < state.lineMax and not state.isEmpty(number) and _is_inside(state, number):
        if not state.is_code_block(number) and _ends_paragraph(state, number):
            break
        number += 1
    token = state.push("paragraph", "", 0)
    token.content = state.getLines(start, number, state.blkIndent, False)
    state.line, state.parentType = number, outer
    return True


def _ends_paragraph(state: StateBlock, number: int) -> bool:
    return any(rule(state, number, state.lineMax, True) for rule in state.md.block.ruler.getRules("paragraph"))


def _line(state: StateBlock, number: int) -> str:
    """A line without its indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _is_inside(state: StateBlock, number: int) -> bool:
    """Whether a line is blank or indented enough for the current item."""
    return state.isEmpty(number) or state.sCount[number] >= state.blkIndent


def _depth(state: StateBlock) -> int:
    return int(state.env.get("depth", 0))

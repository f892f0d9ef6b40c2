"""Inline rules of our Markdown, on top of markdown-it: which characters of a line are markup, and which are text.

Differences from CommonMark: a backslash is an ordinary character (while parsing it is replaced by `BACKSLASH`, which no
rule matches), and so is `<`; emphasis begins and ends with a word; bare addresses are links; of character references
only the numeric ones of ASCII punctuation are read, which is how markup is escaped.
"""

import re
import unicodedata
from bisect import bisect_left
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.rules_inline.state_inline import Delimiter

from msp.richtext.links import Found, canonical, find_links

BACKSLASH = "\ufdd0"
REFERENCE = re.compile(r"&#([0-9]{2,3});")
DELIMITERS = "*_~"
MAX_DELIMITERS = 1000  # in one line; a line with more is data, and none of them is markup
_SPECIAL = re.compile(r"[`*_~\[&]")
_SPECIAL_IN_DATA = re.compile(r"[`\[&]")
_LINK = re.compile(r"\[([^\[\]]++)\]\(((?:[^\s()]|\([^\s()]*+\))++)\)")
_RUNS = {"*": re.compile(r"\*+"), "_": re.compile("_+"), "~": re.compile("~+"), "`": re.compile("`+")}
_LENGTHS = {"*": (1, 2, 3), "_": (1,), "~": (2,)}
_MOST = 6  # the most adjacent delimiters that are examined
_OPENING = "([{<\"'"
_BEGINS_WORD = "([{<\"'#@$`"
_CLOSING = re.compile(r"[)\]}>\"']{0,6}")
_PUNCTUATION = re.compile(r"[)\]}>\"'.,:;!?]{0,6}")
_TRAILING = re.compile(r"[*_~]+$")
_WORD = re.compile(r"\S+")
_PATTERN = re.compile(r"\*\.[\w*?]")


def add_inline_rules(md: MarkdownIt) -> None:
    """Set these inline rules, and no others, on the parser."""
    rules = md.inline.ruler
    rules.at("text", _text)
    rules.at("linkify", _bare_link)
    rules.at("backticks", _code)
    rules.at("emphasis", _delimiters)
    rules.at("link", _link)
    rules.at("entity", _reference)
    rules.enableOnly(["text", "linkify", "backticks", "emphasis", "link", "entity"])
    md.inline.ruler2.enableOnly(["balance_pairs", "strikethrough", "emphasis", "fragments_join"])


def env_of(line: str) -> dict[str, Any]:
    """The environment of a line for the rules: the addresses in it, and the asterisks of file patterns."""
    openings: dict[str, int] = {}
    links = {found.start: _before_delimiters(line, found, openings) for found in find_links(line)}
    is_prose = sum(map(line.count, DELIMITERS)) <= MAX_DELIMITERS
    return {"links": links, "starts": list(links), "patterns": _patterns(line), "is_prose": is_prose}


def decoded(text: str) -> str:
    """A text with its numeric references to ASCII punctuation decoded."""
    return REFERENCE.sub(_character, text)


def reference_to(character: str) -> str:
    """The reference that escapes a character of ASCII punctuation."""
    return f"&#{ord(character)};"


def is_punctuation(character: str) -> bool:
    """Whether it is ASCII punctuation."""
    return character.isascii() and character.isprintable() and not character.isalnum() and character != " "


def can_open(line: str, start: int, end: int) -> bool:
    """Whether a run of delimiters is at a word's start, with the word directly after it."""
    return _is_word_start(line, _back(line, start)) and _is_begun(line, _forth(line, end))


def can_close(line: str, start: int, end: int) -> bool:
    """Whether a run of delimiters is at a word's end, with the word directly before it."""
    word = _back(line, start)
    if not word or line[word - 1].isspace() or line[word - 1] in "([{<" + BACKSLASH:
        return False
    return _is_word_end(line, _forth(line, end))


def _is_word_start(line: str, at: int) -> bool:
    if not at:
        return True
    before = line[at - 1]
    if before == ";":
        return REFERENCE.fullmatch(line, line.rfind("&", max(at - 6, 0), at), at) is not None
    return before.isspace() or before in _OPENING or _is_foreign(before)


def _is_begun(line: str, at: int) -> bool:
    if at >= len(line) or line[at].isspace() or line[at] == BACKSLASH:
        return False
    return not is_punctuation(line[at]) or line[at] in _BEGINS_WORD or REFERENCE.match(line, at) is not None


def _is_word_end(line: str, at: int) -> bool:
    stop = _end(_PUNCTUATION, line, at)
    if stop == len(line) or line[stop].isspace() or _is_foreign(line[stop]) or REFERENCE.match(line, stop):
        return True
    if "](" in line[at : stop + 1]:  # the end of a link's label
        return True
    return line[stop] in DELIMITERS and stop == _end(_CLOSING, line, at)


def _end(pattern: "re.Pattern[str]", line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found else at


def _is_foreign(character: str) -> bool:
    """Whether it is a non-ASCII character that is not part of a word: ¿ « — … and the like."""
    return not character.isascii() and not _is_of_word(character) and character != BACKSLASH


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _back(line: str, at: int) -> int:
    """The start of the adjacent delimiters that end at this position."""
    most = max(at - _MOST, 0)
    while at > most and line[at - 1] in DELIMITERS:
        at -= 1
    return at


def _forth(line: str, at: int) -> int:
    """The end of the adjacent delimiters that start at this position."""
    most = min(at + _MOST, len(line))
    while at < most and line[at] in DELIMITERS:
        at += 1
    return at


def _patterns(line: str) -> set[int]:
    """Positions of asterisks in file patterns: *.log, *error*.*"""
    if "*." not in line:
        return set()
    words = (word for word in _WORD.finditer(line) if _PATTERN.search(word[0]))
    return {word.start() + at for word in words for at, each in enumerate(word[0]) if each == "*"}


def _before_delimiters(line: str, found: Found, openings: dict[str, int]) -> Found:
    """An address without trailing delimiters that close earlier ones: `**see https://a.example**`."""
    trailing = _TRAILING.search(line, found.start, found.end)
    if not trailing:
        return found
    run = trailing[0]
    if run not in openings:
        opened = re.compile(r"(?<![^\s(\[{<\"'¿¡*_~])" + re.escape(run)).search(line)
        openings[run] = opened.start() if opened else len(line)
    if openings[run] >= found.start:
        return found
    return Found(found.start, trailing.start(), found.url[: -len(run)])


# ------------------------------------------------------------------------- rules


def _text(state: StateInline, silent: bool) -> bool:
    following = bisect_left(state.env["starts"], state.pos)
    end = min([state.posMax, *state.env["starts"][following : following + 1]])
    pattern = _SPECIAL if state.env["is_prose"] else _SPECIAL_IN_DATA
    special = pattern.search(state.src, state.pos, end)
    end = special.start() if special else end
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _bare_link(state: StateInline, silent: bool) -> bool:
    found = state.env["links"].get(state.pos)
    if found is None or found.end > state.posMax or state.linkLevel:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": found.url}
        state.push("text", "", 0).content = state.src[found.start : found.end]
        state.push("link_close", "a", -1)
    state.pos = found.end
    return True


def _code(state: StateInline, silent: bool) -> bool:
    """Code must begin with a word, too: the backticks of PowerShell (`a`nb`tc`) are not code."""
    if state.src[state.pos] != "`":
        return False
    if state.pos and _is_of_word(state.src[state.pos - 1]):
        end = _end(_RUNS["`"], state.src[: state.posMax], state.pos)
        state.append_pending(state.src[state.pos : end])
        state.pos = end
        return True
    return backtick(state, silent)


def _delimiters(state: StateInline, silent: bool) -> bool:
    marker, start = state.src[state.pos], state.pos
    if silent or marker not in DELIMITERS or not state.env["is_prose"]:
        return False
    end = _end(_RUNS[marker], state.src, start)
    is_known = end - start in _LENGTHS[marker] and start not in state.env["patterns"]
    opens, closes = is_known and can_open(state.src, start, end), is_known and can_close(state.src, start, end)
    state.pos = end
    if not (opens or closes):
        state.append_pending(state.src[start:end])
        return True
    width = 2 if marker == "~" else 1
    for _ in range(0, end - start, width):
        state.push("text", "", 0).content = marker * width
        length = 0 if marker == "~" else end - start
        state.delimiters.append(Delimiter(ord(marker), length, len(state.tokens) - 1, -1, opens, closes))
    return True


def _link(state: StateInline, silent: bool) -> bool:
    found = _LINK.match(state.src, state.pos, state.posMax)
    url = canonical(decoded(found[2])) if found else ""
    if not found or not url:
        return False
    if not silent:
        most = state.posMax
        state.push("link_open", "a", 1).attrs = {"href": url}
        state.linkLevel += 1
        state.pos, state.posMax = found.span(1)
        state.md.inline.tokenize(state)
        state.posMax = most
        state.linkLevel -= 1
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _reference(state: StateInline, silent: bool) -> bool:
    found = REFERENCE.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.append_pending(_character(found))
    state.pos = found.end()
    return True


def _character(reference: "re.Match[str]") -> str:
    character = chr(int(reference[1]))
    return character if is_punctuation(character) else reference[0]

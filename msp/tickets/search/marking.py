"""Marks matches in a text, and cuts the excerpt around them. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from msp.kernel.folding import CJK, WORD, WORD_LETTER, fold

WIDTH = 180  # approximate characters of an excerpt
BEFORE = 50  # of them before the first match
MOST_WORDS = 50_000  # of a text that are searched
_CHARACTER = re.compile(f"{CJK.pattern}|(?:(?!{CJK.pattern}){WORD_LETTER})+")
Span = tuple[int, int]
Word = tuple[str, int, int]  # folded text, start and end in the original


class Piece(NamedTuple):
    """A part of a text, and whether it is a match."""

    text: str
    is_match: bool


def spans(text: str, forms: Iterable[str]) -> list[Span]:
    """Start and end of each match of the forms (folded phrases whose last word is a prefix) in a text, in order."""
    phrases = [_phrase(form) for form in forms if form]
    words = _words(text)
    found = {span for phrase in phrases for span in _stretches(words, phrase)}
    return list(_merged(sorted(found)))


def count(text: str, forms: Iterable[str]) -> int:
    """How many of the forms a text contains."""
    words = _words(text)
    return sum(any(_stretches(words, _phrase(form))) for form in forms if form)


def pieces(text: str, forms: Iterable[str], *, width: int = WIDTH) -> list[Piece]:
    """About `width` characters of a text around the matches, the rest as …; its beginning if there are none."""
    found = spans(text, forms)
    start, end = _window(text, found, width)
    shown = [span for span in found if start <= span[0] and span[1] <= end]
    return _cut(text, start, end, shown)


def marked(text: str, forms: Iterable[str]) -> list[Piece]:
    """A whole text, such as a subject, with matches marked."""
    return _cut(text, 0, len(text), spans(text, forms))


@lru_cache(maxsize=256)
def _words(text: str) -> list[Word]:
    return [(fold(match[0]), match.start(), match.end()) for match in islice(_finditer(text), MOST_WORDS)]


def _finditer(text: str) -> Iterator[re.Match[str]]:
    """The words of a text; in Chinese and Japanese each character separately."""
    return (_CHARACTER if CJK.search(text) else WORD).finditer(text)


def _phrase(form: str) -> tuple[str, ...]:
    return tuple(match[0] for match in _finditer(form))


def _stretches(words: Sequence[Word], phrase: tuple[str, ...]) -> Iterator[Span]:
    *firsts, last = phrase
    more = len(firsts)
    for at, (word, _start, end) in enumerate(words):
        if word.startswith(last) and at >= more:
            begin = at - more
            if all(words[begin + n][0] == each for n, each in enumerate(firsts)):
                yield words[begin][1], end
        elif not more and (end := _compound_end(words, at, last)):
            yield words[at][1], end


def _compound_end(words: Sequence[Word], at: int, form: str) -> int:
    """Where words joined by one character, such as Wi-Fi, end as the one word of the form; 0 if they do not match."""
    joined, end = words[at][0], words[at][2]
    while form.startswith(joined) and joined != form and at + 1 < len(words) and words[at + 1][1] == end + 1:
        at += 1
        joined, end = joined + words[at][0], words[at][2]
    return end if joined.startswith(form) else 0


def _merged(found: Sequence[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in found:
        if last is not None and span[0] < last[1]:
            last = (last[0], max(last[1], span[1]))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _window(text: str, found: Sequence[Span], width: int) -> Span:
    if len(text) <= width + BEFORE:
        return 0, len(text)
    first = found[0][0] if found else 0
    start = max(0, min(first - BEFORE, len(text) - width))
    end = min(len(text), max(start + width, found[0][1] if found else 0))
    return _at_word(text, start, 1), _at_word(text, end, -1) if end < len(text) else end


def _at_word(text: str, at: int, step: int) -> int:
    """The next word boundary within some letters; the position itself if there is none."""
    if at in (0, len(text)):
        return at
    for gap in range(at, max(0, min(len(text), at + 20 * step)), step):
        if text[gap].isspace():
            return gap
    return at


def _cut(text: str, start: int, end: int, shown: Sequence[Span]) -> list[Piece]:
    cut: list[Piece] = []
    at = start
    for begin, stop in shown:
        cut += [Piece(text[at:begin], is_match=False), Piece(text[begin:stop], is_match=True)]
        at = stop
    cut.append(Piece(text[at:end], is_match=False))
    if start > 0:
        cut.insert(0, Piece("… ", is_match=False))
    if end < len(text):
        cut.append(Piece(" …", is_match=False))
    return [Piece(" ".join(each.text.split("\n")), each.is_match) for each in cut if each.text]

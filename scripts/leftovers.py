"""Finds texts on a page in the wrong language, and codes shown to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from scripts.translations import PERCENT, parts

RAW = re.compile(
    r"\b[a-z]+(?:_[a-z]+)+\b"  # a code such as waiting_client
    r"|%\(\w+\)|\{\w+\}|\bNone\b|\bundefined\b|\bNaN\b|lazy_|&(?:amp|lt|gt|quot|#\d+);"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}"
)
NAMES = frozenset({"NIF"})  # the same in both languages
LEAST_FIXED = 9  # minimum letters of a sentence with placeholders, so that it does not match anything


def raw_codes(words: Iterable[str]) -> Iterator[str]:
    """Texts that show a code, a placeholder or a database id."""
    yield from (text for text in words if RAW.search(text))


def wrong_language(words: Iterable[str], *, locale: str) -> Iterator[str]:
    """Texts that the catalogue has in the other language only."""
    strange, own = _sentences("en" if locale == "es" else "es"), _sentences(locale)
    for text in words:
        if text not in NAMES and _matches(text, strange) and not _matches(text, own):
            yield text


Sentences = tuple[frozenset[str], tuple[re.Pattern[str], ...]]


def _matches(text: str, sentences: Sentences) -> bool:
    whole, patterns = sentences
    return text in whole or any(pattern.fullmatch(text) for pattern in patterns)


@cache
def _sentences(locale: str) -> Sentences:
    """All sentences of one language: plain ones, and those with placeholders as patterns."""
    said: set[str] = set()
    for message in parts().values():
        given = message.id if locale == "en" else message.string
        said.update(given if isinstance(given, (list, tuple)) else [str(given)])
    said = {" ".join(sentence.split()) for sentence in said}
    open_ones = {sentence for sentence in said if PERCENT.search(sentence)}
    whole = said - open_ones
    patterns = [_pattern(sentence) for sentence in open_ones if len(PERCENT.sub("", sentence)) >= LEAST_FIXED]
    return frozenset(whole | {sentence.capitalize() for sentence in whole}), tuple(patterns)


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = PERCENT.split(sentence)[:: PERCENT.groups + 1]
    return re.compile(".+".join(re.escape(piece.replace("%%", "%")) for piece in pieces))

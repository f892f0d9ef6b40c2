"""Prepares typed text for print: splits it into runs by the font that has its characters.

PDF/A forbids missing glyphs, so characters that no font has are printed as U+FFFD. Combining marks and emoji sequences
stay with their base in one font. Very long words get break opportunities; invisible format characters are removed.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from billing.fonts import FONTS, coverage

REPLACEMENT = "\ufffd"
LONGEST_WORD = 24  # characters; longer words may break
BREAK_EACH = 12
MOST_MARKS = 6  # per character; more would overlap adjacent lines
_BREAK = "\N{ZERO WIDTH SPACE}"
_ZWJ = "\N{ZERO WIDTH JOINER}"
# joiners and direction marks, which need no glyph
_SHAPING = frozenset((_ZWJ, "\N{ZERO WIDTH NON-JOINER}", _BREAK, "\u200e", "\u200f", "\u061c"))
# visible format characters: Arabic and Syriac number signs, Kaithi's, interlinear annotation
_VISIBLE_FORMAT = frozenset(map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)))
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_SELECTORS = (("\u180b", "\u180d"), ("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))
_TAGS = ("\U000e0020", "\U000e007f")
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")
_REGIONAL = ("\U0001f1e6", "\U0001f1ff")


class FontRun(NamedTuple):
    """Text in one font, an index of `billing.fonts.FONTS`."""

    font: int
    text: str


def runs(text: str) -> list[FontRun]:
    """Split text into runs that typst can print without a missing glyph; empty for empty text."""
    if _plain().issuperset(text) and max(map(len, text.split()), default=0) <= LONGEST_WORD:
        return [FontRun(0, text)] if text else []
    found: list[FontRun] = []
    for run in _placed(_with_breaks(_clusters(_tidy(text)))):
        if found and found[-1].font == run.font:
            found[-1] = FontRun(run.font, found[-1].text + run.text)
        else:
            found.append(run)
    return found


def metadata(text: str) -> str:
    """The text as XML 1.0 allows it, for the PDF's title and author metadata."""
    return "".join(REPLACEMENT if _is_unprintable(char) else char for char in _tidy(text))


@cache
def _plain() -> frozenset[str]:
    """Characters of the first font that combine with nothing."""
    return frozenset(char for char in coverage(0) if unicodedata.category(char)[0] in "LNPS") | {" "}


def _tidy(text: str) -> str:
    """Normalize white space and remove invisible format characters.

    Embeddings, overrides and isolates are among those: they would reorder the document's own words beside the text.
    """
    return "".join(" " if _is_space(char) else char for char in text if not _is_left_out(char))


def _is_space(char: str) -> bool:
    return char.isspace() and char not in "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}"


def _is_left_out(char: str) -> bool:
    if char in _FILLERS:
        return True
    is_format = unicodedata.category(char) == "Cf"
    return is_format and char not in _SHAPING and char not in _VISIBLE_FORMAT and not _within(char, _TAGS)


def _is_unprintable(char: str) -> bool:
    """Control characters, surrogates, private use and noncharacters."""
    is_noncharacter = ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"
    return is_noncharacter or unicodedata.category(char) in ("Cc", "Cs", "Co")


def _clusters(text: str) -> Iterator[str]:
    """Characters with their marks and joiners, emoji sequences, flags (approximately UAX #29 clusters)."""
    cluster = ""
    for char in text:
        if cluster and _belongs(cluster, char):
            cluster += char
        else:
            if cluster:
                yield cluster
            cluster = char
    if cluster:
        yield cluster


def _belongs(cluster: str, char: str) -> bool:
    if _extends(char):
        return True
    if cluster[-1] == _ZWJ:  # an emoji joined to the previous one; fonts join letters
        return unicodedata.category(char) in ("So", "Sm", "Cn")
    return len(cluster) == 1 and _within(cluster, _REGIONAL) and _within(char, _REGIONAL)


def _extends(char: str) -> bool:
    is_joiner = char in (_ZWJ, "\N{ZERO WIDTH NON-JOINER}")
    return _is_mark(char) or is_joiner or _within(char, _SKIN_TONES) or _within(char, _TAGS)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _within(char: str, bounds: tuple[str, str]) -> bool:
    return bounds[0] <= char <= bounds[1]


def _needs_glyph(char: str) -> bool:
    if char in _SHAPING or _within(char, _TAGS):
        return False
    return not any(_within(char, bounds) for bounds in _SELECTORS)


def _with_breaks(clusters: Iterable[str]) -> Iterator[str]:
    """The same clusters with break opportunities inside words that are too long for a column."""
    word: list[str] = []
    for cluster in clusters:
        if cluster[0].isspace():
            yield from _broken(word)
            yield cluster
            word = []
        else:
            word.append(cluster)
    yield from _broken(word)


def _broken(word: list[str]) -> Iterator[str]:
    for place, cluster in enumerate(word):
        if place and place % BREAK_EACH == 0 and len(word) > LONGEST_WORD:
            yield _BREAK
        yield cluster


def _placed(clusters: Iterable[str]) -> Iterator[FontRun]:
    font = 0
    for cluster in clusters:
        for run in _place(cluster, font):
            yield run
            font = run.font


@lru_cache(maxsize=16_384)
def _place(cluster: str, font: int) -> tuple[FontRun, ...]:
    """Choose a font for a cluster: as typed, else in a normal form, else in parts.

    `font` is the previous one; direction marks keep it.
    """
    needed = [place for place, char in enumerate(cluster) if _needs_glyph(char)]
    if not needed:
        return (FontRun(font, cluster),)
    marks = [place for place in needed if _is_mark(cluster[place])]
    if len(marks) > MOST_MARKS:
        return (*_place(cluster[: marks[MOST_MARKS]], font), *_place(REPLACEMENT, font))
    for parts in _forms(cluster):
        placed = [(_font_of(part), part) for part in parts]
        if all(one is not None for one, _ in placed):
            return tuple(FontRun(one, part) for one, part in placed if one is not None)
    return tuple(_in_parts(cluster, font))


def _forms(cluster: str) -> Iterator[list[str]]:
    yield [cluster]
    yield list(_clusters(unicodedata.normalize("NFC", cluster)))
    yield list(_clusters(unicodedata.normalize("NFKC", cluster)))


def _font_of(cluster: str) -> int | None:
    needed = {char for char in cluster if _needs_glyph(char)}
    return next((font for font in range(len(FONTS)) if coverage(font) >= needed), None)


def _in_parts(cluster: str, font: int) -> list[FontRun]:
    """The parts of a cluster that a font has, and one replacement character for those that none has."""
    found: list[FontRun] = []
    for char in cluster:
        if not _needs_glyph(char):
            continue
        one = None if _is_mark(char) else _font_of(char)
        if one is not None:
            found.append(FontRun(one, char))
        elif not found or found[-1].text != REPLACEMENT:
            found += _place(REPLACEMENT, font)
    return found

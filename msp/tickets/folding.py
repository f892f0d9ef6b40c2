"""Text in lower case and without accents, for matching what people typed."""

import unicodedata
from functools import lru_cache

_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)


def fold(text: str) -> str:
    """Lower case without accents, character by character: positions in the result are positions in `text`."""
    return "".join(map(_fold, text))


def visible(text: str) -> str:
    """NFC, without zero-width and direction characters, with every kind of space as a space and every line end as \\n.

    The zero-width joiner stays: it holds emoji together.
    """
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n").split("\n")
    return "\n".join("".join(" " if char.isspace() else char for char in line) for line in lines)


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char

"""Folds text for search and sorting: no case, accents or punctuation. Pure.

The database has the same rules in search_fold and name_sort_key (migrations/versions/0020_search.py).
"""

import re
import unicodedata
from functools import lru_cache

_SEPARATORS = (
    r"\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020"
    r"\ue000-\uf8ff\ufe00-\ufe4f\ufff0-\uffff\U0001f000-\U0001faff"
)
_INSIDE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # invisible characters inside words
WORD = re.compile(f"[^{_SEPARATORS}]+(?:[{_INSIDE}]+[^{_SEPARATORS}]+)*")
WORD_LETTER = f"[^{_SEPARATORS}]"
CJK = re.compile("[\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_BETWEEN = re.compile(f"[{_SEPARATORS}]+")
_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_INVISIBLE = dict.fromkeys(map(ord, _INSIDE))
_MARK = re.compile("[\u0300-\u036f]")
_BARE_SCRIPTS = ("LATIN", "GREEK")  # scripts whose accents are removed; й, ガ and 한 are separate letters
_AFTER_Z = "\ua7f7"  # sorts after every Latin letter


@lru_cache(maxsize=16_384)  # cache size
def fold(text: str) -> str:
    """Lower case without accents, words separated by one space, only letters and digits."""
    if text.isascii():
        return _BETWEEN.sub(" ", text.lower()).strip()
    composed = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    bare = _MARK.sub("", "".join(map(_bare, composed))).lower().translate(_PLAIN)
    return _BETWEEN.sub(" ", bare).strip()


def _bare(letter: str) -> str:
    """A letter without accents, in the scripts that PostgreSQL's unaccent knows."""
    if letter in "ёЁ":
        return "е"
    apart = unicodedata.normalize("NFD", letter)
    return apart[0] if len(apart) > 1 and unicodedata.name(apart[0], "").startswith(_BARE_SCRIPTS) else letter


def name_sort_key(name: str, locale: str) -> tuple[str, str]:
    """The sort key of a name in a language; accents and case only break ties.

    Follows the Unicode collation of Spanish (ñ is a letter after n) and English.
    """
    composed = unicodedata.normalize("NFC", name)
    letters = re.sub("[ñÑ]", f"n{_AFTER_Z}", composed) if locale == "es" else composed
    return fold(letters), composed.lower()

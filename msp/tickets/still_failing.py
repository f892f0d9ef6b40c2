"""Recognises messages that report the problem is not solved, in Spanish and English (phrases/still_failing.txt)."""

import re

from msp.tickets.folding import fold, visible
from msp.tickets.phrases import any_of, read_phrases

_READ = 2_000

_PHRASES = read_phrases("still_failing")
_FAILING = re.compile(any_of(_PHRASES["failing"]))
_NO_FAILURE = [re.compile(any_of(_PHRASES[section])) for section in ("solved", "conditional", "works")]


def says_still_failing(text: str) -> bool:
    """Whether a text reports that something still fails or fails again; «si vuelve a fallar os aviso» does not."""
    words = fold(visible(text[:_READ])).replace("’", "'")
    for pattern in _NO_FAILURE:
        words = pattern.sub(" ", words)
    return _FAILING.search(words) is not None

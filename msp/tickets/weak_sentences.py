"""Recognises sentences without information: «Ayuda», "I have a problem", thanks in advance, «ver abajo»."""

import re

from msp.tickets.folding import fold
from msp.tickets.phrases import any_of, read_phrases

_DROPPED = re.compile(rf"\b(?:{any_of(read_phrases('weak')['dropped'])})\b")
_WEAK = re.compile(any_of(read_phrases("weak")["weak"]))


def is_weak(sentence: str) -> bool:
    """Whether a sentence has no information about the problem; also one without a letter or a digit."""
    words = re.sub(r"[^\w'’]+|_+", " ", fold(sentence)).replace("’", "'")
    rest = " ".join(_DROPPED.sub(" ", words).split())
    return not rest or _WEAK.fullmatch(rest) is not None

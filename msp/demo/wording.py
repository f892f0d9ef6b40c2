"""Turns a script line into a message: choices, gender, «tú» or «usted», names and things."""

import re
from collections.abc import Mapping
from random import Random

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_TOGGLE = re.compile(r"<([^<>/]*)/([^<>/]*)>")
_GENDER = re.compile(r"\{(\w):([^{}/]*)/([^{}/]*)\}")
_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"(^|[.!?]\s+|\n)([¿¡«]?)(?!www\.|[\w.]+@)([a-záéíóúñ])")
_CONTRACTIONS = ((re.compile(r"\bde el (?=[a-z])"), "del "), (re.compile(r"\ba el (?=[a-z])"), "al "))


def choose(template: str, rng: Random) -> str:
    """Resolve `[one|other]` at random, innermost first."""
    while found := _CHOICE.search(template):
        pick = rng.choice(found[1].split("|"))
        template = template[: found.start()] + pick + template[found.end() :]
    return template


def render(
    template: str,
    *,
    rng: Random,
    slots: Mapping[str, str],
    women: frozenset[str],
    usted: bool,
    spanish: bool,
) -> str:
    """Return the finished text.

    `{slot}` is a word from `slots`; `{r:o/a}` agrees with the person whose letter is in `women`;
    `<tú/usted>` follows `usted`. Slots may hold any of these themselves.
    """
    text = choose(template, rng)
    for _ in range(3):
        text = _SLOT.sub(lambda found: slots[found[1]], text)
        text = choose(text, rng)
    text = _GENDER.sub(lambda found: found[3] if found[1] in women else found[2], text)
    text = _TOGGLE.sub(lambda found: found[2] if usted else found[1], text)
    if spanish:
        for pattern, contraction in _CONTRACTIONS:
            text = pattern.sub(contraction, text)
    text = re.sub(r"[ \t]{2,}", " ", text).strip()
    return _SENTENCE.sub(lambda found: found[1] + found[2] + found[3].upper(), text)

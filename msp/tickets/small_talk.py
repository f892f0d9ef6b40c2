"""Recognises messages without a request (greetings, thanks, acknowledgements), and those that report it still fails.

A text is small talk only if every word of it is known to be; otherwise it is not, so that no problem is lost.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import emoji

from msp.people.given_names import GIVEN_NAMES
from msp.tickets.folding import fold, visible
from msp.tickets.phrases import read_phrases
from msp.tickets.still_failing import says_still_failing

_LONGEST = 300
_WITH_GREETING = frozenset({"greeting", "question", "courtesy", "smile", "neutral"})
_WITH_ATTENTION = _WITH_GREETING | {"attention"}
_SMALL_TALK = frozenset({"greeting", "thanks", "acknowledgement", "courtesy", "smile"})
_GREETING_EMOJI = frozenset("👋🤗🙋")
_THANKS_EMOJI = frozenset("🙏🙇💐")
_GOOD_EMOJI = frozenset("👍👌🙌👏💪🎉🥳✅✔☑🤝🫶🤙✌🆗💯🫡🚀⭐🌟✨🏆🔝❤💙💚💛🧡💜🩷🖤🤍♥💖💕😘🥰😍🤩🫰🎊")
_SMILING_EMOJI = frozenset("😊🙂😀😃😄😁😆😅😂🤣😉😎☺😇😌😋🤭🙃😜😛😸😺🌞☀🌻🌹🍀☕🎄")
_PARTS_OF_EMOJI = frozenset("♀♂🏻🏼🏽🏾🏿")
_SKIN_TONE = re.compile(r":skin-tone-\d:")
_SMILEY = re.compile(r"(?<!\w)(?:[:;=8x][-'^o]?[)dp]+|\^_?\^|<3|\(:|[(]y[)])(?!\w)")


def is_greeting(text: str) -> bool:
    """Whether a text is only a greeting."""
    kinds = _kinds(text)
    return "greeting" in kinds and kinds <= _WITH_GREETING


def is_thanks(text: str) -> bool:
    """Whether a text is thanks without a question or report; «ya funciona, gracias» is thanks."""
    kinds = _kinds(text)
    return "thanks" in kinds and not kinds & {"question", "attention"}


def is_small_talk(text: str) -> bool:
    """Whether a text is only a greeting, thanks or an acknowledgement («vale», «perfecto», 👍)."""
    kinds = _kinds(text)
    return bool(kinds & _SMALL_TALK) and "attention" not in kinds


def asks_for_answer(text: str) -> bool:
    """Whether a text only asks for a reply: «¿hay alguien?», «hola??»."""
    kinds = _kinds(text)
    return kinds <= _WITH_ATTENTION and ("attention" in kinds or ("greeting" in kinds and "?" in text))


def is_acknowledgement(text: str) -> bool:
    """Whether a text only acknowledges something (thanks included); a greeting does not."""
    kinds = _kinds(text)
    return bool(kinds & {"acknowledgement", "thanks"}) and not kinds & {"greeting", "question", "attention"}


def is_small_talk_reply(text: str) -> bool:
    """Whether a reply is small talk without its quoted lines; a quote alone is not."""
    return is_small_talk(own_words(text))


def own_words(text: str) -> str:
    """A text without its quoted lines."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(">")).strip()


@lru_cache(maxsize=256)
def _kinds(text: str) -> frozenset[str]:
    """The kinds of phrases that make up the whole text; empty if it contains anything else."""
    if len(text) > _LONGEST or says_still_failing(text):
        return frozenset()
    plain, found = _without_emoji(fold(visible(text)))
    if plain is None:
        return frozenset()
    asks = "?" in plain or "¿" in plain
    words = [_known(_squeezed(word)) for word in re.findall(r"[^\W_]+|\+1|[#@$%&/\\=<>+*|]", plain.replace("'", ""))]
    kinds = _cover(" ".join(words))
    if kinds is None or (asks and not kinds | found <= _WITH_ATTENTION):
        return frozenset()
    return frozenset(kinds | found)


def _cover(words: str) -> set[str] | None:
    """The kinds of phrases that cover the text to its end; None if they do not."""
    reached: dict[int, set[str]] = {-1: set()}  # end positions of phrases, with their kinds
    for at in sorted([0, *(match.end() for match in re.finditer(" ", words))]):
        kinds = reached.get(at - 1)
        if kinds is None:
            continue
        for kind, pattern in _PHRASES:
            match = pattern.match(words, at)
            if match and match.end() not in reached:
                reached[match.end()] = kinds | {kind}
    return reached.get(len(words)) if words else set()


def _without_emoji(text: str) -> tuple[str | None, set[str]]:
    """The text without emoji, and their kinds; None if one of them may signal a problem."""
    found: set[str] = set()
    text = emoji.emojize(_SKIN_TONE.sub("", text), language="alias")
    for each in emoji.emoji_list(text):
        sign = each["emoji"][0]
        if sign in _GREETING_EMOJI:
            found.add("greeting")
        elif sign in _THANKS_EMOJI:
            found.add("thanks")
        elif sign in _GOOD_EMOJI:
            found.add("acknowledgement")
        elif sign in _SMILING_EMOJI:
            found.add("smile")
        elif sign not in _PARTS_OF_EMOJI:
            return None, set()
    text = emoji.replace_emoji(text, " ")
    if _SMILEY.search(text):
        found.add("smile")
    return _SMILEY.sub(" ", text), found


def _squeezed(word: str) -> str:
    """A word without repeated letters: «graciasss», «holaaa»."""
    return re.sub(r"([^\W\d_])\1+", r"\1", word)


@lru_cache(maxsize=2048)
def _known(word: str) -> str:
    """A word with its typing error corrected, if it is one letter away from a word of thanks or greeting."""
    if len(word) < 5 or word in _VOCABULARY:
        return word
    return next((target for target in _TARGETS if _is_one_off(word, target)), word)


def _is_one_off(word: str, target: str) -> bool:
    """Whether one letter is missing, added or different, or two neighbours are swapped."""
    if abs(len(word) - len(target)) > 1 or word[0] != target[0]:
        return False
    start = next((at for at, pair in enumerate(zip(word, target, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest, wanted = word[start:], target[start:]
    is_swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:] and len(wanted) > 1
    return is_swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]


def _compiled(kind: str, phrases: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
    """A pattern for each phrase; a phrase ends where its last word ends."""
    return [(kind, re.compile(f"(?:{_squeezed_pattern(phrase)})(?= |$)")) for phrase in phrases]


def _squeezed_pattern(line: str) -> str:
    return re.sub(r"([a-z])\1+", r"\1", line)


_TABLE = read_phrases("small_talk")
_KINDS = ("greeting", "thanks", "acknowledgement", "question", "courtesy", "attention", "neutral")
_NAMES = "|".join(sorted({_squeezed(name) for name in GIVEN_NAMES}, key=len, reverse=True))
_PHRASES = [pattern for kind in _KINDS for pattern in _compiled(kind, _TABLE[kind])] + _compiled("neutral", [_NAMES])
_TARGETS = tuple(_squeezed(word) for word in _TABLE["typo"])
_VOCABULARY = frozenset(
    _squeezed(word) for kind in _KINDS for line in _TABLE[kind] for word in re.findall(r"[a-z]+", line)
) | {_squeezed(name) for name in GIVEN_NAMES}

__all__ = [
    "asks_for_answer",
    "is_acknowledgement",
    "is_greeting",
    "is_small_talk",
    "is_small_talk_reply",
    "is_thanks",
    "own_words",
    "says_still_failing",
]

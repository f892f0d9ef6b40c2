"""Slack's short names of emoji and their characters.

Most names are aliases that the emoji library knows; `emoji_names.txt` has those that only Slack has or uses for another
character (source: the emoji-data set that Slack takes its names from). A workspace's custom emoji have no character.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import emoji

from msp.richtext.runs import Run
from msp.richtext.tree import Emoji, Text

_NAME = re.compile(r":([a-z0-9_+'\-]{1,100}):(?::skin-tone-([2-6]):)?")
_TONES = {"2": "\U0001f3fb", "3": "\U0001f3fc", "4": "\U0001f3fd", "5": "\U0001f3fe", "6": "\U0001f3ff"}
_REGION = re.compile(r"flag-([a-z]{2})")


def character_of(name: str, *, tone: str = "") -> str:
    """The character of a short name (`+1`, `+1::skin-tone-3`, tone "2" to "6"), or an empty string."""
    name, _, tone_name = name.partition("::skin-tone-")
    made = _table().get(name) or _flag(name) or emoji.emojize(f":{name}:", language="alias")
    if made == f":{name}:":
        return ""
    return _toned(made, tone_name or tone)


def from_unicode(codes: str) -> str:
    """The character of code points as Slack writes them (1f44d-1f3fd), or an empty string if they are invalid."""
    try:
        return "".join(chr(int(code, 16)) for code in codes.split("-")) if codes else ""
    except (ValueError, OverflowError):
        return ""


def emoji_runs(text: str) -> Iterator[Run]:
    """A text as runs, its short names as emoji; names without a character, or within a word, stay as typed."""
    end = 0
    for found in _NAME.finditer(text):
        character = character_of(found[1], tone=found[2] or "")
        if character and not _is_within_word(text, *found.span(), name=found[1]):
            if found.start() > end:
                yield Run(Text(text[end : found.start()]))
            yield Run(Emoji(character, found[1]))
            end = found.end()
    if end < len(text):
        yield Run(Text(text[end:]))


def _is_within_word(text: str, start: int, end: int, *, name: str) -> bool:
    """Whether a name is part of a text such as root:x:0, 10:100:20 or key:value."""
    is_before, is_behind = text[start - 1 : start].isalnum(), text[end : end + 1].isalnum()
    return (is_before and is_behind) or (is_before and (len(name) < 3 or name.isdigit()))


def _flag(name: str) -> str:
    found = _REGION.fullmatch(name)
    return "".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in found[1]) if found else ""


def _toned(character: str, tone: str) -> str:
    """Applies a skin tone to the first person or hand; the tone follows an emoji that has no skin."""
    if tone not in _TONES:
        return character
    first, rest = character[0], character[1:].removeprefix("\ufe0f")
    toned = first + _TONES[tone] + rest
    return toned if emoji.is_emoji(toned) else character + _TONES[tone]


@cache
def _table() -> dict[str, str]:
    lines = Path(__file__).with_name("emoji_names.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)

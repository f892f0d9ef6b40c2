"""The words in captions of the WebVTT format, which Slack keeps of voice and video clips (W3C, "WebVTT")."""

import html
import re

_TAG = re.compile(r"<[^<>]{0,200}>")
_HEADS = ("WEBVTT", "NOTE", "STYLE", "REGION")


def words_of_captions(captions: str) -> str:
    """The words of captions, in one paragraph; no times, names of cues, notes, markup and dashes of speakers."""
    words: list[str] = []
    for block in re.split(r"\n[ \t]*\n", captions.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip().split("\n")
        times = next((at for at, line in enumerate(lines) if "-->" in line), None)
        if times is not None and not lines[0].startswith(_HEADS[1:]):
            words += [html.unescape(_TAG.sub("", line)).strip().removeprefix("- ") for line in lines[times + 1 :]]
    return " ".join(part for part in words if part)

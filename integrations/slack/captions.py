"""Reads captions in WebVTT (W3C, "WebVTT"), the format in which Slack stores transcripts of voice and video clips."""

import html
import re

_TAG = re.compile(r"<[^<>]{0,200}>")
_HEADS = ("WEBVTT", "NOTE", "STYLE", "REGION")


def words_of_captions(captions: str) -> str:
    """The text of captions, in one paragraph; without times, cue names, notes, markup and speaker dashes."""
    words: list[str] = []
    for block in re.split(r"\n[ \t]*\n", captions.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip().split("\n")
        times = next((at for at, line in enumerate(lines) if "-->" in line), None)
        if times is not None and not lines[0].startswith(_HEADS[1:]):
            words += [html.unescape(_TAG.sub("", line)).strip().removeprefix("- ") for line in lines[times + 1 :]]
    return " ".join(part for part in words if part)

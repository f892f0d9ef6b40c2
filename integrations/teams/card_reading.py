"""Reads the text of cards that people send in Teams: Adaptive Cards, and the older cards of connectors and bots.

Sources: adaptivecards.io, "Schema Explorer"; learn.microsoft.com, "Types of cards". The input is not trusted: anything
that differs from the documentation is skipped.
"""

from collections.abc import Iterator
from typing import Any

from msp.kernel.db import Json
from msp.richtext import read_html, read_markdown, read_text
from msp.richtext.tree import Block, Blocks

_ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_OTHERS = ("application/vnd.microsoft.card.", "application/vnd.microsoft.teams.card.")
_FIELDS = ("title", "summary", "subtitle", "activityTitle", "activitySubtitle", "activityText", "text")
_INSIDE = ("body", "items", "columns", "rows", "cells", "images", "actions")
MAX_DEPTH = 20
MAX_ELEMENTS = 500


def read_card(attachment: Json) -> Blocks:
    """The content of a card; empty if the attachment is no card."""
    kind, content = str(attachment.get("contentType") or ""), attachment.get("content")
    if not isinstance(content, dict):
        return ()
    if kind == _ADAPTIVE:
        lines = _adaptive(content, 0)
    elif kind.startswith(_OTHERS):
        lines = _older(content)
    else:
        return ()
    return tuple(block for _, block in zip(range(MAX_ELEMENTS), lines, strict=False))


def _adaptive(element: Json, depth: int) -> Iterator[Block]:
    if depth > MAX_DEPTH:
        return
    if element.get("type") == "RichTextBlock":
        inlines = element.get("inlines")
        parts = [each if isinstance(each, str) else _raw(each) for each in _list(inlines)]
        yield from read_text("".join(parts)).blocks
    elif str(element.get("type") or "").startswith("Action."):
        yield from _linked(_text(element, "title"), _text(element, "url"))
    else:
        yield from read_markdown(_text(element, "text")).blocks
        yield from read_text(_text(element, "altText")).blocks
        yield from _facts(element, "title")
        for name in _INSIDE:
            for inner in _list(element.get(name)):
                if isinstance(inner, dict):
                    yield from _adaptive(inner, depth + 1)


def _older(card: Json) -> Iterator[Block]:
    """Hero and thumbnail cards, lists, and the cards of connectors; their texts are HTML."""
    texts = {name: _text(card, name) for name in _FIELDS}
    if texts["title"] or texts["text"]:
        texts["summary"] = ""
    for text in texts.values():
        yield from read_html(text).blocks
    yield from _facts(card, "name")
    for name in ("sections", "items"):
        for inner in _list(card.get(name)):
            if isinstance(inner, dict):
                yield from _older({key: each for key, each in inner.items() if key not in ("sections", "items")})
    for button in _list(card.get("buttons")):
        if isinstance(button, dict):
            yield from _linked(_text(button, "title"), _text(button, "value"))


def _facts(element: Json, name: str) -> Iterator[Block]:
    for fact in _list(element.get("facts")):
        if isinstance(fact, dict):
            label, value = _text(fact, name), _text(fact, "value")
            yield from read_text(f"{label}: {value}" if label and value else label or value).blocks


def _linked(label: str, url: str) -> Iterator[Block]:
    is_address = url.startswith(("https://", "http://"))
    yield from read_text(f"{label} ({url})" if label and is_address else label or (url if is_address else "")).blocks


def _text(element: Any, name: str) -> str:
    text = element.get(name) if isinstance(element, dict) else None
    return text.strip() if isinstance(text, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _raw(run: Any) -> str:
    """The text of a run, which may begin or end with a space."""
    text = run.get("text") if isinstance(run, dict) else None
    return text if isinstance(text, str) else ""

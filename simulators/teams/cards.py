"""Checks whether Teams displays an Adaptive Card completely.

The Connector accepts a card that Teams does not understand; people then see an error text, or miss a part of it.

Sources: adaptivecards.io schema 1.5 (elements, actions and their required properties); learn.microsoft.com, "Types of
cards" (version 1.5 or earlier, no Media); microsoft/AdaptiveCards#9378 (1.6 is not displayed); microsoft/teams.net#482
(Action.Execute needs a verb); learn.microsoft.com, "Universal Actions for Adaptive Cards" (at most 60 refresh.userIds).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

CARD = "application/vnd.microsoft.card.adaptive"
APOLOGY = "We're sorry, this card couldn't be displayed"
NEWEST = (1, 5)
MOST_REFRESHED = 60

REQUIRED: dict[str, tuple[str, ...]] = {
    "TextBlock": ("text",), "RichTextBlock": ("inlines",), "TextRun": ("text",), "Image": ("url",),
    "ImageSet": ("images",), "Container": ("items",), "ColumnSet": (), "Column": (), "FactSet": ("facts",),
    "Table": (), "TableRow": (), "TableCell": ("items",), "ActionSet": ("actions",), "CodeBlock": (),
    "Input.Text": ("id",), "Input.Number": ("id",), "Input.Date": ("id",), "Input.Time": ("id",),
    "Input.Toggle": ("id", "title"), "Input.ChoiceSet": ("id",),
    "Action.OpenUrl": ("url",), "Action.Submit": (), "Action.Execute": ("verb",),
    "Action.ShowCard": ("card",), "Action.ToggleVisibility": ("targetElements",),
}  # fmt: skip
NESTED = ("body", "items", "columns", "rows", "cells", "images", "inlines", "actions", "inlineAction", "selectAction")
_VERSION = re.compile(r"(\d+)\.(\d+)")


def problems(card: Mapping[str, Any]) -> list[str]:
    """The reasons why Teams does not display the card completely, a sentence each; empty if it does."""
    return [*_problems_of_card(card), *_problems_inside(card, "card")]


def _problems_of_card(card: Mapping[str, Any]) -> Iterator[str]:
    version = _VERSION.fullmatch(str(card.get("version")))
    if version and (int(version[1]), int(version[2])) > NEWEST:
        yield f"version {card['version']} is newer than {NEWEST[0]}.{NEWEST[1]}"
    if not card.get("body") and not card.get("actions"):
        yield "the card has neither body nor actions"
    refreshed = (card.get("refresh") or {}).get("userIds") or []
    if len(refreshed) > MOST_REFRESHED:
        yield f"refresh.userIds has {len(refreshed)} people, more than {MOST_REFRESHED}"


def _problems_inside(node: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in NESTED:
        inside = node.get(key)
        for number, child in enumerate(inside if isinstance(inside, list) else [inside]):
            if isinstance(child, Mapping):
                yield from _problems_of_element(child, f"{path}.{key}[{number}]", key)
    shown = node.get("card")
    if isinstance(shown, Mapping):
        yield from _problems_inside(shown, f"{path}.card")


def _problems_of_element(element: Mapping[str, Any], path: str, key: str) -> Iterator[str]:
    kind = str(element.get("type") or {"columns": "Column", "rows": "TableRow", "cells": "TableCell"}.get(key, ""))
    if kind not in REQUIRED:
        if not element.get("fallback"):
            yield f"{path}: Teams knows no {kind or 'element without type'}"
        return
    for name in REQUIRED[kind]:
        if element.get(name) in (None, ""):
            yield f"{path}: {kind} has no {name}"
    yield from _problems_inside(element, path)

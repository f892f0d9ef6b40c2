"""Folding of long conversations: the first entry and the newest ones are shown, the others on request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from flask import g, request
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri

from msp.kernel.errors import NotFound

NEWEST = 30  # newest entries that are always shown
FEW = 5  # up to this many entries are not folded
STEP = 200  # older entries per request
MOST = 20_000
Placed: TypeAlias = tuple[datetime, int, dict[str, Any]]


def shown_newest() -> int:
    """Number of newest entries, with those of `?older=` added; raises NotFound if it is not a number."""
    older = request.args.get("older", "")
    if older and not (older.isascii() and older.isdigit() and len(older) < 7):
        raise NotFound("page")
    return NEWEST + min(int(older or 0), MOST)


def folded(items: Sequence[Placed], *, newest: int | None) -> Sequence[Placed]:
    """The first entry, a fold with the number of omitted ones, and the newest entries."""
    if newest is None or len(items) <= newest + 1 + FEW:
        return items
    shown, left_out = items[-newest:], len(items) - newest - 1
    fold = {
        "kind": "fold",
        "count": left_out,
        "older": newest - NEWEST + STEP,
        "anchor": _anchor(shown[0][2]),
    }
    return [items[0], (shown[0][0], -1, fold), *shown]


def same_page(anchor: str = "", *, add: tuple[str, str] | None = None, **changes: object) -> str:
    """The URL of this page with other parameters, and one added to those of its name.

    For a response to a form, the page is `g.page_path`.
    """
    args: MultiDict[str, str] = MultiDict(request.args)
    for name, value in changes.items():
        args[name] = str(value)
    if add:
        args.add(*add)
    query = "&".join(f"{name}={value}" for name, value in args.items(multi=True) if name in ("older", "whole", "back"))
    path = g.get("page_path") or request.path
    return iri_to_uri(f"{path}?{query}" if query else path) + (f"#{anchor}" if anchor else "")


def _anchor(item: dict[str, Any]) -> str:
    return f"msg-{item['message'].id}" if item["kind"] == "message" else f"evt-{item['event']['id']}"

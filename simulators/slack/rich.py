"""Validation of rich_text blocks as Slack does it.

Sources: docs.slack.dev/reference/block-kit, rich text block and its elements; @slack/types (RichTextPreformatted holds
text and links, borders are 0 or 1); slack_sdk.models, RichTextElementParts (styles).
"""

from collections.abc import Callable, Mapping
from typing import Any

Note = Callable[[str, str], None]
"""Records an error with its place."""

STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
# type: (required text properties, other properties), besides type and style
PARTS: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"text"}, set()),
    "link": ({"url"}, {"text", "unsafe"}),
    "emoji": ({"name"}, {"unicode", "url", "skin_tone"}),
    "user": ({"user_id"}, set()),
    "usergroup": ({"usergroup_id"}, set()),
    "channel": ({"channel_id"}, set()),
    "team": ({"team_id"}, set()),
    "broadcast": ({"range"}, set()),
    "color": ({"value"}, set()),
    "date": ({"format"}, {"timestamp", "url", "fallback"}),
}
RANGES = {"here", "channel", "everyone"}
LIST_STYLES = {"bullet", "ordered"}
# type: other properties, besides type and elements
HOLDERS: dict[str, set[str]] = {
    "rich_text_section": set(), "rich_text_quote": {"border"}, "rich_text_preformatted": {"border", "language"},
    "rich_text_list": {"style", "indent", "offset", "border"},
}  # fmt: skip


def check_rich_text(block: Mapping[str, Any], where: str, note: Note) -> None:
    """Collect the errors that Slack reports in the elements of a rich_text block."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        return note("must provide a non-empty array", f"{where}/elements")
    for number, holder in enumerate(elements):
        _holder(holder, f"{where}/elements/{number}", note)


def _holder(holder: object, where: str, note: Note) -> None:
    kind = holder.get("type") if isinstance(holder, Mapping) else None
    if not isinstance(holder, Mapping) or kind not in HOLDERS:
        return note(f"unsupported type: {kind}", f"{where}/type")
    _no_others(holder, HOLDERS[kind] | {"type", "elements"}, where, note)
    if holder.get("border", 0) not in (0, 1):
        note("must be 0 or 1", f"{where}/border")
    if kind == "rich_text_list" and holder.get("style") not in LIST_STYLES:
        note("must be a valid enum value", f"{where}/style")
    elements = holder.get("elements")
    if not isinstance(elements, list):
        return note("must provide an array", f"{where}/elements")
    for number, element in enumerate(elements):
        _inside(kind, element, f"{where}/elements/{number}", note)


def _inside(holder: str, element: object, where: str, note: Note) -> None:
    kind = element.get("type") if isinstance(element, Mapping) else None
    if holder == "rich_text_list":
        if kind != "rich_text_section":
            return note(f"unsupported type: {kind}", f"{where}/type")
        return _holder(element, where, note)
    if not isinstance(element, Mapping) or kind not in PARTS:
        return note(f"unsupported type: {kind}", f"{where}/type")
    if holder == "rich_text_preformatted" and kind not in ("text", "link"):
        return note(f"unsupported type: {kind}", f"{where}/type")
    _part(kind, element, where, note)


def _part(kind: str, element: Mapping[str, Any], where: str, note: Note) -> None:
    required, others = PARTS[kind]
    for name in sorted(required):
        if not isinstance(element.get(name), str):
            note(f"missing required field: {name}", where)
        elif not element[name]:
            note("must be more than 0 characters", f"{where}/{name}")
    _no_others(element, required | others | {"type", "style"}, where, note)
    if kind == "broadcast" and element.get("range") not in RANGES:
        note("must be a valid enum value", f"{where}/range")
    style = element.get("style")
    if style is not None and not (isinstance(style, Mapping) and style.keys() <= STYLES):
        note("invalid style", f"{where}/style")
    if isinstance(style, Mapping) and not all(isinstance(value, bool) for value in style.values()):
        note("must be a boolean", f"{where}/style")


def _no_others(holder: Mapping[str, Any], known: set[str], where: str, note: Note) -> None:
    for unknown in sorted(holder.keys() - known):
        note(f"invalid additional property: {unknown}", where)

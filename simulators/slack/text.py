"""Typed text as Slack stores it: mrkdwn with escapes and a rich_text block."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import emoji

_TOKEN = re.compile(r"(<(?:@[UWB][A-Z0-9]+|#[CG][A-Z0-9]+(?:\|[^>]*)?|![^>]+|https?://[^>]+)>)")
_EMOJI = re.compile(r"(?<![\w:]):([a-z0-9_+'\-]{1,100}):(?::skin-tone-([2-6]):)?(?!\w)")
_LINK = re.compile(r"https?://[^\s<>]+")


def escape(text: str) -> str:
    """Escape the three special characters of mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def encode(typed: str, *, names: Mapping[str, str]) -> str:
    """Typed text as it is stored: `@name` of `names` becomes a mention, addresses become links."""
    for name in sorted(names, key=len, reverse=True):
        typed = typed.replace(f"@{name}", f"<@{names[name]}>")
    pieces = _TOKEN.split(typed)
    return "".join(piece if _TOKEN.fullmatch(piece) else _plain(piece) for piece in pieces)


def command_text(typed: str, *, names: Mapping[str, str]) -> str:
    """The text of a command for an app with escaping: people as `<@id|name>`, addresses as links.

    Source: docs.slack.dev/interactivity/implementing-slash-commands, "Escaping entities".
    """
    labels = {id: name for name, id in names.items()}
    stored = encode(typed, names=names)
    return re.sub(r"<@([UW][A-Z0-9]+)>", lambda found: f"<@{found[1]}|{labels.get(found[1], found[1])}>", stored)


def _plain(text: str) -> str:
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts += [escape(text[end : link.start()]), f"<{escape(link.group())}>"]
        end = link.end()
    return "".join([*parts, escape(text[end:])])


def mentions(text: str, user_id: str) -> bool:
    """Whether stored text mentions this user."""
    return re.search(rf"<@{re.escape(user_id)}(\|[^>]*)?>", text) is not None


def rich_text(text: str, *, block_id: str) -> list[dict[str, Any]]:
    """Stored text as the rich_text block that Slack's own clients send with it."""
    elements = [element for piece in _TOKEN.split(text) if piece for element in _elements(piece)]
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _elements(piece: str) -> list[dict[str, Any]]:
    return [_element(piece)] if _TOKEN.fullmatch(piece) else list(_with_emoji(html.unescape(piece)))


def _with_emoji(text: str) -> Iterator[dict[str, Any]]:
    """Text with its emoji as elements of their own: docs.slack.dev, "Rich text block", emoji element."""
    end = 0
    for found in _EMOJI.finditer(text):
        character = emoji.emojize(f":{found[1]}:", language="alias")
        if character == f":{found[1]}:":
            continue
        if found.start() > end:
            yield {"type": "text", "text": text[end : found.start()]}
        element: dict[str, Any] = {"type": "emoji", "name": found[1]}
        codes = [f"{ord(each):x}" for each in character]
        if found[2]:
            element["skin_tone"] = int(found[2])
            codes.insert(1, f"{0x1F3FB + int(found[2]) - 2:x}")
        yield element | {"unicode": "-".join(codes)}
        end = found.end()
    if end < len(text):
        yield {"type": "text", "text": text[end:]}


def _element(piece: str) -> dict[str, Any]:
    target, _, label = piece[1:-1].partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": html.unescape(target)}
    return link | ({"text": label} if label else {})

"""Slack's mrkdwn and plain text, both ways. Source: docs.slack.dev, "Formatting message text"."""

import re

_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_TOKEN = re.compile(r"<((?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>]*)>")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


def escape(text: str) -> str:
    """Escape text of people so that Slack reads no mention, link or broadcast in it."""
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def unescape(text: str) -> str:
    """Restore the three characters that Slack escapes."""
    for plain, escaped in reversed(_ESCAPES):
        text = text.replace(escaped, plain)
    return text


def plain(mrkdwn: str, *, without: str = "") -> str:
    """A message as plain text; mentions stay as `<@id>`, those of `without` (our bot's id) are removed."""
    if without:
        mrkdwn = re.sub(rf"<@{re.escape(without)}(?:\|[^<>]*)?>[,:]?[ \t]*", "", mrkdwn)
    parts, end = [], 0
    for token in _TOKEN.finditer(mrkdwn):
        parts += [unescape(mrkdwn[end : token.start()]), _token(token[1])]
        end = token.end()
    return "".join([*parts, unescape(mrkdwn[end:])]).strip()


def mentioned(mrkdwn: str) -> tuple[str, ...]:
    """Ids of the mentioned people, in order."""
    return tuple(_MENTION.findall(mrkdwn))


def _token(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"<{target}>"
    if target.startswith("#"):
        return f"#{unescape(label) or target[1:]}"
    if target.startswith("!"):
        return _special(target[1:], unescape(label))
    address = unescape(target).removeprefix("mailto:").removeprefix("tel:")
    shown = unescape(label)
    return address if not shown or shown in (address, re.sub(r"^https?://", "", address)) else f"{shown} ({address})"


def _special(name: str, label: str) -> str:
    if name.startswith("date^"):
        return label
    return label or f"@{name.partition('^')[0]}"

"""Safe HTML from Slack's mrkdwn and the Markdown of Teams, as far as the desk and people use them.

Sources: docs.slack.dev, "Formatting message text"; learn.microsoft.com, "Format your bot messages".
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_TOKEN = re.compile(r"<([^<>]*)>")
_SLACK_MARKS = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<i>\1</i>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_HELD = 0xE000  # in the private use area: the marks do not match escaped characters
_MARKDOWN_MARKS = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]+?)(?<=\S)[*_](?![\w*])"), r"<i>\1</i>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
)
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)")
_OUTSIDE = re.compile(r"<a .*?</a>|https?://[^\s<>]*[^\s<>.,;:!?)»]", re.DOTALL)
_AT = re.compile(r"<at[^>]*>(.*?)</at>", re.DOTALL)


def mrkdwn(text: str, *, names: Mapping[str, str]) -> Markup:
    """Slack's text with its marks, links and mentions; `names` are people and channels by their ids."""
    parts, end = Markup(), 0
    for token in _TOKEN.finditer(text):
        parts += _marked(_unescaped(text[end : token.start()])) + _token(token[1], names)
        end = token.end()
    return parts + _marked(_unescaped(text[end:]))


def typed(text: str, *, names: Mapping[str, str]) -> str:
    """A person's own Slack text as they typed it, for editing."""

    def shown(token: re.Match[str]) -> str:
        target, _, label = token[1].partition("|")
        return f"@{names.get(target[1:], target[1:])}" if target.startswith("@") else label or target

    return _unescaped(_TOKEN.sub(shown, text))


def markdown(text: str) -> Markup:
    """A bot's text in Teams: bold, italics, code, links, escaped characters, paragraphs."""
    held = _ESCAPED.sub(lambda found: chr(_HELD + ord(found[1])), text)
    drawn = str(escape(held))
    for pattern, tag in _MARKDOWN_MARKS:
        drawn = pattern.sub(tag, drawn)
    drawn = _LINK.sub(_markdown_link, drawn)
    drawn = _OUTSIDE.sub(_bare_link, drawn)
    drawn = re.sub(r"\n{2,}", "\n", drawn).replace("\n", "<br>")
    return Markup("".join(_let_go(each) for each in drawn))  # noqa: S704  # escaped before anything was put in


def teams_typed(text: str) -> Markup:
    """A person's own text in Teams: plain, with visible mentions."""
    parts, end = Markup(), 0
    for mention in _AT.finditer(text):
        parts += _lines(text[end : mention.start()]) + _mention(mention[1])
        end = mention.end()
    return parts + _lines(text[end:])


def teams_plain(text: str) -> str:
    """A person's own text in Teams as they typed it, for editing."""
    return _AT.sub(r"@\1", text)


def _marked(text: str) -> Markup:
    drawn = str(escape(text))
    for pattern, tag in _SLACK_MARKS:
        drawn = pattern.sub(tag, drawn)
    return Markup(_OUTSIDE.sub(_bare_link, drawn).replace("\n", "<br>"))  # noqa: S704  # escaped first


def _lines(text: str) -> Markup:
    return Markup(_OUTSIDE.sub(_bare_link, str(escape(text))).replace("\n", "<br>"))  # noqa: S704  # escaped first


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _token(inside: str, names: Mapping[str, str]) -> Markup:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return _mention(names.get(target[1:], target[1:]))
    if target.startswith("#"):
        return Markup('<span class="mention">#{}</span>').format(label or names.get(target[1:], target[1:]))
    if target.startswith("!"):
        return escape(_unescaped(label) or f"@{target[1:].partition('^')[0]}")
    return _link(_unescaped(target), _unescaped(label) or _unescaped(target).removeprefix("mailto:"))


def _mention(name: str) -> Markup:
    return Markup('<span class="mention">@{}</span>').format(name)


def _link(target: str, label: str) -> Markup:
    if urlsplit(target).scheme not in ("http", "https", "mailto", "tel"):
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(target, label)


def _markdown_link(found: re.Match[str]) -> str:
    target = found[2].replace("&amp;", "&")
    return str(_link(target, Markup(found[1])))  # noqa: S704  # escaped with the text around it


def _bare_link(found: re.Match[str]) -> str:
    """A bare address becomes a link, as on both platforms; existing links are kept."""
    if found[0].startswith("<a "):
        return found[0]
    return f'<a href="{found[0]}" target="_blank" rel="noopener noreferrer">{found[0]}</a>'


def _let_go(character: str) -> str:
    code = ord(character) - _HELD
    return str(escape(chr(code))) if 0 < code < 128 else character

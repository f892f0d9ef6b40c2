"""Converts Teams' messages to rich text and back.

A message is read from its `text/html` copy, which alone keeps lines, lists, links and quotes, else from its text. Our
messages use `textFormat: xml`, simple HTML. Both formats are documented for text messages ("Format your bot messages"),
but in Markdown Teams hides text in braces (msteams-docs#4956), joins lines (#740) and reads escapes differently on each
platform (#5793), while HTML has one way to escape, and addresses in it need none.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from integrations.channels.payloads import dicts_of
from integrations.teams.card_reading import read_card
from integrations.teams.mentions import Mentions, with_placeholders, without_placeholders
from msp.kernel.db import Json
from msp.richtext import is_empty, read_html, read_markdown, read_text
from msp.richtext.tree import (
    Block,
    Document,
    Emoji,
    Inlines,
    Paragraph,
    Quote,
    Strong,
    Text,
    normalised,
    without_mention,
)

__all__ = ["absent_files", "is_system_message", "pictures_of_emoji", "quoted_id", "read_activity"]

_REPLY = re.compile(r"<blockquote\b[^<>]*schema\.skype\.com/Reply[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(r"""\sitemid\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)
_SELF_CLOSED = re.compile(r"<(at|attachment|customemoji|emoji)\b([^<>]*)/>", re.IGNORECASE)
_QUOTED = re.compile(r"<quoted\b[^<>]*>(?:</quoted>)?", re.IGNORECASE)
_HTML = re.compile(r"\s*<(p|div|span|ul|ol|blockquote|codeblock)\b.*</\1>\s*", re.IGNORECASE | re.DOTALL)
_EMOJI = re.compile(r"<img\b[^<>]*schema\.skype\.com/Emoji[^<>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\ssrc\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)
_PLACE = re.compile(r"""<attachment\b[^<>]*\sid\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)
_SYSTEM = re.compile(r"\s*<systemEventMessage\b[^<>]*/?>(?:</systemEventMessage>)?\s*", re.IGNORECASE)
_REFERENCES = ("messageReference", "forwardedMessageReference")


def read_activity(activity: Json) -> tuple[Document, bool]:
    """The content of a message without the mention of our bot, and whether our bot was mentioned.

    Mentions are read from `entities`; those of other people stay. The input is not trusted.
    """
    mentions = Mentions.of(activity)
    document = Document((*_quotes(activity), *_body(activity, mentions).blocks, *_cards(activity)))
    return normalised(without_mention(document, mentions.me) if mentions.me else document), mentions.is_of_us


def quoted_id(activity: Json) -> str | None:
    """The id of the message that this one quotes or replies to, or None."""
    for found in _REPLY.finditer(_html_of(activity)):
        if item := _ITEM.search(found[0]):
            return item[1]
    for reference in [*_references(activity).values(), *_replies(activity)]:
        if id := reference.get("messageId"):
            return str(id)
    replied = activity.get("replyToId")
    return replied if isinstance(replied, str) and replied else None


def pictures_of_emoji(activity: Json) -> frozenset[str]:
    """The addresses of the pictures of emoji in a message; Teams sends them as attachments, too."""
    found = (_SOURCE.search(image[0]) for image in _EMOJI.finditer(_html_of(activity)))
    return frozenset(html.unescape(source[1]) for source in found if source)


def absent_files(activity: Json) -> tuple[str, ...]:
    """The ids of files that the text refers to but that are not attached, as in channels."""
    attachments = dicts_of(activity.get("attachments"))
    present = {str(each.get("id")) for each in attachments}
    content = (each.get("content") for each in attachments)
    present |= {str(each.get("uniqueId")) for each in content if isinstance(each, dict)}
    found = dict.fromkeys(place[1] for place in _PLACE.finditer(_html_of(activity)))
    return tuple(id for id in found if id not in present)


def is_system_message(activity: Json) -> bool:
    """Whether it is a message of Teams itself, such as a new member."""
    text = activity.get("text")
    return _SYSTEM.fullmatch(_html_of(activity)) is not None and not (isinstance(text, str) and text.strip())


def _body(activity: Json, mentions: Mentions) -> Document:
    read = read_html(_prepared(_html_of(activity)), leaves=_leaves(activity, mentions))
    return read if not is_empty(read) else _body_of_text(activity, mentions)


def _body_of_text(activity: Json, mentions: Mentions) -> Document:
    text = activity.get("text")
    text = text if isinstance(text, str) else ""
    if any(True for _ in _replies(activity)):
        text = _QUOTED.sub("", text).lstrip()
    format = activity.get("textFormat")
    if format == "xml" or (format is None and _HTML.fullmatch(text)):
        return read_html(_prepared(text), leaves=_leaves(activity, mentions))
    placed, people = with_placeholders(text.replace("\xa0", " "), mentions)
    read = read_markdown(placed) if format == "markdown" else read_text(placed.strip("\n"))
    return without_placeholders(read, people)


def _html_of(activity: Json) -> str:
    """The HTML copy of the message, or an empty string."""
    for attachment in dicts_of(activity.get("attachments")):
        content = attachment.get("content")
        if attachment.get("contentType") == "text/html" and isinstance(content, str) and content.strip():
            return content
    return ""


def _prepared(markup: str) -> str:
    """The HTML with Teams' own elements closed and without a quote's placeholder: the entity has the quote."""
    return _QUOTED.sub("", _SELF_CLOSED.sub(r"<\1\2></\1>", markup))


# ------------------------------------------------------------------------- quotes


def _quotes(activity: Json) -> Iterator[Block]:
    """Quoted messages outside of the text: an entity, or an attachment without a position in the HTML.

    If the HTML contains the quoted message, its entity is skipped as a duplicate.
    """
    copy = _html_of(activity)
    for reply in _replies(activity) if not _REPLY.search(copy) else ():
        yield from _quote(str(reply.get("senderName") or ""), reply.get("preview"))
    for id, reference in _references(activity).items():
        if f'"{id}"' not in copy:
            yield from _referenced(reference)


def _quote(sender: str, words: Any) -> Iterator[Quote]:
    if isinstance(words, str) and words.strip():
        author = (Paragraph((Strong((Text(sender),)),)),) if sender else ()
        yield Quote((*author, *read_text(words).blocks))


def _referenced(reference: Json) -> Iterator[Quote]:
    sender = reference.get("messageSender") or reference.get("originalMessageSender")
    user = sender.get("user") if isinstance(sender, dict) else None
    name = str(user.get("displayName") or "") if isinstance(user, dict) else ""
    original = reference.get("originalMessageContent")
    if isinstance(original, str) and original.strip():
        author = (Paragraph((Strong((Text(name),)),)),) if name else ()
        yield Quote((*author, *read_html(_prepared(original), leaves=_LEAVES).blocks))
    else:
        yield from _quote(name, reference.get("messagePreview"))


def _references(activity: Json) -> dict[str, Json]:
    """Attached messages by the id of their attachment."""
    found: dict[str, Json] = {}
    for attachment in dicts_of(activity.get("attachments")):
        if attachment.get("contentType") in _REFERENCES:
            content = attachment.get("content")
            try:
                reference = json.loads(content) if isinstance(content, str) else content
            except (ValueError, RecursionError):
                continue
            if isinstance(reference, dict):
                found[str(attachment.get("id"))] = reference
    return found


def _replies(activity: Json) -> Iterator[Json]:
    for entity in dicts_of(activity.get("entities")):
        reply = entity.get("quotedReply")
        if entity.get("type") == "quotedReply" and isinstance(reply, dict):
            yield reply


def _cards(activity: Json) -> Iterator[Quote]:
    for attachment in dicts_of(activity.get("attachments")):
        if blocks := read_card(attachment):
            yield Quote(blocks)


# ------------------------------------------------------------------------ elements


def _leaves(activity: Json, mentions: Mentions) -> dict[str, Any]:
    return _LEAVES | {
        "at": mentions.read,
        "span": partial(_span, mentions),
        "attachment": partial(_attachment, _references(activity)),
    }


def _span(mentions: Mentions, attributes: Mapping[str, str], label: str) -> Inlines | None:
    is_mention = attributes.get("itemtype", "").endswith("schema.skype.com/Mention")
    return mentions.read(attributes, label) if is_mention else None


def _image(attributes: Mapping[str, str], label: str) -> Inlines | None:
    """Skip a picture that is also sent as a file, or whose description is generic."""
    is_picture = attributes.get("itemtype", "").endswith("schema.skype.com/AMSImage")
    return () if is_picture or attributes.get("alt", "").strip().lower() in ("image", "imagen") else None


def _emoji(attributes: Mapping[str, str], label: str) -> Inlines | None:
    character, name = attributes.get("alt", "").strip(), attributes.get("title", "") or attributes.get("id", "")
    if not character:
        return (Text(f":{name}:"),) if name else None
    return (Text(f":{character}:"),) if character.isascii() and character.isalnum() else (Emoji(character, name),)


def _attachment(references: Mapping[str, Json], attributes: Mapping[str, str], label: str) -> Quote | None:
    reference = references.get(attributes.get("id", ""))
    return next(_referenced(reference), None) if reference else None


_LEAVES: dict[str, Any] = {"img": _image, "emoji": _emoji, "customemoji": _emoji}

"""Converts Slack's messages to rich text and back.

`read_message` reads the whole content of a message: the blocks, else the text, forwarded messages, and the transcripts
of voice and video clips. Our messages are best sent as `write_blocks` with `write_mrkdwn` as their text, which
notifications and screen readers use.
"""

from collections.abc import Iterator

from integrations.channels.payloads import dicts_of, text_of
from integrations.slack.block_kit import names_in, read_blocks, read_known_blocks
from integrations.slack.mrkdwn import read_mrkdwn
from integrations.slack.rich_writing import MAX_MESSAGE, measure, write_blocks, write_mrkdwn
from integrations.slack.text import unescape
from msp.kernel.db import Json
from msp.richtext import is_empty
from msp.richtext.links import canonical
from msp.richtext.text import linked
from msp.richtext.tree import (
    Block,
    Blocks,
    Document,
    Inlines,
    Link,
    Mention,
    Paragraph,
    Quote,
    Strong,
    Text,
    normalised,
    without_mention,
)

__all__ = ["MAX_MESSAGE", "files_of", "is_heard_in_part", "measure", "read_message", "write_blocks", "write_mrkdwn"]

MAX_FORWARDS = 3  # nesting of forwards


def read_message(message: Json, *, bot: str = "") -> Document:
    """The content of a message of an event (or the `message` of a change), without the mention of `bot`.

    A forwarded message becomes a quote that begins with its author. The input is not trusted.
    """
    own = without_mention(Document(_own(message)), bot) if bot else Document(_own(message))
    blocks = [*own.blocks, *_transcripts(message)]
    attachments = dicts_of(message.get("attachments"))
    blocks += [each for one in attachments if _is_forward(one) for each in _forwarded(one, depth=1)]
    if is_empty(Document(tuple(blocks))):
        blocks += [each for one in attachments if not _is_forward(one) for each in _attached(one)]
    return normalised(Document(tuple(blocks)))


def files_of(message: Json) -> list[Json]:
    """The files of a message and of its forwarded messages, each once, without removed files."""
    found: dict[str, Json] = {}
    for number, file in enumerate(_files(message, depth=0)):
        if file.get("mode") == "tombstone":
            continue
        found.setdefault(text_of(file, "id") or f"without id {number}", file)
    return list(found.values())


def _own(message: Json) -> Blocks:
    """The blocks if they have content, else the text, for example if the blocks hold only media or buttons."""
    text = text_of(message, "text")
    return _of_blocks(message.get("blocks"), text) or read_mrkdwn(text)


def _of_blocks(blocks: object, text: str) -> Blocks:
    """The content of blocks; empty if only blocks of unknown kinds have content and there is a `text`."""
    names = names_in(text)
    is_known = not is_empty(normalised(Document(read_known_blocks(blocks, names))))
    found = read_blocks(blocks, names) if is_known or not text.strip() else ()
    return found if not is_empty(normalised(Document(found))) else ()


def _transcripts(message: Json) -> Iterator[Block]:
    """Transcripts of voice and video clips, as far as Slack sends them."""
    for file in dicts_of(message.get("files")):
        transcription = file.get("transcription")
        preview = transcription.get("preview") if isinstance(transcription, dict) else None
        if isinstance(preview, dict) and (text := text_of(preview, "content").strip()):
            yield Paragraph(linked(f"{text}…" if preview.get("has_more") is True else text))


def is_heard_in_part(file: Json) -> bool:
    """Whether it is a clip with an incomplete transcript: Slack provides the rest later or elsewhere."""
    transcription = file.get("transcription")
    if not isinstance(transcription, dict):
        return False
    preview = transcription.get("preview")
    return transcription.get("status") == "processing" or (
        isinstance(preview, dict) and preview.get("has_more") is True
    )


def _files(message: Json, *, depth: int) -> Iterator[Json]:
    yield from dicts_of(message.get("files"))
    if depth < MAX_FORWARDS:
        for attachment in dicts_of(message.get("attachments")):
            yield from _files(attachment, depth=depth + 1)


# --------------------------------------------------------------------- attachments


def _is_forward(attachment: Json) -> bool:
    return any(attachment.get(name) for name in ("is_share", "is_msg_unfurl", "message_blocks"))


def _forwarded(attachment: Json, *, depth: int) -> Iterator[Block]:
    blocks = list(_body(attachment))
    inner = [each for each in dicts_of(attachment.get("attachments")) if depth < MAX_FORWARDS]
    blocks += [
        each for one in inner for each in (_forwarded(one, depth=depth + 1) if _is_forward(one) else _attached(one))
    ]
    author = _author(attachment)
    if not blocks and (names := [name for file in dicts_of(attachment.get("files")) if (name := _file_name(file))]):
        blocks = [Paragraph((Text(", ".join(names)),))]
    if blocks or author:
        yield Quote((*((Paragraph((Strong(author),)),) if author else ()), *blocks))


def _file_name(file: Json) -> str:
    return " ".join((text_of(file, "name") or text_of(file, "title")).split())


def _author(attachment: Json) -> Inlines:
    name = text_of(attachment, "author_name") or text_of(attachment, "author_subname")
    id = text_of(attachment, "author_id")
    return (Text(name),) if name else (Mention(id),) if id else ()


def _body(attachment: Json) -> Blocks:
    """The content of a forwarded message: its blocks, else its text, else its fallback for old clients."""
    text = text_of(attachment, "text")
    shared = [each.get("message") for each in dicts_of(attachment.get("message_blocks"))]
    found = [each.get("blocks") for each in shared if isinstance(each, dict)] or [attachment.get("blocks")]
    blocks = tuple(each for one in found for each in _of_blocks(one, text)) or read_mrkdwn(text)
    transcripts = tuple(_transcripts(attachment))
    if is_empty(Document((*blocks, *transcripts))) and not dicts_of(attachment.get("files")):
        blocks = read_mrkdwn(text_of(attachment, "fallback"))
    return (*blocks, *transcripts)


def _attached(attachment: Json) -> Iterator[Block]:
    """What an app attached to a message, or Slack's preview of a link; used only without other content."""
    made: list[Block] = list(read_mrkdwn(text_of(attachment, "pretext")))
    if title := text_of(attachment, "title"):
        url, label = text_of(attachment, "title_link"), (Text(unescape(title)),)
        made.append(Paragraph((Link(url, label),) if canonical(url) else label))
    made += _body({**attachment, "fallback": "" if made else attachment.get("fallback")})
    for field in dicts_of(attachment.get("fields")):
        made.append(Paragraph((Strong((Text(unescape(text_of(field, "title"))),)),)))
        made += read_mrkdwn(text_of(field, "value"))
    yield from made

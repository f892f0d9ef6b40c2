"""Our posts as Slack's Block Kit. Limits in characters: section 3000, field 2000, button 75, context 3000."""

from typing import Any

from integrations.channels import Post
from integrations.channels.values import Button, WrittenCard
from integrations.slack.rich_text import write_mrkdwn
from integrations.slack.text import escape
from msp.richtext.tree import Document, Paragraph, Strong, Text

Block = dict[str, Any]
MAX_SECTION = 3000
MAX_FIELD = 2000
MAX_LABEL = 75
MAX_FALLBACK = 3000


def rendered(post: Post) -> dict[str, Any]:
    """The `text` (used by notifications and screen readers) and, if the text is not enough, the `blocks`."""
    text = write_mrkdwn(post.document)
    text = f"{_bold(post.heading)}\n{text}" if post.heading else text
    if post.card is None and not post.buttons:
        return {"text": text}
    blocks = [_section(text)] if text else []
    if post.card is not None:
        blocks += _card(post.card, value=str(post.ticket_id))
    elif post.buttons:
        blocks.append(_actions(post.buttons, value=str(post.ticket_id)))
    return {"text": _fallback(text, post.card), "blocks": blocks}


def _card(card: WrittenCard, *, value: str) -> list[Block]:
    title = f"{escape(card.label)} · {_bold(card.subject)}"
    fields = [_mrkdwn(f"{escape(label)}\n{_bold(fact)}", MAX_FIELD) for label, fact in card.facts]
    blocks: list[Block] = [_section(title), {"type": "section", "fields": fields}]
    if card.why:
        blocks.append({"type": "context", "elements": [_mrkdwn(_typed(card.why), MAX_SECTION)]})
    if card.buttons:
        blocks.append(_actions(card.buttons, value=value))
    return blocks


def _typed(text: str) -> str:
    """Text of people as mrkdwn that shows each of its characters."""
    return write_mrkdwn(Document((Paragraph((Text(text),)),)))


def _bold(text: str) -> str:
    """As `_typed`, in bold as far as mrkdwn allows it."""
    return write_mrkdwn(Document((Paragraph((Strong((Text(text),)),)),)))


def _actions(buttons: tuple[Button, ...], *, value: str) -> Block:
    return {"type": "actions", "elements": [_button(button, value) for button in buttons]}


def _button(button: Button, value: str) -> Block:
    style = {"style": "primary"} if button.is_primary else {}
    label = {"type": "plain_text", "text": button.label[:MAX_LABEL], "emoji": False}
    return {"type": "button", "action_id": button.code, "text": label, "value": value} | style


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text, MAX_SECTION)}


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": text[:limit]}


def _fallback(text: str, card: WrittenCard | None) -> str:
    if card is None:
        return text[:MAX_FALLBACK]
    return f"{text}\n{escape(card.label)} · {_typed(card.subject)}".strip()[:MAX_FALLBACK]

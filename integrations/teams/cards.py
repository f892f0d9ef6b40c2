"""Our posts as Teams activities: text, and Adaptive Cards 1.5 for tickets and questions."""

import re
from typing import Any

from botbuilder.schema import Activity, Attachment

from integrations.chat import Button, Place, Post, WrittenCard

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_MARKDOWN = re.compile(r"([\\`*_\[\]#<>~|])")


def activity_of(post: Post, place: Place) -> Activity:
    """A message: Markdown text with the author's name first, and a card where there is something to show or press."""
    text = _escape(post.text).replace("\n", "\n\n")  # a single line break is none in Markdown
    said = f"**{_escape(post.author)}**\n\n{text}" if post.author else text
    made = Activity(type="message", text=said, text_format="markdown")
    card = _card(post, place)
    if card:
        made.attachments = [Attachment(content_type=CARD_TYPE, content=card)]
        made.summary = post.card.subject if post.card else post.text
    return made


def _card(post: Post, place: Place) -> dict[str, Any] | None:
    if post.card is None and not post.buttons:
        return None
    buttons = post.card.buttons if post.card else post.buttons
    if post.card and post.card.another and place.is_personal:
        buttons = (*buttons, post.card.another)
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": _body(post.card) if post.card else [],
        "actions": [_action(button, ticket=str(post.ticket_id)) for button in buttons],
    }


def _body(card: WrittenCard) -> list[dict[str, Any]]:
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": card.label, "size": "Small", "isSubtle": True, "spacing": "None"},
        {"type": "TextBlock", "text": _escape(card.subject), "weight": "Bolder", "wrap": True, "spacing": "None"},
        *_facts(card.facts),
    ]
    if card.why:
        body.append({"type": "TextBlock", "text": _escape(card.why), "size": "Small", "isSubtle": True, "wrap": True})
    return body


def _facts(facts: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """Two columns, as in the picture of the aim: the name small above what it is."""
    rows = [facts[at : at + 2] for at in range(0, len(facts), 2)]
    return [{"type": "ColumnSet", "columns": [_fact(*fact) for fact in row]} for row in rows]


def _fact(name: str, value: str) -> dict[str, Any]:
    return {
        "type": "Column",
        "width": "stretch",
        "items": [
            {"type": "TextBlock", "text": name, "size": "Small", "isSubtle": True, "wrap": True},
            {"type": "TextBlock", "text": _escape(value), "wrap": True, "spacing": "None"},
        ],
    }


def _action(button: Button, *, ticket: str) -> dict[str, Any]:
    data = {"code": button.code, "ticket": ticket}
    return {
        "type": "Action.Execute",
        "title": button.label,
        "verb": button.code,
        "data": data,
        "style": "positive" if button.is_primary else "default",
        "fallback": {"type": "Action.Submit", "title": button.label, "data": data},
    }


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)

"""Our posts as Teams activities: text, and Adaptive Cards 1.5 for tickets and questions."""

from typing import Any

from botbuilder.core import CardFactory, MessageFactory
from botbuilder.schema import Activity

from integrations.channels import Post, ThreadRef
from integrations.channels.values import Button, WrittenCard
from integrations.teams.markdown import escape, escape_line, write_teams


def activity_of(post: Post, place: ThreadRef) -> Activity:
    """A message of text or of a card, never both, since Teams splits such an activity and answers without an id.

    The text of a question is in its card, above the buttons.
    """
    card = _card(post, place)
    if card is None:
        text = write_teams(post.document)
        text = f"**{escape(post.heading)}**\n\n{text}" if post.heading else text
        message = MessageFactory.text(text)
        message.text_format = "markdown"
        return message
    message = MessageFactory.attachment(CardFactory.adaptive_card(card))
    message.summary = post.card.subject if post.card else post.text
    return message


def _card(post: Post, place: ThreadRef) -> dict[str, Any] | None:
    if post.card is None and not post.buttons:
        return None
    buttons = post.card.buttons if post.card else post.buttons
    if post.card and post.card.another and place.is_personal:
        buttons = (*buttons, post.card.another)
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": _body(post.card) if post.card else [_text_block(post.text)],
        "actions": [_action(button, ticket=str(post.ticket_id)) for button in buttons],
    }


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": escape_line(text), "wrap": True}


def _body(card: WrittenCard) -> list[dict[str, Any]]:
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": card.label, "size": "Small", "isSubtle": True, "spacing": "None"},
        {"type": "TextBlock", "text": escape_line(card.subject), "weight": "Bolder", "wrap": True, "spacing": "None"},
        *_facts(card.facts),
    ]
    if card.why:
        body.append(
            {"type": "TextBlock", "text": escape_line(card.why), "size": "Small", "isSubtle": True, "wrap": True}
        )
    return body


def _facts(facts: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """Two columns, with each name in small type above its value."""
    rows = [facts[at : at + 2] for at in range(0, len(facts), 2)]
    return [{"type": "ColumnSet", "columns": [_fact(*fact) for fact in row]} for row in rows]


def _fact(name: str, value: str) -> dict[str, Any]:
    return {
        "type": "Column",
        "width": "stretch",
        "items": [
            {"type": "TextBlock", "text": name, "size": "Small", "isSubtle": True, "wrap": True},
            {"type": "TextBlock", "text": escape_line(value), "wrap": True, "spacing": "None"},
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

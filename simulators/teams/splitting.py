"""Splitting of activities: Teams shows text and cards as messages of their own.

Sources: learn.microsoft.com, "Send and receive messages" (message splitting); OfficeDev/BotBuilder-MicrosoftTeams#125
(text and a card: 202 and no id; cards in list layout: one message each); microsoft/BotFramework-Services#98. An update
with such an activity, or a new conversation with one, is refused with "Activity resulted into multiple skype
activities" (OfficeDev/BotBuilder-MicrosoftTeams#126).
"""

from collections.abc import Mapping
from typing import Any

CAROUSEL = "carousel"


def messages_of(activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages that people see for an activity; each has text or attachments, never both."""
    given = activity.get("attachments")
    attachments = given if isinstance(given, list) else []
    rest = {key: value for key, value in activity.items() if key not in ("text", "attachments")}
    said = [rest | {"text": activity["text"]}] if activity.get("text") else []
    if not attachments:
        return said or [dict(activity)]
    if activity.get("attachmentLayout") == CAROUSEL:
        return [*said, rest | {"attachments": attachments}]
    return [*said, *(rest | {"attachments": [attachment]} for attachment in attachments)]

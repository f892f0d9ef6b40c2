"""Errors of the Connector for an activity of the bot, before any part of it is shown.

Sources: learn.microsoft.com, "Send and receive messages" (413 above 100 KB in UTF-16); OfficeDev/
BotBuilder-MicrosoftTeams#212 (no text/html attachments from bots); microsoft/botbuilder-js#2111 (a mention's text must
be in the activity's text).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from simulators.teams.cards import CARD
from simulators.teams.refusals import bad_request, refusal

SIZE_MAX = 100 * 1024  # bytes of the whole activity in UTF-16
KINDS = re.compile(r"application/vnd\.microsoft\.(card\.[a-z0-9.]+|teams\.[a-z0-9.]+)|image/[a-z+.-]+")
_VERSION = re.compile(r"\d+\.\d+")


def check(activity: Mapping[str, Any]) -> None:
    """Raise the Connector's error unless it accepts this message or typing activity."""
    kind = activity.get("type")
    if kind not in ("message", "typing"):
        raise bad_request(f"Unknown activity type {kind!r}.", code="BadArgument")
    if len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) > SIZE_MAX:
        raise refusal("MessageSizeTooBig")
    attachments = activity.get("attachments") or []
    if kind == "message" and not activity.get("text") and not attachments:
        raise bad_request("Activity must include non empty 'text' field or at least 1 attachment")
    for attachment in attachments:
        _check_attachment(attachment)
    _check_mentions(activity)


def _check_attachment(attachment: object) -> None:
    kind = attachment.get("contentType") if isinstance(attachment, Mapping) else None
    if not isinstance(attachment, Mapping) or not isinstance(kind, str) or not KINDS.fullmatch(kind):
        raise bad_request(f"Unknown attachment type {kind!r}.")
    if kind != CARD:
        return
    card = attachment.get("content")
    if not isinstance(card, Mapping) or card.get("type") != "AdaptiveCard":
        raise bad_request("The content is no Adaptive Card.")
    if not _VERSION.fullmatch(str(card.get("version"))):
        raise bad_request(f"Unknown Adaptive Card version {card.get('version')!r}.")


def _check_mentions(activity: Mapping[str, Any]) -> None:
    text = str(activity.get("text") or "")
    for entity in activity.get("entities") or []:
        if isinstance(entity, Mapping) and entity.get("type") == "mention" and str(entity.get("text")) not in text:
            raise bad_request("Mention entity does not match text")

"""What the bot may do in Teams' conversations, and what it is refused."""

import json
import re
from collections.abc import Mapping
from typing import Any

from simulators.teams.activities import timestamp
from simulators.teams.core import TeamsCore
from simulators.teams.world import Activity, Conversation

SIZE_MAX = 100 * 1024  # bytes, counted as UTF-16
CARD = "application/vnd.microsoft.card.adaptive"
CARDS = re.compile(r"application/vnd\.microsoft\.(card\.[a-z0-9.]+|teams\.[a-z0-9.]+)|image/[a-z+.-]+|text/html")
CARD_VERSION = re.compile(r"1\.[0-6]")


class TeamsRefusal(Exception):
    """An error answer of the Connector."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def create_conversation(core: TeamsCore, tenant: str, wanted: Mapping[str, Any]) -> tuple[Any, int]:
    """A chat with one person, or a new thread in a channel with its first message."""
    data = wanted.get("channelData") or {}
    told = {key.lower(): value for key, value in wanted.items()}  # names in any case: the SDK sends tenantID
    named = told.get("tenantid") or (data.get("tenant") or {}).get("id")
    if "channel" in data:
        return _start_thread(core, tenant, str(data["channel"].get("id")), wanted)
    if not named:
        raise TeamsRefusal(400, "BadSyntax", "Could not parse tenant id")
    members = wanted.get("members") or []
    if wanted.get("isGroup") or len(members) != 1:
        raise TeamsRefusal(400, "BadArgument", "Bots can create conversations with one member only.")
    if named != tenant:
        raise TeamsRefusal(403, "ForbiddenOperationException", "The tenant is not that of the service URL.")
    return _start_chat(core, tenant, str(members[0].get("id")), wanted.get("activity"))


def _start_chat(core: TeamsCore, tenant: str, person: str, first: Mapping[str, Any] | None) -> tuple[Any, int]:
    user = core.world.user(person, tenant_id=tenant)
    if user is None or person in (user.email, user.upn):  # neither works on the real service
        raise TeamsRefusal(404, "NotFound", "The user was not found.")
    teams = (team for team in core.world.teams.values() if team.installed and user.id in team.members)
    chat = core.world.personal(user)
    if chat is None or not chat.installed:
        if next(teams, None) is None:
            told = "Bot is not installed in user's personal scope"
            raise TeamsRefusal(403, "ForbiddenOperationException", told)
        chat = core.world.open_personal(user, installed=True)
    answer = {"id": chat.id}
    if first:
        answer["activityId"] = send(core, chat, first, root="", reply_to="")["id"]
    return answer, 201


def _start_thread(core: TeamsCore, tenant: str, channel_id: str, wanted: Mapping[str, Any]) -> tuple[Any, int]:
    conversation = core.world.conversations.get(channel_id)
    if conversation is None or conversation.kind != "channel" or conversation.tenant_id != tenant:
        raise TeamsRefusal(404, "ConversationNotFound", "Conversation not found.")
    if not core.world.bot_is_in(conversation):
        raise TeamsRefusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
    if not isinstance(wanted.get("activity"), Mapping):
        raise TeamsRefusal(400, "BadSyntax", "Incorrect conversation creation parameters: activity is missing")
    sent = send(core, conversation, wanted["activity"], root="", reply_to="")
    return {"id": f"{conversation.id};messageid={sent['id']}", "activityId": sent["id"]}, 201


def send(
    core: TeamsCore, conversation: Conversation, activity: Mapping[str, Any], *, root: str, reply_to: str
) -> Activity:
    """Take a message of the bot in; typing is shown and forgotten."""
    _check(activity)
    if conversation.blocked:
        raise TeamsRefusal(403, "MessageWritesBlocked", "Thread is blocked from message writes.")
    thread = _thread(conversation, root=root, reply_to=reply_to)
    fresh = core.world.millis()
    id = fresh if conversation.kind == "channel" else f"1:1{core.world.ids.secret(40)}"
    stored: Activity = {
        **activity, "id": id, "timestamp": timestamp(core.now()), "from": core.settings.account,
        "conversation": {"id": conversation.id, "tenantId": conversation.tenant_id},
        "channelId": "msteams", "_order": int(fresh), "_thread": thread or id, "_by_bot": True, "_views": {},
    }  # fmt: skip
    if reply_to:
        stored["replyToId"] = reply_to
    if activity["type"] == "typing":
        core.note("typing", conversation, stored)
        return stored
    core.world.store(conversation, stored)
    core.note("message", conversation, stored, author="bot")
    return stored


def _thread(conversation: Conversation, *, root: str, reply_to: str) -> str:
    """The root of the thread a message goes to; "" starts one (chats are one thread each)."""
    if reply_to and reply_to not in conversation.activities:
        raise TeamsRefusal(404, "ActivityNotFoundInConversation", "Message does not exist in the thread.")
    if conversation.kind != "channel":
        return conversation.id
    if root and root not in conversation.activities:
        raise TeamsRefusal(404, "ConversationNotFound", "Conversation not found.")
    return root or (str(conversation.activities[reply_to]["_thread"]) if reply_to else "")


def update(core: TeamsCore, conversation: Conversation, activity_id: str, new: Mapping[str, Any]) -> Activity:
    """Replace one of the bot's own messages; what single people were shown instead goes too."""
    if conversation.blocked:
        raise TeamsRefusal(403, "MessageWritesBlocked", "Thread is blocked from message writes.")
    stored = _own(conversation, activity_id)
    _check(new)
    kept = ("id", "timestamp", "from", "conversation", "channelId", "replyToId")
    private = {key: value for key, value in stored.items() if key.startswith("_")}
    identity = {key: stored[key] for key in kept if key in stored}
    stored.clear()
    stored |= {**new, **identity, **private, "_views": {}, "_edited": timestamp(core.now())}
    core.note("message_changed", conversation, stored, author="bot")
    return stored


def remove(core: TeamsCore, conversation: Conversation, activity_id: str) -> None:
    """Delete one of the bot's own messages."""
    stored = _own(conversation, activity_id)
    del conversation.activities[activity_id]
    core.note("message_deleted", conversation, stored, author="bot")


def _own(conversation: Conversation, activity_id: str) -> Activity:
    stored = conversation.activities.get(activity_id)
    if stored is None:
        raise TeamsRefusal(404, "ActivityNotFoundInConversation", "Message does not exist in the thread.")
    if not stored["_by_bot"]:
        raise TeamsRefusal(403, "NotEnoughPermissions", "The bot may only change its own messages.")
    return stored


def _check(activity: Mapping[str, Any]) -> None:
    kind = activity.get("type")
    if kind not in ("message", "typing"):
        raise TeamsRefusal(400, "BadArgument", f"Unknown activity type {kind!r}.")
    if len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le")) > SIZE_MAX:
        raise TeamsRefusal(413, "MessageSizeTooBig", "Message size too large.")
    attachments = activity.get("attachments") or []
    if kind == "message" and not activity.get("text") and not attachments:
        raise TeamsRefusal(400, "BadSyntax", "A message needs text or attachments.")
    for attachment in attachments:
        _check_attachment(attachment)


def _check_attachment(attachment: object) -> None:
    kind = attachment.get("contentType") if isinstance(attachment, Mapping) else None
    if not isinstance(attachment, Mapping) or not isinstance(kind, str) or not CARDS.fullmatch(kind):
        raise TeamsRefusal(400, "BadSyntax", f"Unknown attachment type {kind!r}.")
    if kind != CARD:
        return
    card = attachment.get("content")
    if not isinstance(card, Mapping) or card.get("type") != "AdaptiveCard":
        raise TeamsRefusal(400, "BadSyntax", "The content is no Adaptive Card.")
    if not CARD_VERSION.fullmatch(str(card.get("version"))):
        raise TeamsRefusal(400, "BadSyntax", f"Unknown Adaptive Card version {card.get('version')!r}.")

"""The bot's acts in conversations: post, update, delete, and open conversations."""

from collections.abc import Mapping
from typing import Any

from simulators.teams.activities import timestamp
from simulators.teams.cards import CARD, problems
from simulators.teams.checks import check
from simulators.teams.core import TeamsCore
from simulators.teams.refusals import SPLIT, TeamsRefusal, bad_request, refusal
from simulators.teams.splitting import messages_of
from simulators.teams.world import Activity, Conversation


def create_conversation(core: TeamsCore, tenant: str, wanted: Mapping[str, Any]) -> tuple[Any, int]:
    """A chat with one person, or a new thread in a channel with its first message."""
    data = wanted.get("channelData") or {}
    told = {key.lower(): value for key, value in wanted.items()}  # names in any case: the SDK sends tenantID
    named = told.get("tenantid") or (data.get("tenant") or {}).get("id")
    if "channel" in data:
        return _start_thread(core, tenant, str(data["channel"].get("id")), wanted)
    if not named:
        raise bad_request("Could not parse tenant id")
    members = wanted.get("members") or []
    if wanted.get("isGroup") or len(members) != 1:
        raise bad_request("Bots can create conversations with one member only.", code="BadArgument")
    if named != tenant:
        told_why = "The tenant is not that of the service URL."
        raise TeamsRefusal(403, "ForbiddenOperationException", told_why)
    return _start_chat(core, tenant, str(members[0].get("id")), wanted.get("activity"))


def _start_chat(core: TeamsCore, tenant: str, person: str, first: Mapping[str, Any] | None) -> tuple[Any, int]:
    user = core.world.user(person, tenant_id=tenant)
    if user is None or person in (user.email, user.upn):  # neither works on the real service
        raise TeamsRefusal(404, "NotFound", "The user was not found.")
    teams = (team for team in core.world.teams.values() if team.installed and user.id in team.members)
    chat = core.world.personal(user)
    if chat is None or not chat.installed:
        if next(teams, None) is None:
            raise refusal("ForbiddenOperationException")
        chat = core.world.open_personal(user, installed=True)
        chat.installed = True
    answer = {"id": chat.id}
    if first:
        answer["activityId"] = _first_message(core, chat, first)["id"]
    return answer, 201


def _start_thread(core: TeamsCore, tenant: str, channel_id: str, wanted: Mapping[str, Any]) -> tuple[Any, int]:
    conversation = core.world.conversations.get(channel_id)
    if conversation is None or conversation.kind != "channel" or conversation.tenant_id != tenant:
        raise refusal("ConversationNotFound")
    if not core.world.bot_is_in(conversation):
        raise refusal("BotNotInConversationRoster")
    if not isinstance(wanted.get("activity"), Mapping):
        raise bad_request("Incorrect conversation creation parameters: activity is missing")
    sent = _first_message(core, conversation, wanted["activity"])
    return {"id": f"{conversation.id};messageid={sent['id']}", "activityId": sent["id"]}, 201


def _first_message(core: TeamsCore, conversation: Conversation, first: Mapping[str, Any]) -> Activity:
    if len(messages_of(first)) > 1:
        raise bad_request(SPLIT)
    return send(core, conversation, first, root="", reply_to="")[0]


def send(
    core: TeamsCore, conversation: Conversation, activity: Mapping[str, Any], *, root: str, reply_to: str
) -> list[Activity]:
    """Accept an activity of the bot and return the resulting messages; typing is shown and not stored."""
    check(activity)
    _refuse_blocked(conversation)
    thread = _thread(conversation, root=root, reply_to=reply_to)
    if activity["type"] == "typing":
        typing = _stored(core, conversation, activity, thread=thread, reply_to=reply_to)
        core.note("typing", conversation, typing)
        return [typing]
    posted = []
    for part in messages_of(activity):
        stored = _stored(core, conversation, part, thread=thread, reply_to=reply_to)
        core.world.store(conversation, stored)
        core.note("message", conversation, stored, author="bot")
        posted.append(stored)
    return posted


def _stored(
    core: TeamsCore, conversation: Conversation, part: Mapping[str, Any], *, thread: str, reply_to: str
) -> Activity:
    id = core.world.millis()
    stored: Activity = {
        **part, "id": id, "timestamp": timestamp(core.now()), "from": core.settings.account,
        "conversation": {"id": conversation.id, "tenantId": conversation.tenant_id},
        "channelId": "msteams", "_order": int(id), "_thread": thread or id, "_by_bot": True, "_views": {},
        "_card_problems": card_problems(part), "_legacy": f"1:1{core.world.ids.secret(40)}",
    }  # fmt: skip
    return stored | ({"replyToId": reply_to} if reply_to else {})


def card_problems(message: Mapping[str, Any]) -> list[str]:
    """The reasons why people see an error text instead of the message's Adaptive Card; empty if they see it."""
    cards = [a["content"] for a in message.get("attachments") or [] if a["contentType"] == CARD]
    return [problem for card in cards for problem in problems(card)]


def _refuse_blocked(conversation: Conversation) -> None:
    if conversation.blocked:
        raise refusal(conversation.blocked)


def _thread(conversation: Conversation, *, root: str, reply_to: str) -> str:
    """The root of a message's thread; "" starts one (a chat is one thread)."""
    for named in (reply_to, root):
        if named and named not in conversation.activities:
            raise refusal("ActivityNotFoundInConversation")
    if conversation.kind != "channel":
        return conversation.id
    return root or (str(conversation.activities[reply_to]["_thread"]) if reply_to else "")


def update(core: TeamsCore, conversation: Conversation, activity_id: str, new: Mapping[str, Any]) -> Activity:
    """Replace one of the bot's own messages; cards replaced for single people are dropped too."""
    _refuse_blocked(conversation)
    stored = _own(conversation, activity_id)
    check(new)
    if len(messages_of(new)) > 1:
        raise bad_request(SPLIT)
    kept = ("id", "timestamp", "from", "conversation", "channelId", "replyToId")
    private = {key: value for key, value in stored.items() if key.startswith("_")}
    identity = {key: stored[key] for key in kept if key in stored}
    stored.clear()
    stored |= {**new, **identity, **private, "_views": {}, "_edited": timestamp(core.now())}
    stored["_card_problems"] = card_problems(new)
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
        raise refusal("ActivityNotFoundInConversation")
    if not stored["_by_bot"]:
        raise refusal("NotEnoughPermissions")
    return stored

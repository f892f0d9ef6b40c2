"""Web API methods that write: messages, ephemerals, reactions."""

import json
import re
from collections.abc import Mapping
from typing import Any

from simulators.slack.blocks import completed, message_faults, too_long
from simulators.slack.core import SlackCore
from simulators.slack.limits import SPECIAL
from simulators.slack.shapes import (
    changed_event,
    deleted_event,
    is_stranger,
    message_event,
    reaction_event,
)
from simulators.slack.web import Call, SlackRefusal, method
from simulators.slack.world import Message, SlackChannel, Workspace

TEXT_MAX = 40_000
UPDATE_TEXT_MAX = 4_000
ATTACHMENTS_MAX = 100
METADATA_MAX = 16_000
SYSTEM_SUBTYPES = {"channel_join", "channel_leave", "channel_topic", "channel_name", "group_join"}
_TS = re.compile(r"\d{10}\.\d{6}")


@method("chat.postMessage", scope="chat:write", tier=SPECIAL, takes_json=True)
def chat_post_message(call: Call) -> dict[str, Any]:
    """Post a message as the bot, its text cut at 40,000 characters; the answer has its ts and the stored message."""
    channel = _writable(call)
    content, warnings = _content(call)
    message = _post(call, channel, content | _thread(call, channel))
    answer: dict[str, Any] = {
        "channel": channel.id, "ts": message["ts"], "message": call.world.thread_view(channel, message),
    }  # fmt: skip
    if warnings:
        answer |= {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}}
    return answer


@method("chat.update", scope="chat:write", tier=3, takes_json=True)
def chat_update(call: Call) -> dict[str, Any]:
    """Change one of the bot's own messages; text alone removes the old blocks. Refused in an archived channel."""
    channel = call.channel()
    if channel.is_archived:
        raise SlackRefusal("is_inactive")
    message = channel.messages.get(call.need("ts"))
    if message is None or message.get("subtype") == "tombstone":
        raise SlackRefusal("message_not_found")
    if message.get("bot_id") != call.workspace.bot_id:
        raise SlackRefusal("cant_update_message")
    if len(call.text("text")) > UPDATE_TEXT_MAX:
        raise SlackRefusal("msg_too_long")
    content, _ = _content(call)
    previous = dict(message)
    if "text" in content and "blocks" not in call.args:
        message.pop("blocks", None)
    message.update({key: value for key, value in content.items() if value not in ("", None)})
    if "blocks" not in content:
        message["edited"] = {"user": call.workspace.bot_user_id, "ts": call.world.ts()}
    _announce_change(call, channel, message, previous)
    shown = call.world.thread_view(channel, message)
    return {"channel": channel.id, "ts": message["ts"], "text": message.get("text", ""), "message": shown}


def _announce_change(call: Call, channel: SlackChannel, message: Message, previous: Message) -> None:
    call.core.note("message_changed", channel, message)
    if call.core.echo_bot_messages:
        event = changed_event(channel, message=message, previous=previous, ts=call.world.ts())
        call.core.emit(channel, event, wait=False)


@method("chat.delete", scope="chat:write", tier=3, takes_json=True)
def chat_delete(call: Call) -> dict[str, Any]:
    """Delete one of the bot's own messages; if it has replies, a tombstone remains."""
    channel = call.channel()
    message = channel.messages.get(call.need("ts"))
    if message is None or message.get("subtype") == "tombstone":
        raise SlackRefusal("message_not_found")
    if message.get("bot_id") != call.workspace.bot_id:
        raise SlackRefusal("cant_delete_message")
    events = remove_message(call.core, channel, message)
    if call.core.echo_bot_messages:
        for event in events:
            call.core.emit(channel, event, wait=False)
    return {"channel": channel.id, "ts": message["ts"]}


def remove_message(core: SlackCore, channel: SlackChannel, message: Message) -> list[dict[str, Any]]:
    """Remove a message and return the events for it.

    If it has replies, a tombstone remains, which is removed with the last of them (slack-edge/slack-edge#10,
    hackclub/toriel#238).
    """
    previous, parent = dict(message), core.world.parent(channel, message)
    core.note("message_deleted", channel, message)
    if channel.replies(message["ts"]):
        stone = _tombstone(core, channel, message)
        return [changed_event(channel, message=stone, previous=previous, ts=core.world.ts())]
    del channel.messages[message["ts"]]
    events = [deleted_event(channel, previous=previous, ts=core.world.ts())]
    if parent is not None and parent.get("subtype") == "tombstone" and not channel.replies(parent["ts"]):
        del channel.messages[parent["ts"]]
        empty = {"reply_count": 0, "reply_users_count": 0, "latest_reply": "0000000000.000000", "reply_users": []}
        events.append(deleted_event(channel, previous=parent | empty, ts=core.world.ts()))
    return events


def _tombstone(core: SlackCore, channel: SlackChannel, message: Message) -> Message:
    stone: Message = {
        "type": "message", "subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT",
        "hidden": True, "ts": message["ts"], "thread_ts": message["ts"], "parent_user_id": "USLACKBOT",
    }  # fmt: skip
    channel.messages[message["ts"]] = stone
    return core.world.thread_view(channel, stone)


@method("chat.postEphemeral", scope="chat:write", tier=4, takes_json=True)
def chat_post_ephemeral(call: Call) -> dict[str, Any]:
    """Show a message to one person of a conversation, if they can see it: the answer is ok in every case."""
    channel = _writable(call)
    user = call.need("user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    if len(call.text("text")) > TEXT_MAX:
        raise SlackRefusal("msg_too_long")
    content, _ = _content(call)
    author = {"user": call.workspace.bot_user_id, "bot_id": call.workspace.bot_id}
    message = ephemeral(call.core, channel, user, author | content | _thread(call, channel))
    return {"message_ts": message["ts"]}


def ephemeral(core: SlackCore, channel: SlackChannel, user: str, content: Mapping[str, Any]) -> Message:
    """Send a message visible to one person; the feed records whether that person sees it."""
    message: Message = {
        "type": "message", "ts": core.world.ts(), **content, "_for": user, "is_ephemeral": True,
    }  # fmt: skip
    channel.ephemerals.append(message)
    core.note("ephemeral", channel, message, user=user, seen=core.screens.show(user, channel, message))
    return message


@method("chat.getPermalink", tier=SPECIAL)
def chat_get_permalink(call: Call) -> dict[str, Any]:
    """Return the address of a message for people."""
    channel = call.channel()
    message = channel.messages.get(call.need("message_ts"))
    if message is None:
        raise SlackRefusal("message_not_found")
    place = f"https://{call.workspace.domain}.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    parent = call.world.parent(channel, message)
    query = f"?thread_ts={parent['ts']}&cid={channel.id}" if parent else ""
    return {"channel": channel.id, "permalink": place + query}


@method("reactions.add", scope="reactions:write", tier=3, takes_json=True)
def reactions_add(call: Call) -> dict[str, Any]:
    """Add an emoji to a message as the bot."""
    channel, message, name = _reaction(call)
    if not toggle_reaction(message, name, call.workspace.bot_user_id, on=True):
        raise SlackRefusal("already_reacted")
    call.core.note("message_changed", channel, message)
    if call.core.echo_bot_messages:
        told = reaction_event(
            channel, message, name=name, user=call.workspace.bot_user_id, ts=call.world.ts(), added=True
        )
        call.core.emit(channel, told, wait=False)
    return {}


@method("reactions.remove", scope="reactions:write", tier=2, takes_json=True)
def reactions_remove(call: Call) -> dict[str, Any]:
    """Remove the bot's emoji from a message."""
    channel, message, name = _reaction(call)
    if not toggle_reaction(message, name, call.workspace.bot_user_id, on=False):
        raise SlackRefusal("no_reaction")
    call.core.note("message_changed", channel, message)
    return {}


def _reaction(call: Call) -> tuple[SlackChannel, Message, str]:
    name = call.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'\-]+", name):
        raise SlackRefusal("invalid_name")
    channel = call.channel()
    message = channel.messages.get(call.text("timestamp"))
    if message is None:
        raise SlackRefusal("message_not_found")
    return channel, message, name


def toggle_reaction(message: Message, name: str, user: str, *, on: bool) -> bool:
    """Add or remove one person's emoji; returns False if there was nothing to change."""
    reactions = message.setdefault("reactions", [])
    found = next((r for r in reactions if r["name"] == name), None)
    if (found is not None and user in found["users"]) == on:
        return False
    if found is None:
        found = {"name": name, "users": [], "count": 0}
        reactions.append(found)
    found["users"] = [*found["users"], user] if on else [u for u in found["users"] if u != user]
    found["count"] = len(found["users"])
    message["reactions"] = [r for r in reactions if r["count"]]
    return True


def _writable(call: Call) -> SlackChannel:
    channel = _addressed(call)
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    joined = call.workspace.bot_user_id in channel.members
    if not joined and "chat:write.public" not in call.workspace.scopes:
        raise SlackRefusal("not_in_channel")
    person = call.world.users.get(channel.user)
    if channel.kind == "im" and (person is None or person.is_bot):
        raise SlackRefusal("cannot_dm_bot")
    if person is not None and person.deleted:
        raise SlackRefusal("user_disabled")
    if channel.kind == "im" and not call.core.settings.messages_tab:
        raise SlackRefusal("messages_tab_disabled")
    return channel


def _addressed(call: Call) -> SlackChannel:
    """The conversation by its id, by a person's id, or by the name of a public channel."""
    wanted = call.need("channel")
    person = call.world.users.get(wanted)
    if person is not None and not is_stranger(person, call.workspace):
        if person.is_bot:
            raise SlackRefusal("cannot_dm_bot")
        return call.world.im(call.workspace.team_id, person.id)
    named = [
        channel for channel in call.world.channels_of(call.workspace.team_id)
        if channel.kind == "channel" and channel.name == wanted.removeprefix("#")
    ]  # fmt: skip
    return named[0] if named else call.channel()


def _thread(call: Call, channel: SlackChannel) -> dict[str, Any]:
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return {}
    if not isinstance(call.args["thread_ts"], str) or not _TS.fullmatch(thread_ts):
        told = f"[ERROR] {thread_ts} is not a valid thread_ts"
        raise SlackRefusal("invalid_thread_ts", response_metadata={"messages": [told]})
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise SlackRefusal("thread_not_found")
    if parent.get("subtype") in SYSTEM_SUBTYPES or call.world.parent(channel, parent):
        raise SlackRefusal("cannot_reply_to_message")
    broadcast = {"subtype": "thread_broadcast"} if call.flag("reply_broadcast") else {}
    return {"thread_ts": thread_ts} | broadcast


def _content(call: Call) -> tuple[dict[str, Any], list[str]]:
    blocks = call.structure("blocks", error="invalid_blocks_format")
    attachments = call.structure("attachments", error="invalid_attachments")
    text, warnings = call.text("text"), []
    if not text and not blocks and not attachments:
        raise SlackRefusal("no_text")
    if len(text) > TEXT_MAX:
        text, warnings = text[:TEXT_MAX], ["message_truncated"]
    if attachments and len(attachments) > ATTACHMENTS_MAX:
        raise SlackRefusal("too_many_attachments")
    content: dict[str, Any] = {"text": text}
    if blocks is not None:
        content["blocks"] = checked_blocks(blocks, call)
    if attachments:
        content["attachments"] = [{"id": n, **a} for n, a in enumerate(attachments, 1)]
    metadata = _metadata(call)
    return content | ({"metadata": metadata} if metadata else {}), warnings


def checked_blocks(blocks: Any, call: Call) -> list[dict[str, Any]]:
    """Blocks as stored, each with a block_id; raises the error of invalid ones."""
    if not isinstance(blocks, list):
        raise SlackRefusal("invalid_blocks_format")
    faults = message_faults(blocks)
    if faults:
        errors = [fault.removeprefix("[ERROR] ") for fault in faults]
        raise SlackRefusal("invalid_blocks", errors=errors, response_metadata={"messages": faults})
    if too_long(blocks):
        raise SlackRefusal("msg_blocks_too_long")
    return completed(blocks, call.world.ids)


def _metadata(call: Call) -> dict[str, Any] | None:
    metadata = call.structure("metadata", error="invalid_metadata_format")
    if metadata is None:
        return None
    shaped = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not shaped or not isinstance(metadata.get("event_payload"), dict):
        raise SlackRefusal("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_MAX:
        raise SlackRefusal("metadata_too_large")
    return dict(metadata)


def _post(call: Call, channel: SlackChannel, content: Mapping[str, Any]) -> Message:
    return post_as_bot(call.core, call.workspace, channel, dict(content) | _authorship(call))


def _authorship(call: Call) -> dict[str, Any]:
    if "chat:write.customize" not in call.workspace.scopes:
        return {}
    icons = {key: call.text(f"icon_{key}") for key in ("emoji", "url") if call.text(f"icon_{key}")}
    name = call.text("username")
    return ({"username": name} if name else {}) | ({"icons": icons} if icons else {})


def post_as_bot(core: SlackCore, workspace: Workspace, channel: SlackChannel, content: Mapping[str, Any]) -> Message:
    """Store a message of the app's bot, add it to the feed, and send its event to the app, as Slack does."""
    author = {
        "user": workspace.bot_user_id, "bot_id": workspace.bot_id, "app_id": core.world.app_id,
        "team": workspace.team_id,
        "bot_profile": {
            "id": workspace.bot_id, "app_id": core.world.app_id, "name": core.world.app_name,
            "team_id": workspace.team_id, "deleted": False,
        },
    }  # fmt: skip
    message: Message = core.world.add_message(channel, author | dict(content))
    core.note("message", channel, message, author="bot")
    if core.echo_bot_messages:
        core.emit(channel, message_event(core.world, channel, message), wait=False)
    return message

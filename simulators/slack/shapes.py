"""The JSON that Slack sends: users, channels, files, events and their envelopes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.slack.world import (
    Message,
    SlackChannel,
    SlackFile,
    SlackUser,
    SlackWorld,
    Workspace,
)

CHANNEL_TYPE_LETTER = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}
EVENT_SCOPES = {
    "app_mention": "app_mentions:read", "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read", "file_shared": "files:read", "team_rename": "team:read",
    "user_change": "users:read", "team_join": "users:read", "member_joined_channel": "channels:read",
    "channel_archive": "channels:read", "channel_unarchive": "channels:read",
}  # fmt: skip
MESSAGE_SCOPES = {
    "channel": "channels:history", "group": "groups:history", "im": "im:history", "mpim": "mpim:history",
}  # fmt: skip


def user_json(user: SlackUser, *, viewer: Workspace, at: datetime, with_locale: bool = False) -> dict[str, Any]:
    """A user as users.info gives it; another company's people come without their address."""
    offset = at.astimezone(ZoneInfo(user.tz)).utcoffset()
    first, _, last = user.real_name.partition(" ")
    stranger = user.team_id != viewer.team_id
    profile = {
        "real_name": user.real_name, "real_name_normalized": user.real_name, "display_name": user.name,
        "display_name_normalized": user.name, "first_name": first, "last_name": last,
        "team": user.team_id, "status_text": "", "status_emoji": "", "title": "", "phone": "",
    }  # fmt: skip
    if not stranger and not user.is_bot and "users:read.email" in viewer.scopes:
        profile["email"] = user.email
    shown: dict[str, Any] = {
        "id": user.id, "team_id": user.team_id, "name": user.name, "deleted": user.deleted,
        "real_name": user.real_name, "tz": user.tz, "tz_label": user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0, "profile": profile,
        "is_admin": user.is_admin, "is_owner": False, "is_primary_owner": False,
        "is_restricted": False, "is_ultra_restricted": False, "is_bot": user.is_bot,
        "is_app_user": False, "updated": int(at.timestamp()), "is_email_confirmed": not user.is_bot,
    }  # fmt: skip
    if stranger:
        shown["is_stranger"] = True
    if with_locale:
        shown["locale"] = user.locale
    return shown


def channel_json(channel: SlackChannel, *, viewer: Workspace) -> dict[str, Any]:
    """A conversation as conversations.info gives it to a workspace's bot."""
    shown: dict[str, Any] = {
        "id": channel.id, "created": 1_700_000_000, "is_archived": channel.is_archived,
        "is_im": channel.kind == "im", "is_mpim": channel.kind == "mpim", "is_org_shared": False,
        "context_team_id": viewer.team_id, "updated": 1_700_000_000_000,
    }  # fmt: skip
    if channel.kind == "im":
        return shown | {"user": channel.user, "is_open": True}
    return shown | {
        "name": channel.name, "name_normalized": channel.name, "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group", "is_private": channel.kind != "channel",
        "is_general": False, "is_shared": channel.is_ext_shared, "is_ext_shared": channel.is_ext_shared,
        "shared_team_ids": channel.team_ids, "is_member": viewer.bot_user_id in channel.members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }  # fmt: skip


def file_json(file: SlackFile, *, base: str, domain: str) -> dict[str, Any]:
    """A file object; its private addresses lie under `base` (no slash at its end)."""
    private = f"{base}/files-pri/{file.team_id}-{file.id}"
    return {
        "id": file.id, "created": file.created, "timestamp": file.created, "name": file.name,
        "title": file.title, "mimetype": file.mimetype, "filetype": file.name.rpartition(".")[2].lower(),
        "user": file.user, "user_team": file.team_id, "editable": False, "size": len(file.content),
        "mode": "hosted", "is_external": False, "is_public": False, "username": "",
        "url_private": f"{private}/{file.name}", "url_private_download": f"{private}/download/{file.name}",
        "permalink": f"https://{domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "has_rich_preview": False, "file_access": "visible",
    }  # fmt: skip


def shares_json(file: SlackFile, channels: Mapping[str, SlackChannel]) -> dict[str, Any]:
    """Where a file has been shared, by public and private channels, as files.info gives it."""
    shares: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for channel_id, ts in file.shares:
        side = "public" if channels[channel_id].kind == "channel" else "private"
        thread_ts = channels[channel_id].messages.get(ts, {}).get("thread_ts")
        entry = {"ts": ts, "channel_name": channels[channel_id].name, "team_id": file.team_id}
        shares.setdefault(side, {}).setdefault(channel_id, []).append(
            entry | ({"thread_ts": thread_ts} if thread_ts else {})
        )
    return shares


def message_event(world: SlackWorld, channel: SlackChannel, message: Message) -> dict[str, Any]:
    """The event for a new message."""
    shown = {key: value for key, value in message.items() if not key.startswith("_")}
    parent = world.parent(channel, message)
    return (
        shown
        | ({"parent_user_id": parent["user"]} if parent is not None else {})
        | {"channel": channel.id, "event_ts": message["ts"], "channel_type": channel.kind}
        | connect_fields(channel, str(message.get("team", "")))
    )


def connect_fields(channel: SlackChannel, author_team: str) -> dict[str, Any]:
    """What an event in a channel shared with another company says of its author."""
    if not channel.is_ext_shared or not author_team:
        return {}
    return {"user_team": author_team, "source_team": author_team}


def mention_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The app_mention that goes with a message event: same ts, no channel_type."""
    dropped = {"type", "channel_type", "subtype"}
    return {"type": "app_mention"} | {key: value for key, value in event.items() if key not in dropped}


def changed_event(channel: SlackChannel, *, message: Message, previous: Message, ts: str) -> dict[str, Any]:
    """The message_changed event: an edit, an unfurl, or a parent that became a tombstone."""
    return {
        "type": "message", "subtype": "message_changed", "message": message, "previous_message": previous,
        "channel": channel.id, "hidden": True, "ts": ts, "event_ts": ts, "channel_type": channel.kind,
    }  # fmt: skip


def deleted_event(channel: SlackChannel, *, previous: Message, ts: str) -> dict[str, Any]:
    """The message_deleted event."""
    return {
        "type": "message", "subtype": "message_deleted", "previous_message": previous,
        "deleted_ts": previous["ts"], "channel": channel.id, "hidden": True, "ts": ts, "event_ts": ts,
        "channel_type": channel.kind,
    }  # fmt: skip


def reaction_event(
    channel: SlackChannel, message: Message, *, name: str, user: str, ts: str, added: bool
) -> dict[str, Any]:
    """The event for an emoji put on a message or taken off; it names the message, not its text."""
    return {
        "type": "reaction_added" if added else "reaction_removed", "user": user, "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
        "item_user": message["user"], "event_ts": ts,
    }  # fmt: skip


def scope_needed(event: Mapping[str, Any]) -> str | None:
    """The bot scope without which Slack does not send this event."""
    if event["type"] == "message":
        return MESSAGE_SCOPES[str(event["channel_type"])]
    return EVENT_SCOPES.get(str(event["type"]))


def envelope(
    world: SlackWorld, workspace: Workspace, event: Mapping[str, Any], *, token: str, shared: bool
) -> dict[str, Any]:
    """The event_callback around an event, with an id of its own."""
    bot = {
        "enterprise_id": None, "team_id": workspace.team_id, "user_id": workspace.bot_user_id,
        "is_bot": True, "is_enterprise_install": False,
    }  # fmt: skip
    return {
        "token": token, "team_id": workspace.team_id, "context_team_id": workspace.team_id,
        "context_enterprise_id": None, "api_app_id": world.app_id, "event": dict(event),
        "type": "event_callback", "event_id": world.ids.upper("Ev"),
        "event_time": int(world.now().timestamp()), "authorizations": [bot],
        "is_ext_shared_channel": shared, "event_context": f"4-{world.ids.secret(40)}",
    }  # fmt: skip

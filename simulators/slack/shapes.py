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


def user_json(user: SlackUser, *, viewer: Workspace, at: datetime, with_locale: bool = False) -> dict[str, Any]:
    """A user as users.info shows it to a workspace; other companies' people are strangers without an address."""
    stranger = is_stranger(user, viewer)
    profile = _profile(user)
    if not stranger and not user.is_bot and user.email and "users:read.email" in viewer.scopes:
        profile["email"] = user.email
    offset = at.astimezone(ZoneInfo(user.tz)).utcoffset()
    shown: dict[str, Any] = {
        "id": user.id, "team_id": user.team_id, "name": user.name, "deleted": user.deleted,
        "real_name": user.real_name, "tz": user.tz, "tz_label": user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0, "profile": profile,
        "is_admin": user.is_admin, "is_owner": False, "is_primary_owner": False,
        "is_restricted": user.is_restricted, "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot, "is_app_user": False, "updated": int(at.timestamp()),
        "is_email_confirmed": not user.is_bot,
    }  # fmt: skip
    if stranger:
        shown["is_stranger"] = True
    if user.enterprise_id:
        shown["enterprise_user"] = {
            "id": user.id, "enterprise_id": user.enterprise_id, "is_admin": False, "is_owner": False,
            "is_primary_owner": False,
            "teams": list(dict.fromkeys([user.team_id, *user.teams])),
        }  # fmt: skip
    if with_locale:
        shown["locale"] = user.locale
    return shown


def is_stranger(user: SlackUser, viewer: Workspace) -> bool:
    """Whether a person is of another company, which shares a channel with the workspace."""
    same_organization = bool(user.enterprise_id) and user.enterprise_id == viewer.enterprise_id
    return not user.is_in(viewer.team_id) and not same_organization


def _profile(user: SlackUser) -> dict[str, Any]:
    first, _, last = user.real_name.partition(" ")
    return {
        "real_name": user.real_name, "real_name_normalized": user.real_name,
        "display_name": user.display_name, "display_name_normalized": user.display_name,
        "first_name": first, "last_name": last, "team": user.team_id,
        "status_text": "", "status_emoji": "", "title": "", "phone": "",
    }  # fmt: skip


def channel_json(channel: SlackChannel, *, viewer: Workspace) -> dict[str, Any]:
    """A conversation as conversations.info shows it to a workspace's bot."""
    shown: dict[str, Any] = {
        "id": channel.id, "created": 1_700_000_000, "is_archived": channel.is_archived,
        "is_im": channel.kind == "im", "is_mpim": channel.kind == "mpim",
        "is_org_shared": channel.is_org_shared,
        "context_team_id": viewer.team_id, "updated": 1_700_000_000_000,
    }  # fmt: skip
    if channel.kind == "im":
        return shown | {"user": channel.user, "is_open": True}
    return shown | {
        "name": channel.name, "name_normalized": channel.name, "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group", "is_private": channel.kind != "channel",
        "is_general": False, "is_shared": bool(channel.shared_with), "is_ext_shared": channel.is_ext_shared,
        "conversation_host_id": channel.team_id, "shared_team_ids": channel.team_ids,
        "is_member": viewer.bot_user_id in channel.members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }  # fmt: skip


def file_json(file: SlackFile, *, base: str, domain: str) -> dict[str, Any]:
    """A file object; its private addresses are under `base` (no trailing slash), or at its external host."""
    private = f"{base}/files-pri/{file.team_id}-{file.id}"
    shown = {
        "id": file.id, "created": file.created, "timestamp": file.created, "name": file.name,
        "title": file.title, "mimetype": file.mimetype, "filetype": file.name.rpartition(".")[2].lower(),
        "user": file.user, "user_team": file.team_id, "editable": False, "size": len(file.content),
        "mode": "hosted", "is_external": False, "external_type": "", "is_public": False,
        "public_url_shared": False, "display_as_bot": False, "username": "",
        "url_private": f"{private}/{file.name}", "url_private_download": f"{private}/download/{file.name}",
        "permalink": f"https://{domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "has_rich_preview": False, "file_access": "visible",
    }  # fmt: skip
    if file.external_url:
        del shown["url_private_download"]
        shown |= {
            "mode": "external", "is_external": True, "external_type": "gdrive", "external_id": file.id,
            "external_url": file.external_url, "url_private": file.external_url, "size": 0,
        }  # fmt: skip
    if "transcription" in file.more:
        shown["vtt"] = f"{base}/files-tmb/{file.team_id}-{file.id}/file.vtt"
    return shown | {key: value for key, value in file.more.items() if not key.startswith("_")}


def shares_json(file: SlackFile, channels: Mapping[str, SlackChannel]) -> dict[str, Any]:
    """The shares of a file, by public and private channels, as in files.info."""
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
    """The event for a new message; a reply that is also shown in the channel includes its parent message."""
    shown = plain(message)
    parent = world.parent(channel, message)
    if parent is not None:
        shown["parent_user_id"] = parent.get("user", "")
    if parent is not None and message.get("subtype") == "thread_broadcast":
        shown["root"] = world.thread_view(channel, parent)
    placed = {"channel": channel.id, "event_ts": message["ts"], "channel_type": channel.kind}
    return shown | placed | team_fields(channel, str(message.get("team") or message.get("_team") or ""))


def plain(message: Message) -> Message:
    """A message without the server's internal keys."""
    return {key: value for key, value in message.items() if not key.startswith("_")}


def team_fields(channel: SlackChannel, author_team: str) -> dict[str, Any]:
    """The fields for the author in a channel of several workspaces: `user_team` and `source_team`.

    Source: api.slack.com/enterprise/grid/developing and slack-go/slack#695 (in channels shared between workspaces).
    """
    if not channel.shared_with or not author_team:
        return {}
    return {"user_team": author_team, "source_team": author_team}


def mention_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The app_mention for a message event: same ts, no channel_type."""
    dropped = {"type", "channel_type", "subtype"}
    return {"type": "app_mention"} | {key: value for key, value in event.items() if key not in dropped}


def changed_event(channel: SlackChannel, *, message: Message, previous: Message, ts: str) -> dict[str, Any]:
    """The message_changed event: an edit, an unfurl, a language that was detected, or a parent that became a tombstone.

    The current message includes its author's workspace (slackapi/bolt-js, payloads of edited messages).
    """
    team = message.get("team")
    now = plain(message) | ({"user_team": team, "source_team": team} if team else {})
    return {
        "type": "message", "subtype": "message_changed", "message": now, "previous_message": plain(previous),
        "channel": channel.id, "hidden": True, "ts": ts, "event_ts": ts, "channel_type": channel.kind,
    }  # fmt: skip


def deleted_event(channel: SlackChannel, *, previous: Message, ts: str) -> dict[str, Any]:
    """The message_deleted event."""
    return {
        "type": "message", "subtype": "message_deleted", "previous_message": plain(previous),
        "deleted_ts": previous["ts"], "channel": channel.id, "hidden": True, "ts": ts, "event_ts": ts,
        "channel_type": channel.kind,
    }  # fmt: skip


def reaction_event(
    channel: SlackChannel, message: Message, *, name: str, user: str, ts: str, added: bool
) -> dict[str, Any]:
    """The event for an emoji added or removed; it has the message's ts, not its text."""
    return {
        "type": "reaction_added" if added else "reaction_removed", "user": user, "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
        "item_user": message.get("user", ""), "event_ts": ts,
    }  # fmt: skip

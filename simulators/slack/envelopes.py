"""The envelope around an event: its installation, and the scope and subscription that it needs.

Sources: docs.slack.dev/apis/events-api ("authorizations" holds at most one installation; the others are listed by
apps.event.authorizations.list) and the pages of the events (scopes). In a channel shared with another company `team_id`
is the workspace that owns the channel, so the installation is `authorizations[0]` (slackapi/bolt-js#687 and #935;
slackapi/bolt-python, request/internals.py), an event is sent once however many companies have the app in the channel
(docs.slack.dev/apis/slack-connect: no duplicated events), and it is for the one whose bot joined last
(slackapi/bolt-js#2008). `team_id` of an authorization is null for an organization's installation (bolt-python, tests of
org apps).
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from simulators.slack.world import SlackChannel, SlackWorld, Workspace

CHANNEL_TYPE_LETTER = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}
EVENT_SCOPES = {
    "app_mention": "app_mentions:read", "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read", "file_shared": "files:read", "file_change": "files:read",
    "team_rename": "team:read", "user_change": "users:read", "team_join": "users:read",
    "channel_left": "channels:read", "group_left": "groups:read",
}  # fmt: skip
BY_PRIVACY = {
    "member_joined_channel", "member_left_channel", "channel_archive", "channel_unarchive", "channel_rename",
    "channel_shared", "channel_unshared",
}  # fmt: skip
MESSAGE_SCOPES = {
    "channel": "channels:history", "group": "groups:history", "im": "im:history", "mpim": "mpim:history",
}  # fmt: skip
MESSAGE_SUBSCRIPTIONS = {
    "channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim",
}  # fmt: skip
VERSION = "4-"


def scope_needed(event: Mapping[str, Any], channel: SlackChannel | None) -> str | None:
    """The bot scope without which Slack does not send this event."""
    kind = str(event["type"])
    if kind == "message":
        return MESSAGE_SCOPES[str(event["channel_type"])]
    if kind in BY_PRIVACY and channel is not None:
        return "channels:read" if channel.kind == "channel" else "groups:read"
    return EVENT_SCOPES.get(kind)


def subscription_needed(event: Mapping[str, Any]) -> str:
    """The name of the subscription to this event: message events by the kind of conversation."""
    kind = str(event["type"])
    return MESSAGE_SUBSCRIPTIONS[str(event["channel_type"])] if kind == "message" else kind


def authorization(workspace: Workspace) -> dict[str, Any]:
    """The installation that an event is visible to."""
    return {
        "enterprise_id": workspace.enterprise_id or None,
        "team_id": None if workspace.is_org_wide else workspace.team_id,
        "user_id": workspace.bot_user_id, "is_bot": True, "is_enterprise_install": workspace.is_org_wide,
    }  # fmt: skip


def envelope(
    world: SlackWorld, workspace: Workspace, event: Mapping[str, Any], *, token: str, channel: SlackChannel | None
) -> dict[str, Any]:
    """The event_callback around an event for one installation, with an id of its own."""
    shared = channel is not None and channel.is_ext_shared
    team = channel.team_id if channel is not None and shared else workspace.team_id
    organization = world.workspaces[team].enterprise_id
    return {
        "token": token, "team_id": team, "context_team_id": workspace.team_id,
        "context_enterprise_id": workspace.enterprise_id or None, "api_app_id": world.app_id,
        "event": dict(event), "type": "event_callback", "event_id": world.ids.upper("Ev"),
        "event_time": int(world.now().timestamp()), "authorizations": [authorization(workspace)],
        "is_ext_shared_channel": shared,
        "event_context": event_context(world.app_id, team, event, channel),
    } | ({"enterprise_id": organization} if organization else {})  # fmt: skip


def event_context(app_id: str, team: str, event: Mapping[str, Any], channel: SlackChannel | None) -> str:
    """The parameters of an event for apps.event.authorizations.list: its type, team, app and channel."""
    named = {"et": event["type"], "tid": team, "aid": app_id} | ({"cid": channel.id} if channel else {})
    return VERSION + base64.b64encode(json.dumps(named, separators=(",", ":")).encode()).decode()


def context_of(event_context: str) -> dict[str, str]:
    """The content of an event_context; raises ValueError if it is none."""
    if not event_context.startswith(VERSION):
        raise ValueError(event_context)
    named = json.loads(base64.b64decode(event_context.removeprefix(VERSION), validate=True))
    if not isinstance(named, dict):
        raise ValueError(event_context)
    return {str(key): str(value) for key, value in named.items()}

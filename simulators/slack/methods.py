"""Web API methods about identity, people and conversations, and the OAuth exchange."""

import base64
import binascii
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from simulators.slack.shapes import channel_json, user_json
from simulators.slack.web import Call, SlackRefusal, method
from simulators.slack.world import Message, SlackUser, Workspace

RESTRICTED_HISTORY = 15


@method("auth.test", tier=4, takes_json=True)
def auth_test(call: Call) -> dict[str, Any]:
    """Who the token is."""
    workspace = call.workspace
    return {
        "url": f"https://{workspace.domain}.slack.com/", "team": workspace.name, "user": call.world.app_name,
        "team_id": workspace.team_id, "user_id": workspace.bot_user_id, "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }  # fmt: skip


@method("auth.revoke", tier=3)
def auth_revoke(call: Call) -> dict[str, Any]:
    """Make the token worthless."""
    if call.flag("test"):
        return {"revoked": False}
    call.workspace.revoked_tokens.add(call.workspace.bot_token)
    return {"revoked": True}


@method("team.info", scope="team:read", tier=3)
def team_info(call: Call) -> dict[str, Any]:
    """The workspace itself."""
    workspace = call.workspace
    wanted = call.text("team", workspace.team_id)
    if wanted != workspace.team_id:
        raise SlackRefusal("team_not_found")
    return {
        "team": {
            "id": workspace.team_id, "name": workspace.name, "domain": workspace.domain,
            "url": f"https://{workspace.domain}.slack.com/", "email_domain": "", "is_verified": False,
            "icon": {"image_default": True},
        }
    }  # fmt: skip


@method("users.info", scope="users:read", tier=4)
def users_info(call: Call) -> dict[str, Any]:
    """One person, also one of another company who shares a channel."""
    user = call.world.users.get(call.text("user"))
    if user is None or not _visible(call, user):
        raise SlackRefusal("user_not_found")
    shown = user_json(user, viewer=call.workspace, at=call.core.now(), with_locale=call.flag("include_locale"))
    return {"user": shown}


def _visible(call: Call, user: SlackUser) -> bool:
    if user.team_id == call.workspace.team_id:
        return True
    shared = call.world.channels_of(call.workspace.team_id)
    return any(user.team_id in channel.team_ids for channel in shared)


@method("users.lookupByEmail", scope="users:read.email", tier=3)
def users_lookup_by_email(call: Call) -> dict[str, Any]:
    """The person of this workspace with that address."""
    wanted = call.need("email").lower()
    people = call.world.members(call.workspace.team_id)
    found = next((u for u in people if u.email.lower() == wanted and not u.is_bot and not u.deleted), None)
    if found is None:
        raise SlackRefusal("users_not_found")
    return {"user": user_json(found, viewer=call.workspace, at=call.core.now())}


@method("users.list", scope="users:read", tier=2)
def users_list(call: Call) -> dict[str, Any]:
    """Everyone in the workspace, in pages."""
    people = call.world.members(call.workspace.team_id)
    page, cursor = _page(call, people, default=1000, most=1000)
    locale = call.flag("include_locale")
    shown = [user_json(u, viewer=call.workspace, at=call.core.now(), with_locale=locale) for u in page]
    cached = int(call.core.now().timestamp())
    return {"members": shown, "cache_ts": cached, "response_metadata": {"next_cursor": cursor}}


Item = TypeVar("Item")


def _page(call: Call, items: list[Item], *, default: int, most: int) -> tuple[list[Item], str]:
    cursor = call.text("cursor")
    try:
        start = int(base64.urlsafe_b64decode(cursor).decode().removeprefix("from:")) if cursor else 0
    except (binascii.Error, ValueError):
        raise SlackRefusal("invalid_cursor") from None
    end = start + call.number("limit", default, most)
    following = base64.urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], following


@method("conversations.open", scope="im:write", tier=3, takes_json=True)
def conversations_open(call: Call) -> dict[str, Any]:
    """Open the direct conversation with one person."""
    users = call.args.get("users") or ""
    wanted = users if isinstance(users, list) else [part for part in str(users).split(",") if part]
    if call.text("channel"):
        channel = call.channel()
        already = True
    elif not wanted:
        raise SlackRefusal("users_list_not_supplied")
    elif len(wanted) > 1:
        raise SlackRefusal("method_not_supported_for_channel_type")
    else:
        person = call.world.users.get(wanted[0].strip())
        if person is None or person.team_id != call.workspace.team_id:
            raise SlackRefusal("user_not_found")
        if person.is_bot:
            raise SlackRefusal("cannot_dm_bot")
        if person.deleted:
            raise SlackRefusal("user_disabled")
        known = len(call.world.channels)
        channel = call.world.im(call.workspace.team_id, person.id)
        already = len(call.world.channels) == known
    shown = channel_json(channel, viewer=call.workspace) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shown} | ({"no_op": True, "already_open": True} if already else {})


@method("conversations.info", scope="channels:read", tier=3)
def conversations_info(call: Call) -> dict[str, Any]:
    """One conversation."""
    channel = call.channel()
    shown = channel_json(channel, viewer=call.workspace)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


@method("conversations.members", scope="channels:read", tier=4)
def conversations_members(call: Call) -> dict[str, Any]:
    """The user ids in a conversation, in pages."""
    members, cursor = _page(call, sorted(call.channel().members), default=100, most=1000)
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


@method("conversations.list", scope="channels:read", tier=2)
def conversations_list(call: Call) -> dict[str, Any]:
    """The conversations this bot may know of, in pages."""
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = {kinds.get(name, "") for name in call.text("types", "public_channel").split(",")}
    bot = call.workspace.bot_user_id
    known = [
        channel for channel in call.world.channels_of(call.workspace.team_id)
        if channel.kind in wanted and (channel.kind == "channel" or bot in channel.members)
    ]  # fmt: skip
    page, cursor = _page(call, known, default=100, most=1000)
    shown = [channel_json(channel, viewer=call.workspace) for channel in page]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", scope="channels:join", tier=3, takes_json=True)
def conversations_join(call: Call) -> dict[str, Any]:
    """Let the bot into a public channel."""
    channel = call.channel()
    if channel.kind != "channel":
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    channel.members.add(call.workspace.bot_user_id)
    return {"channel": channel_json(channel, viewer=call.workspace)}


@method("conversations.history", tier=3)
def conversations_history(call: Call) -> dict[str, Any]:
    """The messages of a conversation, newest first, without the replies in threads."""
    channel = call.channel()
    _need_history(call, channel.kind)
    messages = [
        message for message in reversed(channel.messages.values())
        if message.get("thread_ts", message["ts"]) == message["ts"]
        or message.get("subtype") == "thread_broadcast"
    ]  # fmt: skip
    shown, cursor = _page(call, _between(call, messages), **_reading(call, default=100, most=999))
    return _messages(call, channel.id, shown, cursor)


@method("conversations.replies", tier=3)
def conversations_replies(call: Call) -> dict[str, Any]:
    """A thread: the parent, then its replies, oldest first."""
    channel = call.channel()
    _need_history(call, channel.kind)
    parent = channel.messages.get(call.need("ts"))
    if parent is None:
        raise SlackRefusal("thread_not_found")
    parent = call.world.parent(channel, parent) or parent
    replies = _between(call, channel.replies(parent["ts"]))
    shown, cursor = _page(call, [parent, *replies], **_reading(call, default=1000, most=1000))
    return _messages(call, channel.id, shown, cursor)


def _reading(call: Call, **usual: int) -> dict[str, int]:
    restricted = {"default": RESTRICTED_HISTORY, "most": RESTRICTED_HISTORY}
    return restricted if call.core.restricted_history else usual


def _need_history(call: Call, kind: str) -> None:
    needed = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[kind] + ":history"
    if needed not in call.workspace.scopes:
        raise SlackRefusal("missing_scope", needed=needed, provided=",".join(call.workspace.scopes))


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest", "0"), call.text("latest", "99999999999")
    bounds_too = call.flag("inclusive")
    return [
        m for m in messages
        if _order(oldest) < _order(m["ts"]) < _order(latest)
        or (bounds_too and m["ts"] in (oldest, latest))
    ]  # fmt: skip


def _order(ts: str) -> tuple[int, int]:
    seconds, _, part = ts.partition(".")
    if not seconds.isdecimal() or (part and not part.isdecimal()):
        raise SlackRefusal("invalid_ts_latest")
    return int(seconds), int((part + "000000")[:6])


def _messages(call: Call, channel_id: str, messages: list[Message], cursor: str) -> dict[str, Any]:
    channel = call.world.channels[channel_id]
    shown = [call.world.thread_view(channel, message) for message in messages]
    for message in shown:
        if "metadata" in message and not call.flag("include_all_metadata"):
            message["metadata"] = {"event_type": message["metadata"]["event_type"]}
    return {
        "messages": shown, "has_more": bool(cursor), "pin_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }  # fmt: skip


@method("oauth.v2.access", needs_token=False, tier=4)
def oauth_v2_access(call: Call) -> dict[str, Any]:
    """Exchange a single-use code for a bot token; installs the app in the workspace."""
    basic = request.authorization
    client_id = (basic.username if basic else "") or call.text("client_id")
    client_secret = (basic.password if basic else "") or call.text("client_secret")
    if client_id != call.core.settings.client_id:
        raise SlackRefusal("invalid_client_id")
    if client_secret != call.core.settings.client_secret:
        raise SlackRefusal("bad_client_secret")
    grant = call.world.codes.get(call.text("code"))
    if grant is None:
        raise SlackRefusal("invalid_code")
    if grant["used"]:
        raise SlackRefusal("code_already_used")
    if grant["redirect_uri"] != call.text("redirect_uri", grant["redirect_uri"]):
        raise SlackRefusal("bad_redirect_uri")
    grant["used"] = True
    workspace = call.world.workspaces[grant["team"]]
    return _installed(call, workspace, grant)


def _installed(call: Call, workspace: Workspace, grant: dict[str, Any]) -> dict[str, Any]:
    if not workspace.installed:
        workspace.revoked_tokens.add(workspace.bot_token)
        workspace.bot_token = f"xoxb-{call.world.ids.moment()}-{call.world.ids.secret(24)}"
        workspace.installed = True
    workspace.scopes = tuple(grant["scope"]) or workspace.scopes
    return {
        "app_id": call.world.app_id, "authed_user": {"id": grant["user"]}, "token_type": "bot",
        "scope": ",".join(workspace.scopes), "access_token": workspace.bot_token,
        "bot_user_id": workspace.bot_user_id, "enterprise": None, "is_enterprise_install": False,
        "team": {"id": workspace.team_id, "name": workspace.name},
    }  # fmt: skip


def authorized_redirect(redirect_uri: str, *, code: str, state: str) -> str:
    """Where the browser goes once a person has approved the installation."""
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode({'code': code, 'state': state})}"

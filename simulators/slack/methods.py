"""Web API methods about identity, people and conversations."""

import base64
import binascii
from typing import Any, TypeVar

from simulators.slack.envelopes import MESSAGE_SCOPES, authorization, context_of
from simulators.slack.limits import HISTORY_OBJECTS, SPECIAL
from simulators.slack.shapes import channel_json, is_stranger, user_json
from simulators.slack.web import Call, SlackRefusal, bearer_token, method
from simulators.slack.world import Message, SlackChannel, SlackUser


@method("auth.test", tier=SPECIAL, takes_json=True)
def auth_test(call: Call) -> dict[str, Any]:
    """The owner of the token: a workspace, or a whole organization."""
    workspace = call.workspace
    who = {
        "url": f"https://{workspace.domain}.slack.com/", "team": workspace.name, "user": call.world.app_name,
        "team_id": workspace.team_id, "user_id": workspace.bot_user_id, "bot_id": workspace.bot_id,
        "is_enterprise_install": workspace.is_org_wide,
    }  # fmt: skip
    if workspace.enterprise_id:
        who["enterprise_id"] = workspace.enterprise_id
    if workspace.is_org_wide:
        who |= {"team": None, "team_id": None}
    return who


@method("auth.teams.list", tier=2)
def auth_teams_list(call: Call) -> dict[str, Any]:
    """The workspaces in which the token is valid, in pages."""
    install = call.workspace.install
    teams = [{"id": w.team_id, "name": w.name} for w in call.world.workspaces.values() if w.install is install]
    page, cursor = _page(call, teams, default=100, most=1000)
    return {"teams": page, "response_metadata": {"next_cursor": cursor}}


@method("apps.event.authorizations.list", tier=SPECIAL, takes_json=True, needs_token=False)
def apps_event_authorizations_list(call: Call) -> dict[str, Any]:
    """Every installation that an event is visible to; takes the app-level token."""
    if bearer_token(call.args) != call.core.settings.app_token:
        raise SlackRefusal("not_allowed_token_type")
    try:
        named = context_of(call.need("event_context"))
    except ValueError:
        raise SlackRefusal("invalid_event_context") from None
    channel = call.world.channels.get(named.get("cid", ""))
    teams = channel.team_ids if channel else [named["tid"]]
    workspaces = [call.world.workspaces[team] for team in teams]
    seeing = [w for w in workspaces if w.installed and (channel is None or w.bot_user_id in channel.members)]
    page, cursor = _page(call, [authorization(w) for w in seeing], default=100, most=1000)
    return {"authorizations": page, "response_metadata": {"next_cursor": cursor}}


@method("auth.revoke", tier=3)
def auth_revoke(call: Call) -> dict[str, Any]:
    """Revoke the token."""
    if call.flag("test"):
        return {"revoked": False}
    call.workspace.install.revoked_tokens.add(call.workspace.bot_token)
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
    """One person, also of another company that shares a channel."""
    user = call.world.users.get(call.text("user"))
    if user is None or not _visible(call, user):
        raise SlackRefusal("user_not_found")
    shown = user_json(user, viewer=call.workspace, at=call.core.now(), with_locale=call.flag("include_locale"))
    return {"user": shown}


def _visible(call: Call, user: SlackUser) -> bool:
    if not is_stranger(user, call.workspace):
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
    """Everyone in the workspace, in pages; an organization's installation names the workspace."""
    _need_team(call)
    people = call.world.members(call.workspace.team_id)
    page, cursor = _page(call, people, default=1000, most=1000)
    locale = call.flag("include_locale")
    shown = [user_json(u, viewer=call.workspace, at=call.core.now(), with_locale=locale) for u in page]
    cached = int(call.core.now().timestamp())
    return {"members": shown, "cache_ts": cached, "response_metadata": {"next_cursor": cursor}}


def _need_team(call: Call) -> None:
    """Source: api.slack.com/enterprise/apps/changes-apis, the methods that an organization calls with team_id."""
    if call.workspace.is_org_wide and not call.text("team_id"):
        raise SlackRefusal("missing_argument")


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
        if person is None or is_stranger(person, call.workspace):
            raise SlackRefusal("user_not_found")
        if person.is_bot:
            raise SlackRefusal("cannot_dm_bot")
        if person.deleted:
            raise SlackRefusal("user_disabled")
        already = call.world.find_im(call.workspace.team_id, person.id) is not None
        channel = call.world.im(call.workspace.team_id, person.id)
    shown = channel_json(channel, viewer=call.workspace) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shown} | ({"no_op": True, "already_open": True} if already else {})


READ_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}


@method("conversations.info", tier=3)
def conversations_info(call: Call) -> dict[str, Any]:
    """One conversation, if the token may read its kind."""
    channel = call.channel()
    call.need_scope(READ_SCOPES[channel.kind])
    shown = channel_json(channel, viewer=call.workspace)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


@method("conversations.members", tier=4)
def conversations_members(call: Call) -> dict[str, Any]:
    """The user ids in a conversation, in pages."""
    channel = call.channel()
    call.need_scope(READ_SCOPES[channel.kind])
    members, cursor = _page(call, sorted(channel.members), default=100, most=1000)
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


@method("conversations.list", tier=2)
def conversations_list(call: Call) -> dict[str, Any]:
    """The conversations visible to this bot, in pages; an organization's installation names the workspace."""
    _need_team(call)
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = {kinds.get(name, "") for name in call.text("types", "public_channel").split(",")}
    for kind in sorted(wanted & READ_SCOPES.keys()):
        call.need_scope(READ_SCOPES[kind])
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
    """Add the bot to a public channel."""
    channel = call.channel()
    if channel.kind != "channel":
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    channel.members.add(call.workspace.bot_user_id)
    channel.latest_bot = call.workspace.bot_user_id
    return {"channel": channel_json(channel, viewer=call.workspace)}


@method("conversations.history", tier=3)
def conversations_history(call: Call) -> dict[str, Any]:
    """The messages of a conversation, newest first, without the replies in threads."""
    channel = call.channel()
    _need_history(call, channel)
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
    _need_history(call, channel)
    parent = channel.messages.get(call.need("ts"))
    if parent is None:
        raise SlackRefusal("thread_not_found")
    parent = call.world.parent(channel, parent) or parent
    replies = _between(call, channel.replies(parent["ts"]))
    shown, cursor = _page(call, [parent, *replies], **_reading(call, default=1000, most=1000))
    return _messages(call, channel.id, shown, cursor)


def _reading(call: Call, **usual: int) -> dict[str, int]:
    restricted = {"default": HISTORY_OBJECTS, "most": HISTORY_OBJECTS}
    return restricted if call.core.limits.is_history_restricted else usual


def _need_history(call: Call, channel: SlackChannel) -> None:
    call.need_scope(MESSAGE_SCOPES[channel.kind])
    if call.workspace.bot_user_id not in channel.members:
        raise SlackRefusal("not_in_channel")


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

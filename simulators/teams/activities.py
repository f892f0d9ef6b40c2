"""The activities that Teams sends, in Teams' own shape."""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.teams.world import Activity, Conversation, Team, TeamsUser, TeamsWorld, Tenant

HTML_COPY = "text/html"
FILE_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"


def conversation_json(conversation: Conversation, root: str = "") -> dict[str, Any]:
    """The conversation as activities name it; a thread in a channel by its root message."""
    shown = {"conversationType": conversation.kind, "tenantId": conversation.tenant_id}
    if conversation.kind == "personal":
        return shown | {"id": conversation.id}
    return shown | {"isGroup": True, "id": f"{conversation.id};messageid={root}" if root else conversation.id}


def channel_data(conversation: Conversation, team: Team | None) -> dict[str, Any]:
    """Teams' own part of an activity: the tenant, and in channels the channel and the team."""
    data: dict[str, Any] = {"tenant": {"id": conversation.tenant_id}}
    if team is None:
        return data
    return {
        "teamsChannelId": conversation.id, "teamsTeamId": team.id, "channel": {"id": conversation.id},
        "team": {"id": team.id, "name": team.name, "aadGroupId": team.aad_group_id},
    } | data  # fmt: skip


def timestamp(at: datetime, tz: str = "UTC") -> str:
    """A moment with seven decimals, as Teams writes it, in a zone."""
    local = at.astimezone(ZoneInfo(tz))
    offset = "Z" if tz == "UTC" else local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:]
    return local.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0" + offset


def sent_by(
    world: TeamsWorld,
    user: TeamsUser,
    conversation: Conversation,
    *,
    kind: str,
    id: str,
    service_url: str,
    bot: Mapping[str, str],
    root: str = "",
    more: Mapping[str, Any],
) -> Activity:
    """An activity from a person, with everything that Teams puts into each."""
    tenant = world.tenants[user.tenant_id]
    data = channel_data(conversation, world.team_of(conversation))
    extra = dict(more)
    data |= extra.pop("channelData", {})
    return {
        "type": kind, "id": id, "timestamp": timestamp(world.now()),
        "localTimestamp": timestamp(world.now(), user.tz), "localTimezone": user.tz,
        "serviceUrl": service_url, "channelId": "msteams",
        "from": {"id": user.id, "name": user.name, "aadObjectId": user.aad_object_id},
        "conversation": conversation_json(conversation, root), "recipient": dict(bot),
        "channelData": data, "locale": user.locale,
        "entities": [client_info(user, tenant), *extra.pop("entities", [])],
    } | extra  # fmt: skip


def client_info(user: TeamsUser, tenant: Tenant) -> dict[str, Any]:
    """What a Teams client tells of itself."""
    return {
        "locale": user.locale, "country": tenant.country, "platform": "Web", "timezone": user.tz,
        "type": "clientInfo",
    }  # fmt: skip


def words(typed: str, *, names: Mapping[str, str], files: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Typed text as Teams sends it: `@name` of `names` (name: id) becomes `<at>`, an HTML copy goes along."""
    pattern = "|".join(re.escape(f"@{name}") for name in sorted(names, key=len, reverse=True))
    pieces = re.split(f"({pattern})", typed) if pattern else [typed]
    text, copy = "", ""
    entities: list[dict[str, Any]] = []
    for piece in pieces:
        name = piece[1:]
        if piece.startswith("@") and name in names:
            copy += (
                '<span itemscope="" itemtype="http://schema.skype.com/Mention"'
                f' itemid="{len(entities)}">{html.escape(name)}</span>'
            )
            text += f"<at>{name}</at>"
            entities.append(
                {"mentioned": {"id": names[name], "name": name}, "text": f"<at>{name}</at>", "type": "mention"}
            )
        else:
            text += piece
            copy += html.escape(piece, quote=False).replace("\n", "<br>")
    attachments = [{"contentType": HTML_COPY, "content": f"<div><div>{copy}</div></div>"}, *files]
    return {"text": text, "textFormat": "plain", "attachments": attachments, "entities": entities}


def member_json(user: TeamsUser) -> dict[str, Any]:
    """A person as the member lists give them."""
    given, _, surname = user.name.partition(" ")
    shown: dict[str, Any] = {
        "id": user.id, "name": user.name, "objectId": user.aad_object_id, "aadObjectId": user.aad_object_id,
        "givenName": given, "surname": surname, "email": user.email, "userPrincipalName": user.upn,
        "tenantId": user.tenant_id, "userRole": "guest" if user.is_guest else "user",
    }  # fmt: skip
    return {key: value for key, value in shown.items() if value != ""}

"""The activities that Teams sends, in Teams' own shape.

Sources: learn.microsoft.com, "Send and receive messages" and "Conversation events in your Teams bot"; for current
messages and invokes microsoft/teams.net, core/test/…/TeamsActivityTests.cs.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.teams.world import Activity, Conversation, Team, TeamsUser, TeamsWorld, Tenant

HTML_COPY = "text/html"
FILE_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"


def conversation_json(conversation: Conversation, root: str = "") -> dict[str, Any]:
    """The conversation in an activity; a thread of a channel by its root message."""
    shown = {"conversationType": conversation.kind, "tenantId": conversation.tenant_id}
    if conversation.kind == "personal":
        return shown | {"id": conversation.id}
    return shown | {"isGroup": True, "id": f"{conversation.id};messageid={root}" if root else conversation.id}


def channel_data(conversation: Conversation, team: Team | None) -> dict[str, Any]:
    """Teams' own part of a message: the tenant, and in channels the ids of channel and team."""
    data: dict[str, Any] = {"tenant": {"id": conversation.tenant_id}}
    if team is None:
        return data
    return {
        "teamsChannelId": conversation.id, "teamsTeamId": team.id, "channel": {"id": conversation.id},
        "team": {"id": team.id},
    } | data  # fmt: skip


def timestamp(at: datetime, tz: str = "UTC") -> str:
    """A time with seven decimals, as Teams writes it, in a zone."""
    local = at.astimezone(ZoneInfo(tz))
    offset = "Z" if tz == "UTC" else local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:]
    return local.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0" + offset


def account_of(user: TeamsUser, *, with_name: bool = True) -> dict[str, str]:
    """A person in an activity; some guests have no Entra id there, events have no names."""
    told = {"id": user.id, "name": user.name if with_name else "", "aadObjectId": user.aad_object_id}
    return {key: value for key, value in told.items() if value}


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
    """A message, an invoke or a reaction of a person, with all fields that Teams adds to each."""
    tenant = world.tenants[user.tenant_id]
    data = channel_data(conversation, world.team_of(conversation))
    extra = dict(more)
    data |= extra.pop("channelData", {})
    return {
        "type": kind, "id": id, "timestamp": timestamp(world.now()),
        "localTimestamp": timestamp(world.now(), user.tz), "localTimezone": user.tz,
        "serviceUrl": service_url, "channelId": "msteams", "from": account_of(user),
        "conversation": conversation_json(conversation, root), "recipient": dict(bot),
        "channelData": data, "locale": user.locale,
        "entities": [*extra.pop("entities", []), client_info(user, tenant)],
    } | extra  # fmt: skip


def event_of(
    world: TeamsWorld,
    user: TeamsUser,
    conversation: Conversation,
    *,
    kind: str,
    id: str,
    service_url: str,
    bot: Mapping[str, str],
    more: Mapping[str, Any],
) -> Activity:
    """A conversationUpdate, an installationUpdate or a messageReaction: without names, zone and client."""
    extra = dict(more)
    data = {"tenant": {"id": conversation.tenant_id}} | extra.pop("channelData", {})
    return {
        "type": kind, "id": id, "timestamp": timestamp(world.now()), "serviceUrl": service_url,
        "channelId": "msteams", "from": account_of(user, with_name=False),
        "conversation": conversation_json(conversation), "recipient": dict(bot), "channelData": data,
    } | extra  # fmt: skip


def team_data(team: Team) -> dict[str, Any]:
    """A team in an installation event."""
    return {"aadGroupId": team.aad_group_id, "name": team.name, "id": team.id}


def client_info(user: TeamsUser, tenant: Tenant) -> dict[str, Any]:
    """The entity with which a Teams client describes itself."""
    return {
        "locale": user.locale, "country": tenant.country, "platform": "Web", "timezone": user.tz,
        "type": "clientInfo",
    }  # fmt: skip


def member_json(user: TeamsUser) -> dict[str, Any]:
    """A person as in the member lists; the tenant is a guest's own if Teams shows it.

    Missing values are left out: people without a mail address; guests who never signed in have neither address nor name
    (OfficeDev/BotBuilder-MicrosoftTeams#88).
    """
    given, _, surname = user.name.partition(" ")
    shown: dict[str, Any] = {
        "id": user.id, "name": user.name, "objectId": user.aad_object_id, "aadObjectId": user.aad_object_id,
        "givenName": given, "surname": surname, "email": user.email, "userPrincipalName": user.upn,
        "tenantId": user.home_tenant_id or user.tenant_id, "userRole": "guest" if user.is_guest else "user",
    }  # fmt: skip
    return {key: value for key, value in shown.items() if value != ""}

"""The demo's client companies in the local Slack and Teams: same ids, people, languages and zones.

Every id is the demo's own or derived from one, so that chats are the same after each start.
"""

import hashlib
import uuid
from collections.abc import Iterable

from msp.demo.load import SLACK_TOKEN
from msp.demo.world import DemoClient, Person, SlackConnection, TeamsConnection
from simulators.slack.server import SlackServer
from simulators.teams.server import TeamsServer
from simulators.teams.world import Conversation, Team, TeamsUser

LOCALES = {"es": "es-ES", "en": "en-GB"}


def cast_slack(server: SlackServer, clients: Iterable[DemoClient]) -> None:
    """Add each connected company's workspace, its people, their chats with the bot, and its channels."""
    for client in clients:
        if client.slack:
            _workspace(server, client, client.slack)


def _workspace(server: SlackServer, client: DemoClient, slack: SlackConnection) -> None:
    token = SLACK_TOKEN.format(team=slack.team_id)
    server.add_workspace(
        slack.team_name,
        team_id=slack.team_id,
        domain=client.mail_domains[0].partition(".")[0],
        bot_token=token,
        bot_user_id=slack.bot_user_id,
    )
    people = [person for person in client.people if person.slack_user_id]
    for person in people:
        _slack_user(server, slack, person)
    for channel in slack.channels:
        server.add_channel(slack.team_id, channel.name, id=channel.id, members=[str(p.slack_user_id) for p in people])


def _slack_user(server: SlackServer, slack: SlackConnection, person: Person) -> None:
    user = str(person.slack_user_id)
    server.add_user(
        slack.team_id,
        id=user,
        real_name=person.name,
        email=person.email,
        tz=person.timezone,
        locale=LOCALES[person.locale],
        im=f"D0{_digest('im', user)[:9].upper()}",
    )


def cast_teams(server: TeamsServer, clients: Iterable[DemoClient]) -> None:
    """Add each connected company's tenant, its people, their chats with the bot, and its team with the app in it."""
    for client in clients:
        if client.teams:
            _tenant(server, client, client.teams)


def _tenant(server: TeamsServer, client: DemoClient, teams: TeamsConnection) -> None:
    server.add_tenant(client.short_name, id=teams.tenant_id, domain=client.mail_domains[0])
    people = [_teams_user(server, teams, person) for person in client.people if person.teams_user_id]
    channels = {channel.id: channel.name for channel in teams.channels}
    group = str(uuid.uuid5(uuid.NAMESPACE_URL, teams.team_id))
    members = [user.id for user in people]
    server.world.teams[teams.team_id] = Team(
        teams.team_id, teams.tenant_id, client.short_name, group, channels, members, installed=True
    )
    for id, name in channels.items():
        place = Conversation(id, teams.tenant_id, "channel", [], name, teams.team_id)
        server.world.conversations[id] = place


def _teams_user(server: TeamsServer, teams: TeamsConnection, person: Person) -> TeamsUser:
    entra = str(person.teams_user_id)
    user = server.add_user(
        teams.tenant_id,
        id=f"29:1{_digest('account', entra)[:62]}",
        aad_object_id=entra,
        name=person.name,
        email=person.email,
        locale=LOCALES[person.locale],
        tz=person.timezone,
    )
    chat = Conversation(f"a:1{_digest('chat', entra)}", teams.tenant_id, "personal", [user.id])
    server.world.conversations[chat.id] = chat
    return user


def _digest(*names: str) -> str:
    return hashlib.sha256(":".join(names).encode()).hexdigest()

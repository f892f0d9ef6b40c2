"""Tenants, people, teams and chats of the simulated Teams, and the members of each conversation."""

from collections.abc import Sequence
from typing import Any

from simulators.courier import Delivery
from simulators.teams.activities import team_data
from simulators.teams.core import TeamsCore
from simulators.teams.world import Conversation, Team, TeamsUser, Tenant


class Directory:
    """Adds people and places, renames people, and changes the members of conversations."""

    def __init__(self, core: TeamsCore) -> None:
        self._core = core
        self._world = core.world

    def add_tenant(
        self, name: str, *, id: str = "", domain: str = "", region: str = "emea", country: str = "ES"
    ) -> Tenant:
        """Add a company."""
        domain = domain or f"{name.lower().replace(' ', '')}.example"
        tenant = Tenant(id or self._world.ids.uuid(), name, domain, region, country)
        self._world.tenants[tenant.id] = tenant
        return tenant

    def add_user(
        self,
        tenant: str,
        *,
        name: str,
        email: str = "",
        upn: str = "",
        id: str = "",
        aad_object_id: str | None = "",
        locale: str = "es-ES",
        tz: str = "Europe/Madrid",
        is_guest: bool = False,
        home_tenant_id: str = "",
    ) -> TeamsUser:
        """Add a person to a company; a guest's UPN has #EXT#. `aad_object_id` "" makes one, None leaves it out."""
        ids, domain = self._world.ids, self._world.tenants[tenant].domain
        if not upn and is_guest:
            upn = f"{email.replace('@', '_')}#EXT#@{domain}"
        entra = "" if aad_object_id is None else aad_object_id or ids.uuid()
        user = TeamsUser(
            id or f"29:1{ids.secret(62)}", tenant, entra, name, email,
            upn or email or f"{name.lower().replace(' ', '.')}@{domain}", locale, tz, is_guest, home_tenant_id,
        )  # fmt: skip
        self._world.users[user.id] = user
        return user

    def add_guest(self, tenant: str, *, name: str, email: str, home_tenant_id: str = "", **more: Any) -> TeamsUser:
        """Add a guest: a person of another company, with an address of that company.

        With `home_tenant_id`, the member lists show it as the guest's tenant; activities still have the host's.
        """
        return self.add_user(tenant, name=name, email=email, is_guest=True, home_tenant_id=home_tenant_id, **more)

    def rename(self, tenant: str, user: str, *, name: str = "", email: str = "", upn: str = "") -> TeamsUser:
        """Change a person's name, address or UPN, in all later activities and member lists."""
        person = self._core.person(tenant, user)
        person.name, person.email, person.upn = name or person.name, email or person.email, upn or person.upn
        return person

    def add_team(
        self,
        tenant: str,
        name: str,
        *,
        members: Sequence[str] = (),
        channels: Sequence[str] = (),
        installed: bool = False,
        hears_all: bool = False,
    ) -> Team:
        """Add a team with its General channel and others; `hears_all`: the app may read every message."""
        ids = self._world.ids
        made = {f"19:{ids.hexadecimal(32)}@thread.tacv2": one for one in ("General", *channels)}
        people = [self._core.person(tenant, one).id for one in members]
        team = Team(next(iter(made)), tenant, name, ids.uuid(), made, people, installed, hears_all)
        self._world.teams[team.id] = team
        for channel_id, channel in made.items():
            place = Conversation(channel_id, tenant, "channel", [], channel, team.id)
            self._world.conversations[channel_id] = place
        return team

    def add_group_chat(
        self, tenant: str, *, members: Sequence[str], name: str = "", installed: bool = True
    ) -> Conversation:
        """Add a chat of several people with the bot."""
        people = [self._core.person(tenant, one).id for one in members]
        id = f"19:{self._world.ids.hexadecimal(32)}@thread.v2"
        chat = Conversation(id, tenant, "groupChat", people, name, installed=installed)
        self._world.conversations[id] = chat
        return chat

    def open_chat(self, tenant: str, user: str) -> dict[str, Any]:
        """Open the personal chat of a person with the bot, the app installed."""
        return self._world.open_personal(self._core.person(tenant, user), installed=True).as_json()

    def change_members(
        self, tenant: str, user: str, conversation: str, *, added: Sequence[str] = (), removed: Sequence[str] = (),
        wait: bool = True,
    ) -> list[Delivery]:  # fmt: skip
        """Add or remove members of a team or group chat: conversationUpdate, without names."""
        person, place = self._core.person(tenant, user), self._world.conversations[conversation]
        team = self._world.team_of(place)
        roster = team.members if team is not None else place.members
        sent = []
        for names, key, event in (
            (added, "membersAdded", "teamMemberAdded"), (removed, "membersRemoved", "teamMemberRemoved"),
        ):  # fmt: skip
            people = [self._core.person(tenant, one) for one in names]
            if not people:
                continue
            gone = {p.id for p in people}
            roster[:] = [one for one in roster if one not in gone]
            roster.extend(p.id for p in people if key == "membersAdded")
            change: dict[str, Any] = {key: [_told_of(p) for p in people]}
            if team is not None:
                place = self._world.conversations[team.id]
                change["channelData"] = {"eventType": event, "team": {"id": team.id}}
            sent.append(self._core.tell(person, place, "conversationUpdate", more=change, wait=wait))
        return sent

    def conversation_event(
        self, tenant: str, user: str, conversation: str, event_type: str, *, wait: bool = True
    ) -> Delivery:
        """Send any other conversationUpdate of Teams, such as channelRenamed or teamArchived; it names the team."""
        person, place = self._core.person(tenant, user), self._world.conversations[conversation]
        data: dict[str, Any] = {"eventType": event_type}
        team = self._world.team_of(place)
        if team is not None:
            data |= {"team": team_data(team)}
            if event_type.startswith("channel"):
                data |= {"channel": {"id": place.id, "name": place.name}}
            place = self._world.conversations[team.id]
        return self._core.tell(person, place, "conversationUpdate", more={"channelData": data}, wait=wait)


def _told_of(user: TeamsUser) -> dict[str, str]:
    told = {"id": user.id, "aadObjectId": user.aad_object_id}
    return {key: value for key, value in told.items() if value}

"""Organizations, workspaces, people, guests, channels; and changes of profiles.

Sources: docs.slack.dev/reference/objects/user-object (`is_restricted`: a guest; `is_ultra_restricted`: a single-channel
guest; `is_stranger`: a person of another company); docs.slack.dev/enterprise/developing-for-enterprise-orgs (ids with
W, `enterprise_user` with the teams of a person); docs.slack.dev/reference/events/user_change.
"""

from collections.abc import Sequence
from typing import Any

from simulators.courier import Delivery
from simulators.slack.core import SlackCore
from simulators.slack.installs import fresh_install, install_in_organization
from simulators.slack.shapes import user_json
from simulators.slack.world import Enterprise, SlackChannel, SlackUser, Workspace

PROFILE = (
    "real_name", "display_name", "email", "tz", "locale", "deleted", "name", "is_restricted", "is_ultra_restricted",
)  # fmt: skip


class Roster:
    """Adds people and places to the world, and changes them."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core
        self._world = core.world

    def add_enterprise(self, name: str, *, id: str = "", domain: str = "") -> Enterprise:
        """Add an Enterprise Grid organization without workspaces."""
        enterprise = Enterprise(
            id or self._world.ids.upper("E"), name, domain or name.lower().replace(" ", "-")
        )  # fmt: skip
        self._world.enterprises[enterprise.id] = enterprise
        return enterprise

    def add_workspace(
        self,
        name: str,
        *,
        team_id: str = "",
        domain: str = "",
        bot_token: str = "",
        bot_user_id: str = "",
        scopes: Sequence[str] | None = None,
        installed: bool = True,
        enterprise: str = "",
    ) -> Workspace:
        """Add a workspace with the app in it, and the app's bot as a user; `enterprise` is its organization.

        Without `scopes` the app has its default scopes.
        """
        granted = self._core.settings.scopes if scopes is None else tuple(scopes)
        install = fresh_install(self._core, scopes=granted, token=bot_token, bot=bot_user_id)
        install.installed = installed
        workspace = Workspace(
            team_id or self._world.ids.upper("T"), name, domain or name.lower().replace(" ", "-"), install, enterprise
        )
        self._world.workspaces[workspace.team_id] = workspace
        self._world.users[workspace.bot_user_id] = SlackUser(
            workspace.bot_user_id, workspace.team_id, self._core.settings.name.lower().replace(" ", ""),
            self._core.settings.name, "", "Europe/Madrid", "en-US", is_bot=True,
            display_name=self._core.settings.name,
        )  # fmt: skip
        return workspace

    def install_organization(self, enterprise: str, *, scopes: Sequence[str] | None = None) -> Workspace:
        """Install the app in a whole organization, without consent; returns one of its workspaces."""
        granted = self._core.settings.scopes if scopes is None else tuple(scopes)
        return install_in_organization(self._core, self._world.enterprises[enterprise], scopes=granted)

    def add_user(
        self,
        team: str,
        *,
        real_name: str,
        email: str = "",
        name: str = "",
        display_name: str | None = None,
        id: str = "",
        tz: str = "Europe/Madrid",
        locale: str = "es-ES",
        is_admin: bool = False,
        is_bot: bool = False,
        teams: Sequence[str] = (),
        im: str = "",
    ) -> SlackUser:
        """Add a person to a workspace; `teams` are further ones of the same organization. Names may be blank.

        With `im` their direct conversation with the bot exists from the start, under this id.
        """
        enterprise = self._world.workspaces[team].enterprise_id
        user_id = id or self._world.ids.upper("W" if enterprise else "U")
        handle = name or email.partition("@")[0] or real_name.lower().replace(" ", ".") or user_id.lower()
        shown = display_name if display_name is not None else handle if real_name else ""
        user = SlackUser(
            user_id, team, handle, real_name, email, tz, locale, is_bot=is_bot, is_admin=is_admin,
            display_name=shown, enterprise_id=enterprise, teams=list(teams),
        )  # fmt: skip
        self._world.users[user.id] = user
        if im:
            members = {user_id, self._world.workspaces[team].bot_user_id}
            self._world.channels[im] = SlackChannel(im, team, "im", "", members=members, user=user_id)
        return user

    def add_guest(self, team: str, *, channels: Sequence[str], **profile: Any) -> SlackUser:
        """Add a guest to a workspace, a member of these channels only: one channel makes a single-channel guest."""
        guest = self.add_user(team, **profile)
        guest.is_restricted, guest.is_ultra_restricted = True, len(channels) == 1
        for channel in channels:
            self._world.channels[channel].members.add(guest.id)
        return guest

    def add_channel(
        self,
        team: str,
        name: str,
        *,
        members: Sequence[str] = (),
        id: str = "",
        private: bool = False,
        shared_with: Sequence[str] = (),
        with_bot: bool = True,
    ) -> SlackChannel:
        """Add a channel; `shared_with` are workspaces of its organization or of other companies (Slack Connect).

        With `with_bot` the bots of all of them are members; the last one joined last.
        """
        channel = SlackChannel(
            id or self._world.ids.upper("C"), team, "group" if private else "channel", name, set(members)
        )
        channel.shared_with = list(shared_with)
        organizations = {self._world.workspaces[each].enterprise_id for each in channel.team_ids}
        channel.is_org_shared = bool(shared_with) and len(organizations) == 1 and "" not in organizations
        for each in channel.team_ids if with_bot else ():
            channel.members.add(self._world.workspaces[each].bot_user_id)
            if self._world.workspaces[each].installed:
                channel.latest_bot = self._world.workspaces[each].bot_user_id
        self._world.channels[channel.id] = channel
        return channel

    def change_profile(self, team: str, user: str, *, wait: bool = True, **changes: Any) -> list[Delivery]:
        """Change real_name, display_name, email, tz, locale, deleted, …: user_change in each of their workspaces."""
        person = self._world.users[user]
        for key, value in changes.items():
            if key not in PROFILE:
                raise ValueError(f"a profile has no {key}")
            setattr(person, key, value)
        shown = user_json(person, viewer=self._world.workspaces[team], at=self._core.now(), with_locale=True)
        at = {"cache_ts": int(self._core.now().timestamp()), "event_ts": self._world.ts()}
        event = {"type": "user_change", "user": shown} | at
        return self._core.emit(None, event, wait=wait, teams=list(dict.fromkeys([team, person.team_id, *person.teams])))

    def deactivate(self, team: str, user: str, *, wait: bool = True) -> list[Delivery]:
        """Deactivate a person's account, as when they leave the company."""
        return self.change_profile(team, user, wait=wait, deleted=True)

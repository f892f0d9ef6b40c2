"""Installing, upgrading, removing, blocking and disabling the app, and the bot's events for it.

Sources: learn.microsoft.com, "Conversation events in your Teams bot" (both events and their fields, upgrades);
microsoft/botframework-sdk#6604 (removing a personal app sends installationUpdate alone);
microsoft/BotBuilder-Samples#2599 (conversationUpdate is sent once for each person, however often they install).
"""

from typing import Any

from simulators.courier import Delivery
from simulators.teams.activities import team_data
from simulators.teams.core import TeamsCore
from simulators.teams.refusals import STATUS
from simulators.teams.world import Conversation, TeamsUser

ADDED, REMOVED = "add", "remove"
UPGRADES = ("add-upgrade", "remove-upgrade")


class Installs:
    """Installations of the app: for a person, in a team or in a group chat, each separate."""

    def __init__(self, core: TeamsCore) -> None:
        self._core = core
        self._world = core.world

    def install(self, tenant: str, user: str, *, conversation: str = "", wait: bool = True) -> list[Delivery]:
        """Install the app for a person, or in the team or chat of a conversation.

        The bot gets installationUpdate "add" and conversationUpdate with itself in membersAdded; in a team both are
        about the chosen channel.
        """
        person = self._core.person(tenant, user)
        place = self._mark(person, conversation, is_installed=True)
        return [self._update(person, place, ADDED, wait=wait), *self._joined(person, place, wait=wait)]

    def uninstall(self, tenant: str, user: str, *, conversation: str = "", wait: bool = True) -> list[Delivery]:
        """Uninstall the app there and nowhere else.

        Sends installationUpdate "remove" and, except in the personal scope, conversationUpdate with the bot in
        membersRemoved.
        """
        person = self._core.person(tenant, user)
        place = self._mark(person, conversation, is_installed=False)
        gone: dict[str, Any] = {"membersRemoved": [self._bot()]}
        team = self._world.team_of(place)
        if team is not None:  # no channel is chosen for the removal: Teams names the team
            gone["channelData"] = {"eventType": "teamMemberRemoved", "team": team_data(team)}
            place = self._world.conversations[team.id]
        sent = [self._update(person, place, REMOVED, wait=wait)]
        if place.kind == "personal":
            return sent
        return [*sent, self._core.tell(person, place, "conversationUpdate", more=gone, wait=wait)]

    def upgrade(
        self, tenant: str, user: str, *, conversation: str = "", action: str = "add-upgrade", wait: bool = True
    ) -> Delivery:
        """Upgrade the app where it is installed.

        Sends installationUpdate "add-upgrade", or "remove-upgrade" if the new version has no bot.
        """
        if action not in UPGRADES:
            raise ValueError(f"an upgrade's action is one of {', '.join(UPGRADES)}")
        person = self._core.person(tenant, user)
        place = self._mark(person, conversation, is_installed=action == "add-upgrade")
        return self._update(person, place, action, wait=wait)

    def block(self, tenant: str, user: str, *, blocked: bool = True, code: str = "MessageWritesBlocked") -> None:
        """Block the bot in the personal chat (or unblock it); posting is 403 with this code.

        Teams answers MessageWritesBlocked or ConversationBlockedByUser for it.
        """
        if STATUS.get(code) != 403:
            raise ValueError(f"{code} is no reason to refuse a post")
        chat = self._world.open_personal(self._core.person(tenant, user), installed=True)
        chat.blocked = code if blocked else ""

    def disable(self, tenant: str, *, disabled: bool = True) -> None:
        """Block the app (or unblock it) as a tenant's administrator: every call is 403 BotDisabledByAdmin."""
        self._world.tenants[tenant].is_disabled = disabled

    def move_region(self, tenant: str, region: str) -> str:
        """Move a tenant to another region; returns the new serviceUrl."""
        self._world.tenants[tenant].region = region
        return self._core.service_url(tenant)

    def _mark(self, person: TeamsUser, conversation: str, *, is_installed: bool) -> Conversation:
        if not conversation:
            place = self._world.open_personal(person, installed=is_installed)
        else:
            place = self._world.conversations[conversation]
        team = self._world.team_of(place)
        if team is not None:
            team.installed = is_installed
        place.installed = is_installed
        return place

    def _update(self, person: TeamsUser, place: Conversation, action: str, *, wait: bool) -> Delivery:
        data: dict[str, Any] = {"source": {"name": "message"}}
        team = self._world.team_of(place)
        if team is not None:
            chosen = {"id": place.id}
            data |= {"channel": chosen, "team": team_data(team)}
            if action != REMOVED:
                data["settings"] = {"selectedChannel": chosen}
        more = {
            "action": action, "locale": person.locale, "channelData": data,
            "entities": [{"type": "clientInfo", "locale": person.locale}],
        }  # fmt: skip
        return self._core.tell(person, place, "installationUpdate", more=more, wait=wait)

    def _joined(self, person: TeamsUser, place: Conversation, *, wait: bool) -> list[Delivery]:
        change: dict[str, Any] = {"membersAdded": [self._bot()]}
        team = self._world.team_of(place)
        if place.kind == "personal":
            if place.is_welcomed:
                return []
            place.is_welcomed = True
            told = {"id": person.id, "aadObjectId": person.aad_object_id}
            change["membersAdded"].append({key: value for key, value in told.items() if value})
        if team is not None:
            change["channelData"] = {
                "settings": {"selectedChannel": {"id": place.id}}, "team": team_data(team),
                "eventType": "teamMemberAdded",
            }  # fmt: skip
        return [self._core.tell(person, place, "conversationUpdate", more=change, wait=wait)]

    def _bot(self) -> dict[str, str]:
        return {"id": self._core.settings.account["id"]}

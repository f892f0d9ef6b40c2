"""Reading and setting up the simulated Slack: used by the control routes and the tests."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from simulators.slack.core import SlackCore
from simulators.slack.roster import Roster
from simulators.slack.views import shown_view
from simulators.slack.world import Message, SlackChannel

SETTINGS = ("events_url", "interactions_url", "commands_url", "signing_secret", "client_id", "client_secret")


class State:
    """Reads and arranges the world from outside."""

    def __init__(self, core: SlackCore, roster: Roster) -> None:
        self._core = core
        self._world = core.world
        self._roster = roster

    def describe(self) -> dict[str, Any]:
        """Settings, workspaces, people and conversations; secrets included, since this is a simulator."""
        with self._world.lock:
            return {
                "url": self._core.url,
                "app": self._app(),
                "throttled": {f"{method} {team}": n for (method, team), n in self._core.limits.throttled.items()},
                "enterprises": [asdict(e) for e in self._world.enterprises.values()],
                "workspaces": [w.as_json() for w in self._world.workspaces.values()],
                "users": [u.as_json() for u in self._world.users.values()],
                "channels": [c.as_json() for c in self._world.channels.values()],
            }

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change the addresses to which Slack sends, or the app's secrets."""
        for key, value in settings.items():
            if key not in SETTINGS:
                raise ValueError(f"a Slack app has no setting {key}")
            setattr(self._core.settings, key, str(value))
        return self._app()

    def _app(self) -> dict[str, Any]:
        wanted = self._core.settings.subscriptions
        return vars(self._core.settings) | {"subscriptions": None if wanted is None else sorted(wanted)}

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add {"enterprises": […], "workspaces": [{…, "users": […], "channels": […]}]}, with add_…'s arguments."""
        for enterprise in world.get("enterprises", []):
            self._roster.add_enterprise(**enterprise)
        for workspace in world.get("workspaces", []):
            fields = {k: v for k, v in workspace.items() if k not in ("users", "channels")}
            team = self._roster.add_workspace(**fields).team_id
            for user in workspace.get("users", []):
                self._roster.add_user(team, **user)
            for channel in workspace.get("channels", []):
                self._roster.add_channel(team, **channel)
        return self.describe()

    def open_im(self, team: str, user: str) -> SlackChannel:
        """The direct conversation of a person with the bot."""
        return self._world.im(team, user)

    def messages(self, *, channel: str = "", thread_ts: str = "", author: str = "", team: str = "") -> list[Message]:
        """The posted messages, oldest first; author is "bot", "user" or a user id.

        With `thread_ts` the parent comes first, then its replies.
        """
        self._core.pending.catch_up()
        with self._world.lock:
            places = [c for c in self._world.channels.values() if self._is_meant(c, channel, team)]
            found = [
                self._world.thread_view(place, message) | {"channel": place.id}
                for place in places
                for message in place.messages.values()
                if not thread_ts or thread_ts in (message["ts"], message.get("thread_ts"))
            ]
        return sorted((m for m in found if _is_by(m, author, self._world.app_id)), key=lambda m: str(m["ts"]))

    @staticmethod
    def _is_meant(place: SlackChannel, channel: str, team: str) -> bool:
        return channel in ("", place.id) and (not team or team in place.team_ids)

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """The ephemeral messages a person sees in a conversation now, oldest first: see `Screens`."""
        place = self._world.channels[channel]
        return [self._world.thread_view(place, m) for m in self._core.screens.ephemerals(user, place)]

    def unseen(self, channel: str, user: str) -> list[Message]:
        """The ephemeral messages a person does not see: their thread was not open, or they reloaded."""
        place = self._world.channels[channel]
        seen = self._core.screens.ephemerals(user, place)
        sent = [m for m in place.ephemerals if m["_for"] == user]
        return [self._world.thread_view(place, m) for m in sent if not any(m is each for each in seen)]

    def views(self, team: str, user: str) -> list[dict[str, Any]]:
        """A person's Home tab and their open modals, each with `closed`."""
        return [
            shown_view(view) | {"closed": view["_closed"]} for view in self._world.views.values()
            if view["team_id"] == team and view["_user"] == user
        ]  # fmt: skip


def _is_by(message: Message, author: str, app_id: str) -> bool:
    if author in ("bot", "user"):
        return (message.get("app_id") == app_id) == (author == "bot")
    return author in ("", message.get("user"))

"""Looking into the Slack playground and setting it up: what the control door and the tests read."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.slack.interact import SlackInteractions
from simulators.slack.views import shown_view
from simulators.slack.world import Message, SlackChannel

ACTS = (
    "say", "edit", "unfurl", "delete", "react", "join", "archive", "open_home", "change_profile",
    "uninstall", "authorize", "verify_events_url", "warn_rate_limited", "redeliver", "click",
    "click_in_view", "submit", "close_view", "slash", "shortcut", "add_workspace", "add_user",
    "add_channel", "ephemerals", "views", "open_im",
)  # fmt: skip
SETTINGS = ("events_url", "interactions_url", "commands_url", "signing_secret", "client_id", "client_secret")


class SlackState(SlackInteractions):
    """Reading and arranging the world from outside."""

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts that the control door offers, by name."""
        return {name: getattr(self, name) for name in ACTS}

    def describe(self) -> dict[str, Any]:
        """Settings, workspaces, people and conversations; secrets included, for this is a playground."""
        with self.world.lock:
            return {
                "url": self.url,
                "app": vars(self.settings),
                "workspaces": [w.as_json() for w in self.world.workspaces.values()],
                "users": [u.as_json() for u in self.world.users.values()],
                "channels": [c.as_json() for c in self.world.channels.values()],
            }

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change where Slack sends things, or the app's secrets."""
        for key, value in settings.items():
            if key not in SETTINGS:
                raise ValueError(f"a Slack app has no setting {key}")
            setattr(self.settings, key, str(value))
        return vars(self.settings)

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add {"workspaces": [{…, "users": […], "channels": […]}]}, with add_…'s arguments."""
        for workspace in world.get("workspaces", []):
            fields = {k: v for k, v in workspace.items() if k not in ("users", "channels")}
            team = self.add_workspace(**fields).team_id
            for user in workspace.get("users", []):
                self.add_user(team, **user)
            for channel in workspace.get("channels", []):
                self.add_channel(team, **channel)
        return self.describe()

    def open_im(self, team: str, user: str) -> SlackChannel:
        """The direct conversation of a person with the bot."""
        return self.world.im(team, user)

    def messages(self, *, channel: str = "", thread_ts: str = "", author: str = "", team: str = "") -> list[Message]:
        """What was posted, oldest first; author is "bot", "user" or a user id.

        With `thread_ts` the parent comes first, then its replies.
        """
        with self.world.lock:
            places = [c for c in self.world.channels.values() if self._is_meant(c, channel, team)]
            found = [
                self.world.thread_view(place, message) | {"channel": place.id}
                for place in places
                for message in place.messages.values()
                if not thread_ts or thread_ts in (message["ts"], message.get("thread_ts"))
            ]
        return sorted((m for m in found if _is_by(m, author)), key=lambda m: str(m["ts"]))

    @staticmethod
    def _is_meant(place: SlackChannel, channel: str, team: str) -> bool:
        return channel in ("", place.id) and (not team or team in place.team_ids)

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """What only this person saw in a conversation, oldest first."""
        place = self.world.channels[channel]
        return [self.world.thread_view(place, m) for m in place.ephemerals if m["_for"] == user]

    def views(self, team: str, user: str) -> list[dict[str, Any]]:
        """A person's Home tab and the modals before them, each with `closed`."""
        return [
            shown_view(view) | {"closed": view["_closed"]} for view in self.world.views.values()
            if view["team_id"] == team and view["_user"] == user
        ]  # fmt: skip


def _is_by(message: Message, author: str) -> bool:
    if author in ("bot", "user"):
        return ("app_id" in message) == (author == "bot")
    return author in ("", message["user"])

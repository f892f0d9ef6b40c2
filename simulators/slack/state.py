"""Looking into the Slack playground and setting it up: what the control door and the tests read."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from simulators.slack.installs import Installs
from simulators.slack.interact import SlackInteractions
from simulators.slack.kinds import Kinds
from simulators.slack.places import Places
from simulators.slack.roster import Roster
from simulators.slack.views import shown_view
from simulators.slack.world import Message, SlackChannel

ACTS = (
    "say", "edit", "unfurl", "detect_language", "delete", "react", "redeliver", "click", "click_in_view", "submit",
    "close_view", "slash", "shortcut", "ephemerals", "unseen", "views", "open_im", "warn_rate_limited",
)  # fmt: skip
ROSTER_ACTS = (
    "add_enterprise", "add_workspace", "install_organization", "add_user", "add_guest", "add_channel", "change_profile",
    "deactivate",
)  # fmt: skip
PLACE_ACTS = (
    "join", "leave", "remove_bot", "archive", "unarchive", "set_topic", "open_home", "open_thread", "close_thread",
)  # fmt: skip
KIND_ACTS = ("me", "say_in_blocks", "forward", "unfurl_message", "voice", "transcribe", "bot_says")
INSTALL_ACTS = ("authorize", "uninstall", "revoke_token", "verify_events_url")
SETTINGS = ("events_url", "interactions_url", "commands_url", "signing_secret", "client_id", "client_secret")


def _acts(holder: object, names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    return {name: getattr(holder, name) for name in names}


class SlackState(SlackInteractions):
    """Reading and arranging the world from outside, and what can be done in it: the acts of all its parts."""

    roster: Roster
    places: Places
    kinds: Kinds
    installs: Installs

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts that the control door offers, by name."""
        return {
            **_acts(self, ACTS), **_acts(self.roster, ROSTER_ACTS), **_acts(self.places, PLACE_ACTS),
            **_acts(self.kinds, KIND_ACTS), **_acts(self.installs, INSTALL_ACTS),
        }  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Settings, workspaces, people and conversations; secrets included, for this is a playground."""
        with self.world.lock:
            return {
                "url": self.url,
                "app": self._app(),
                "throttled": {f"{method} {team}": n for (method, team), n in self.limits.throttled.items()},
                "enterprises": [asdict(e) for e in self.world.enterprises.values()],
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
        return self._app()

    def _app(self) -> dict[str, Any]:
        wanted = self.settings.subscriptions
        return vars(self.settings) | {"subscriptions": None if wanted is None else sorted(wanted)}

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add {"enterprises": […], "workspaces": [{…, "users": […], "channels": […]}]}, with add_…'s arguments."""
        for enterprise in world.get("enterprises", []):
            self.roster.add_enterprise(**enterprise)
        for workspace in world.get("workspaces", []):
            fields = {k: v for k, v in workspace.items() if k not in ("users", "channels")}
            team = self.roster.add_workspace(**fields).team_id
            for user in workspace.get("users", []):
                self.roster.add_user(team, **user)
            for channel in workspace.get("channels", []):
                self.roster.add_channel(team, **channel)
        return self.describe()

    def open_im(self, team: str, user: str) -> SlackChannel:
        """The direct conversation of a person with the bot."""
        return self.world.im(team, user)

    def messages(self, *, channel: str = "", thread_ts: str = "", author: str = "", team: str = "") -> list[Message]:
        """What was posted, oldest first; author is "bot", "user" or a user id.

        With `thread_ts` the parent comes first, then its replies.
        """
        self.pending.catch_up()
        with self.world.lock:
            places = [c for c in self.world.channels.values() if self._is_meant(c, channel, team)]
            found = [
                self.world.thread_view(place, message) | {"channel": place.id}
                for place in places
                for message in place.messages.values()
                if not thread_ts or thread_ts in (message["ts"], message.get("thread_ts"))
            ]
        return sorted((m for m in found if _is_by(m, author, self.world.app_id)), key=lambda m: str(m["ts"]))

    @staticmethod
    def _is_meant(place: SlackChannel, channel: str, team: str) -> bool:
        return channel in ("", place.id) and (not team or team in place.team_ids)

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """What only this person sees in a conversation now, oldest first: see `Screens`."""
        place = self.world.channels[channel]
        return [self.world.thread_view(place, m) for m in self.screens.ephemerals(user, place)]

    def unseen(self, channel: str, user: str) -> list[Message]:
        """What was sent to this person alone and is not before them: their thread was not open, or they reloaded."""
        place = self.world.channels[channel]
        seen = self.screens.ephemerals(user, place)
        sent = [m for m in place.ephemerals if m["_for"] == user]
        return [self.world.thread_view(place, m) for m in sent if not any(m is each for each in seen)]

    def views(self, team: str, user: str) -> list[dict[str, Any]]:
        """A person's Home tab and the modals before them, each with `closed`."""
        return [
            shown_view(view) | {"closed": view["_closed"]} for view in self.world.views.values()
            if view["team_id"] == team and view["_user"] == user
        ]  # fmt: skip


def _is_by(message: Message, author: str, app_id: str) -> bool:
    if author in ("bot", "user"):
        return (message.get("app_id") == app_id) == (author == "bot")
    return author in ("", message.get("user"))

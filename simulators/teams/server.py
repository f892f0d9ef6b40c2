"""A simulated Microsoft Teams: sign-in, Connector and clients of several companies, in memory.

`create_teams_server` makes it; `.serve()` starts it on a port; people act on it by Python calls (`say`, `press`,
`install`, …) or over HTTP under /_control.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask

from msp.kernel import clock
from simulators.control import control_routes
from simulators.ids import Now
from simulators.serving import RunningServer, serve
from simulators.teams.cards import CARD
from simulators.teams.connector import connector_routes
from simulators.teams.core import TeamsApp, TeamsCore
from simulators.teams.directory import Directory
from simulators.teams.files import file_routes
from simulators.teams.installs import Installs
from simulators.teams.invokes import Invokes
from simulators.teams.signin import login_routes
from simulators.teams.world import Activity, Conversation
from simulators.teams.writing import Writing

APP_ID = "5c1ed0f6-3b1c-4cf2-9c57-6f2b6a2f8d11"
# A public constant: it protects a simulator only.
APP_PASSWORD = "k8Q~playground.secret_7Hn2xV"  # noqa: S105
HOME_TENANT = "0b8a4e6c-7d1f-4b59-9d7e-2f5f0f2a9c33"
TURN_SECONDS = 15.0

ACTS = (
    "say", "say_html", "edit", "edit_html", "delete", "undelete", "react", "press", "invoke", "submit_task",
    "consent", "install", "uninstall", "upgrade", "block", "disable", "move_region", "rename", "change_members",
    "conversation_event", "redeliver", "roll_keys", "forge", "add_tenant", "add_user", "add_guest", "add_team",
    "add_group_chat", "open_chat", "card", "seen_by", "notices",
)  # fmt: skip
SETTINGS = ("endpoint", "app_id", "password", "tenant_id", "name", "multi_tenant", "is_registered")


class TeamsServer:
    """A simulated Teams: `app` is its WSGI application, `url` its address once served.

    `core` sends what people do to the bot under test. `directory`, `installs`, `writing` and `invokes` hold the acts of
    people, which are also available here by name. `limits.throttled` counts the requests that were refused with 429, by
    the limit that refused them.
    """

    app: Flask

    def __init__(self, core: TeamsCore) -> None:
        self.core = core
        self.settings, self.world, self.feed, self.calls = core.settings, core.world, core.feed, core.calls
        self.courier, self.faults, self.limits, self.screens = core.courier, core.faults, core.limits, core.screens
        self.redeliver, self.sent_activity, self.forge, self.roll_keys = (
            core.redeliver, core.sent_activity, core.forge, core.roll_keys,
        )  # fmt: skip
        self.service_url, self.person, self.settle, self.reset = core.service_url, core.person, core.settle, core.reset
        self.directory = Directory(core)
        self.installs = Installs(core)
        self.writing = Writing(core)
        self.invokes = Invokes(core)
        self.add_tenant, self.add_user = self.directory.add_tenant, self.directory.add_user
        self.add_guest, self.rename = self.directory.add_guest, self.directory.rename
        self.add_team, self.add_group_chat = self.directory.add_team, self.directory.add_group_chat
        self.open_chat, self.change_members = self.directory.open_chat, self.directory.change_members
        self.conversation_event = self.directory.conversation_event
        self.install, self.uninstall = self.installs.install, self.installs.uninstall
        self.upgrade, self.block = self.installs.upgrade, self.installs.block
        self.disable, self.move_region = self.installs.disable, self.installs.move_region
        self.say, self.say_html = self.writing.say, self.writing.say_html
        self.edit, self.edit_html = self.writing.edit, self.writing.edit_html
        self.delete, self.undelete, self.react = self.writing.delete, self.writing.undelete, self.writing.react
        self.invoke, self.press, self.card = self.invokes.invoke, self.invokes.press, self.invokes.card
        self.submit_task, self.consent = self.invokes.submit_task, self.invokes.consent

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
        """Start the server in a thread; closing the handle stops its retries too."""
        running = serve(self.app, host, port, on_close=self.courier.close)
        self.core.url = self.core.url or running.url
        return running

    @property
    def url(self) -> str:
        """Its address; empty before it is served, unless it has a public one."""
        return self.core.url

    @property
    def openid_url(self) -> str:
        """The address of the OpenID document, for TEAMS_OPENID_METADATA_URL."""
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        """The token endpoint of the bot's home tenant, for TEAMS_TOKEN_URL."""
        home = "botframework.com" if self.settings.multi_tenant else self.settings.tenant_id
        return f"{self.url}/{home}/oauth2/v2.0/token"

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts of the control routes, by name."""
        return {name: getattr(self, name) for name in ACTS}

    def describe(self) -> dict[str, Any]:
        """Settings, tenants, people and places; the secret included, since this is a simulator."""
        with self.world.lock:
            return {
                "url": self.url, "app": vars(self.settings), "openid_url": self.openid_url,
                "token_url": self.token_url, "throttled": dict(self.limits.throttled),
                "tenants": [
                    t.as_json() | {"serviceUrl": self.service_url(t.id)} for t in self.world.tenants.values()
                ],
                "users": [u.as_json() for u in self.world.users.values()],
                "teams": [t.as_json() for t in self.world.teams.values()],
                "conversations": [c.as_json() for c in self.world.conversations.values()],
            }  # fmt: skip

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change the bot's endpoint, or its registration."""
        for key, value in settings.items():
            if key not in SETTINGS:
                raise ValueError(f"a Teams bot has no setting {key}")
            setattr(self.settings, key, value)
        return vars(self.settings)

    def load(self, world: Mapping[str, Any]) -> dict[str, Any]:
        """Add {"tenants": [{…, "users": […], "teams": […], "group_chats": […]}]}, with add_…'s arguments."""
        nested = ("users", "teams", "group_chats")
        for fields in world.get("tenants", []):
            tenant = self.add_tenant(**{k: v for k, v in fields.items() if k not in nested}).id
            for user in fields.get("users", []):
                self.add_user(tenant, **user)
            for team in fields.get("teams", []):
                self.add_team(tenant, **team)
            for chat in fields.get("group_chats", []):
                self.add_group_chat(tenant, **chat)
        return self.describe()

    # -------------------------------------------------------------- reading

    def messages(
        self, *, conversation: str = "", thread: str = "", author: str = "", tenant: str = ""
    ) -> list[Activity]:
        """The messages in the conversations, oldest first; author is "bot", "user" or a 29: id.

        In a channel each message has `thread`, the id of its thread's root; in chats, the chat's. `shown` is a person's
        text as they typed it; `card_problems` are the reasons why people do not see the card.
        """
        base = conversation.partition(";")[0]
        with self.world.lock:
            found = [
                activity for place in self.world.conversations.values()
                if base in ("", place.id) and tenant in ("", place.tenant_id)
                for activity in _standing(place)
                if thread in ("", activity["_thread"]) and _is_by(activity, author)
            ]  # fmt: skip
            return [self._told(activity) for activity in sorted(found, key=lambda a: int(a["_order"]))]

    def seen_by(self, tenant: str, user: str, *, conversation: str = "") -> list[Activity]:
        """The messages of the conversations a person is in, oldest first; `card` is the card as they see it."""
        person = self.person(tenant, user)
        base = conversation.partition(";")[0]
        with self.world.lock:
            places = [p for p in self.world.conversations.values() if self.world.is_in(person, p)]
            found = [a for place in places if base in ("", place.id) for a in _standing(place)]
            found.sort(key=lambda a: int(a["_order"]))
            return [self._told(activity) | {"card": _card_seen(activity, person.id)} for activity in found]

    def notices(self, tenant: str, user: str) -> list[dict[str, Any]]:
        """The notices shown only to this person, oldest first: the bot's answers to buttons, and Teams' own errors."""
        return [notice.as_json() for notice in self.screens.notices(self.person(tenant, user).id)]

    def unshown_cards(self) -> list[str]:
        """The reasons why people do not see cards that the bot sent; empty if they see all."""
        with self.world.lock:
            places = list(self.world.conversations.values())
            return [why for place in places for a in place.activities.values() for why in a.get("_card_problems") or ()]

    def _told(self, activity: Activity) -> Activity:
        typed = activity.get("_shown", "" if activity["_by_bot"] else activity.get("text") or "")
        return self.world.shown(activity) | {
            "thread": activity["_thread"], "edited": "_edited" in activity, "shown": typed,
            "card_problems": activity.get("_card_problems") or [],
        }  # fmt: skip


def _standing(place: Conversation) -> list[Activity]:
    return [activity for activity in place.activities.values() if not activity.get("_deleted")]


def _card_seen(activity: Activity, user_id: str) -> dict[str, Any] | None:
    cards = (a["content"] for a in activity.get("attachments") or [] if a["contentType"] == CARD)
    seen: dict[str, Any] | None = activity["_views"].get(user_id) or next(cards, None)
    return None if activity.get("_card_problems") else seen


def _is_by(activity: Activity, author: str) -> bool:
    if author in ("bot", "user"):
        return bool(activity["_by_bot"]) == (author == "bot")
    return author in ("", activity["from"]["id"])


def create_teams_server(
    *,
    endpoint: str = "",
    app_id: str = APP_ID,
    app_password: str = APP_PASSWORD,
    app_tenant_id: str = HOME_TENANT,
    app_name: str = "Guardia",
    multi_tenant: bool = False,
    seed: int = 0,
    now: Now = clock.now,
    turn_timeout: float = TURN_SECONDS,
    retry_schedule: Sequence[float] = (0.0,),
    public_url: str = "",
) -> TeamsServer:
    """Return an empty Teams with one bot, which listens at `endpoint`; times in seconds.

    Without a 2xx of the bot within `turn_timeout`, the same activity is sent again after each pause of
    `retry_schedule`.
    """
    app = TeamsApp(app_id, app_password, app_tenant_id, app_name, endpoint, multi_tenant)
    core = TeamsCore(
        app, seed=seed, now=now, turn_timeout=turn_timeout, retry_schedule=retry_schedule, public_url=public_url
    )
    server = TeamsServer(core)
    server.app = Flask("simulators.teams", static_folder=None)
    server.app.register_blueprint(control_routes("teams", server))
    server.app.register_blueprint(login_routes(core))
    server.app.register_blueprint(file_routes(core))
    server.app.register_blueprint(connector_routes(core))
    return server

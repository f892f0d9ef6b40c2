"""A Microsoft Teams that runs here: sign-in, Connector and clients of several companies, in memory.

`create_teams_server` makes it; `.serve()` brings it up on a port; people act on it by Python calls
(`say`, `press`, `install`, …) or over HTTP under /_control.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from msp.kernel import clock
from simulators.control import control_routes
from simulators.ids import Now
from simulators.serving import RunningServer, serve
from simulators.teams.connector import connector_routes, login_routes
from simulators.teams.core import TeamsApp
from simulators.teams.invokes import TeamsInvokes
from simulators.teams.world import Activity

APP_ID = "5c1ed0f6-3b1c-4cf2-9c57-6f2b6a2f8d11"
# Invented, and known to everybody: it guards nothing but a playground.
APP_PASSWORD = "k8Q~playground.secret_7Hn2xV"  # noqa: S105
HOME_TENANT = "0b8a4e6c-7d1f-4b59-9d7e-2f5f0f2a9c33"
TURN_SECONDS = 15.0

ACTS = (
    "say", "edit", "delete", "undelete", "react", "press", "invoke", "submit_task", "consent", "install",
    "uninstall", "block", "move_region", "change_members", "conversation_event", "redeliver", "roll_keys",
    "forge", "add_tenant", "add_user", "add_team", "add_group_chat", "open_chat", "card",
)  # fmt: skip
SETTINGS = ("endpoint", "app_id", "password", "tenant_id", "name", "multi_tenant")


class TeamsServer(TeamsInvokes):
    """The Teams playground: `app` is its WSGI application, `url` where it runs once served."""

    app: Flask

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
        """Bring the server up in a thread; closing the handle stops its retries too."""
        running = serve(self.app, host, port, on_close=self.courier.close)
        self.url = self.url or running.url
        return running

    @property
    def openid_url(self) -> str:
        """The OpenID document, as TEAMS_OPENID_METADATA_URL wants it."""
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        """The token endpoint of the bot's home tenant, as TEAMS_TOKEN_URL wants it."""
        home = "botframework.com" if self.settings.multi_tenant else self.settings.tenant_id
        return f"{self.url}/{home}/oauth2/v2.0/token"

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts that the control door offers, by name."""
        return {name: getattr(self, name) for name in ACTS}

    def describe(self) -> dict[str, Any]:
        """Settings, tenants, people and places; the secret included, for this is a playground."""
        with self.world.lock:
            return {
                "url": self.url, "app": vars(self.settings), "openid_url": self.openid_url,
                "token_url": self.token_url,
                "tenants": [
                    t.as_json() | {"serviceUrl": self.service_url(t.id)} for t in self.world.tenants.values()
                ],
                "users": [u.as_json() for u in self.world.users.values()],
                "teams": [t.as_json() for t in self.world.teams.values()],
                "conversations": [c.as_json() for c in self.world.conversations.values()],
            }  # fmt: skip

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change where the bot listens, or its registration."""
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

    def open_chat(self, tenant: str, user: str) -> dict[str, Any]:
        """The personal chat of a person with the bot, the app installed."""
        return self.world.open_personal(self.person(tenant, user), installed=True).as_json()

    def card(self, user: str, id: str) -> dict[str, Any]:
        """The card of a message as this person sees it now."""
        return self.card_of(self.find(id)[1], user)

    def messages(
        self, *, conversation: str = "", thread: str = "", author: str = "", tenant: str = ""
    ) -> list[Activity]:
        """What stands in the conversations, oldest first; author is "bot", "user" or a 29: id.

        In a channel each message carries `thread`, the id of its thread's root; in chats, the chat's.
        """
        base = conversation.partition(";")[0]
        with self.world.lock:
            found = [
                activity for place in self.world.conversations.values()
                if base in ("", place.id) and tenant in ("", place.tenant_id)
                for activity in place.activities.values()
                if thread in ("", activity["_thread"]) and not activity.get("_deleted")
            ]  # fmt: skip
            kept = sorted((a for a in found if _is_by(a, author)), key=lambda a: int(a["_order"]))
            return [self.world.shown(a) | {"thread": a["_thread"], "edited": "_edited" in a} for a in kept]


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
    enforce_limits: bool = False,
    public_url: str = "",
) -> TeamsServer:
    """An empty Teams with one bot, which listens at `endpoint`; times in seconds.

    A bot slower than `turn_timeout` gets the same activity again after each pause of
    `retry_schedule`. `enforce_limits` turns on the rate limits per conversation.
    """
    app = TeamsApp(app_id, app_password, app_tenant_id, app_name, endpoint, multi_tenant)
    server = TeamsServer(
        app, seed=seed, now=now, turn_timeout=turn_timeout, retry_schedule=retry_schedule,
        enforce_limits=enforce_limits, public_url=public_url,
    )  # fmt: skip
    server.app = Flask("simulators.teams", static_folder=None)
    server.app.register_blueprint(control_routes("teams", server))
    server.app.register_blueprint(login_routes(server))
    server.app.register_blueprint(_files(server))
    server.app.register_blueprint(connector_routes(server))
    return server


def _files(server: TeamsServer) -> Blueprint:
    """Pre-authorised addresses for files: who knows one needs no token, until it expires."""
    routes = Blueprint("teams_files", __name__)

    def usable(file_id: str) -> bool:
        file = server.world.files.get(file_id)
        return file is not None and server.now() < file.expires

    @routes.get("/files/download/<file_id>")
    def download(file_id: str) -> Response:
        if not usable(file_id):
            return Response("The address has expired.", status=401, mimetype="text/plain")
        return Response(server.world.files[file_id].content, mimetype="application/octet-stream")

    @routes.put("/files/upload/<file_id>")
    def upload(file_id: str) -> Response:
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("Content-Range", ""))
        if not usable(file_id) or span is None:
            return Response("invalidRequest", status=401 if span else 400, mimetype="text/plain")
        file, part = server.world.files[file_id], request.get_data()
        start, end, total = (int(number) for number in span.groups())
        if start != len(file.content) or end - start + 1 != len(part):
            return Response("invalidRange", status=416, mimetype="text/plain")
        file.content += part
        if len(file.content) < total:
            going_on = jsonify({"nextExpectedRanges": [f"{len(file.content)}-"]})
            going_on.status_code = 202
            return going_on
        done = jsonify({"id": file.id, "name": file.name, "size": total})
        done.status_code = 201
        return done

    return routes

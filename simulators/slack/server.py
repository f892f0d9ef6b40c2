"""A Slack that runs here: Web API, events, interactivity, files and OAuth, all in memory.

`create_slack_server` makes it; `.serve()` brings it up on a port; people act on it by Python calls
(`say`, `click`, `submit`, …) or over HTTP under /_control.
"""

import html
from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Flask, Response, jsonify, redirect, request

from msp.kernel import clock
from simulators.control import control_routes
from simulators.ids import Now
from simulators.serving import RunningServer, serve
from simulators.slack import files as slack_files
from simulators.slack import methods as slack_methods
from simulators.slack.core import SlackApp
from simulators.slack.interact import SlackInteractions
from simulators.slack.state import SlackState
from simulators.slack.web import web_api

# Invented, and known to everybody: they guard nothing but a playground.
SIGNING_SECRET = "5f1c0e9a7b2d48368e4c1a90d7f3b652"  # noqa: S105
CLIENT_ID = "2210535565.1234567890"
CLIENT_SECRET = "9d3c8f7e6b5a41203948576a1b2c3d4e"  # noqa: S105
VERIFICATION_TOKEN = "Xv7pZ0qLr2mN4tB8yC6dF1gH"  # noqa: S105
RETRY_SCHEDULE = (0.0, 60.0, 300.0)
ACK_SECONDS = 3.0
RESPONSE_URL_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)


class SlackServer(SlackState):
    """The Slack playground: `app` is its WSGI application, `url` where it runs once served."""

    app: Flask

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
        """Bring the server up in a thread; closing the handle stops its retries too."""
        running = serve(self.app, host, port, on_close=self.courier.close)
        self.url = self.url or running.url
        return running

    @property
    def api_url(self) -> str:
        """The base of the Web API, as WebClient and SLACK_API_URL want it."""
        return f"{self.url}/api/"


def create_slack_server(
    *,
    events_url: str = "",
    interactions_url: str = "",
    commands_url: str = "",
    signing_secret: str = SIGNING_SECRET,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    app_id: str = "A0GUARDIA01",
    app_name: str = "Guardia",
    verification_token: str = VERIFICATION_TOKEN,
    seed: int = 0,
    now: Now = clock.now,
    ack_timeout: float = ACK_SECONDS,
    retry_schedule: Sequence[float] = RETRY_SCHEDULE,
    enforce_limits: bool = False,
    restricted_history: bool = False,
    echo_bot_messages: bool = True,
    public_url: str = "",
) -> SlackServer:
    """An empty Slack with one app; times in seconds.

    `retry_schedule` holds the pauses before the second, third and fourth attempt at an event.
    `enforce_limits` turns on the rate limits; `restricted_history` those that apps sold outside the
    Marketplace have for reading messages (15 at a time, once a minute); `echo_bot_messages` sends the
    app its own messages back as events, as Slack does.
    """
    app = SlackApp(
        app_id,
        app_name,
        client_id,
        client_secret,
        signing_secret,
        verification_token,
        events_url,
        interactions_url,
        commands_url,
    )
    server = SlackServer(
        app,
        seed=seed,
        now=now,
        ack_timeout=ack_timeout,
        retry_schedule=retry_schedule,
        enforce_limits=enforce_limits,
        restricted_history=restricted_history,
        echo_bot_messages=echo_bot_messages,
        public_url=public_url,
    )
    server.app = Flask("simulators.slack", static_folder=None)
    server.app.register_blueprint(web_api(server))
    server.app.register_blueprint(slack_files.file_routes(server))
    server.app.register_blueprint(_response_urls(server))
    server.app.register_blueprint(_oauth(server))
    server.app.register_blueprint(control_routes("slack", server))
    return server


def _response_urls(server: SlackInteractions) -> Blueprint:
    routes = Blueprint("slack_response_urls", __name__)

    @routes.post("/actions/<path:rest>")
    def respond(rest: str) -> Response:
        return server.faults.meet(
            server.faults.take("response_url", {}),
            act=lambda: _respond(server, f"/actions/{rest}"),
            refuse=lambda fault: Response("error", status=int(fault.kind) if fault.kind.isdecimal() else 500),
        )

    return routes


def _respond(server: SlackInteractions, path: str) -> Response:
    def refused(error: str) -> Response:
        answer = jsonify({"ok": False, "error": error})
        answer.status_code = 404
        return answer

    with server.world.lock:
        target = server.world.response_urls.get(path)
        if target is None:
            return refused("invalid_url")
        if server.now() - target.made > RESPONSE_URL_LIFE:
            return refused("expired_url")
        if target.uses >= RESPONSE_URL_USES:
            return refused("used_url")
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return Response("invalid_payload", status=400, mimetype="text/plain")
        target.uses += 1
        server.respond(target, body)
    return jsonify({"ok": True})


def _oauth(server: SlackInteractions) -> Blueprint:
    routes = Blueprint("slack_oauth", __name__)

    @routes.get("/oauth/v2/authorize")
    def ask() -> Response:
        if request.args.get("client_id") != server.settings.client_id:
            return Response("Invalid client_id parameter", status=400, mimetype="text/plain")
        return Response(_consent_page(server), mimetype="text/html")

    @routes.post("/oauth/v2/authorize")
    def allow() -> Response:
        team, back = request.form["team"], request.form["redirect_uri"]
        person = next(u for u in server.world.members(team) if not u.is_bot)
        scope = tuple(part for part in request.form.get("scope", "").split(",") if part)
        code = server.authorize(team, person.id, redirect_uri=back, **({"scope": scope} if scope else {}))
        state = request.form.get("state", "")
        target = slack_methods.authorized_redirect(back, code=code, state=state)
        return Response(status=302, headers=redirect(target).headers)

    return routes


def _consent_page(server: SlackInteractions) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(request.args.get(name, ""))}">'
        for name in ("redirect_uri", "state", "scope")
    )
    buttons = "".join(
        f'<button name="team" value="{w.team_id}">Allow in {html.escape(w.name)}</button> '
        for w in server.world.workspaces.values()
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{server.settings.name}</title></head>'
        f"<body><h1>{html.escape(server.settings.name)} is requesting permission to access a workspace</h1>"
        f'<form method="post">{hidden}{buttons}</form></body></html>'
    )

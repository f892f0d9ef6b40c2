"""A simulated Slack: Web API, events, interactivity, files and OAuth, all in memory.

`create_slack_server` makes it; `.serve()` starts it on a port; people act on it by Python calls (`say`, `click`,
`submit`, …) or over HTTP under /_control.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from msp.kernel import clock
from simulators.control import control_routes
from simulators.ids import Now
from simulators.serving import RunningServer, serve
from simulators.slack import files as slack_files
from simulators.slack import methods as slack_methods  # noqa: F401 - importing it registers its methods
from simulators.slack.core import SlackApp, SlackCore
from simulators.slack.installs import Installs, consent_routes
from simulators.slack.interact import Interactions
from simulators.slack.kinds import Kinds
from simulators.slack.limits import Distribution
from simulators.slack.manifest import Manifest
from simulators.slack.people import People
from simulators.slack.person import SlackPerson
from simulators.slack.places import Places
from simulators.slack.roster import Roster
from simulators.slack.state import State
from simulators.slack.web import web_api

# Public constants: they protect a simulator only.
SIGNING_SECRET = "5f1c0e9a7b2d48368e4c1a90d7f3b652"  # noqa: S105
CLIENT_ID = "2210535565.1234567890"
CLIENT_SECRET = "9d3c8f7e6b5a41203948576a1b2c3d4e"  # noqa: S105
VERIFICATION_TOKEN = "Xv7pZ0qLr2mN4tB8yC6dF1gH"  # noqa: S105
RETRY_SCHEDULE = (0.0, 60.0, 300.0)
ACK_SECONDS = 3.0
RESPONSE_URL_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)


ACTS = {
    "people": ("say", "edit", "unfurl", "detect_language", "delete", "react"),
    "interactions": ("click", "click_in_view", "submit", "close_view", "slash", "shortcut"),
    "state": ("ephemerals", "unseen", "views", "open_im"),
    "roster": (
        "add_enterprise", "add_workspace", "install_organization", "add_user", "add_guest", "add_channel",
        "change_profile", "deactivate",
    ),
    "places": (
        "join", "leave", "remove_bot", "archive", "unarchive", "set_topic", "open_home", "open_thread", "close_thread",
    ),
    "kinds": ("me", "say_in_blocks", "forward", "unfurl_message", "voice", "transcribe", "bot_says"),
    "installs": ("authorize", "uninstall", "revoke_token", "verify_events_url"),
}  # fmt: skip


class SlackServer:
    """A simulated Slack: `app` is its WSGI application, `url` its address once served.

    `core` sends what people do to the app under test. The parts have the acts: `roster`, `places`, `people`, `kinds`,
    `interactions`, `installs`, `state`; those that tests use most are also available here by name. `person` gives one
    person's view.
    """

    app: Flask

    def __init__(self, core: SlackCore) -> None:
        self.core = core
        self.settings, self.world, self.feed, self.calls = core.settings, core.world, core.feed, core.calls
        self.courier, self.faults, self.limits, self.screens = core.courier, core.faults, core.limits, core.screens
        self.redeliver, self.warn_rate_limited, self.send_event = (
            core.redeliver,
            core.warn_rate_limited,
            core.send_event,
        )
        self.settle, self.reset = core.settle, core.reset
        self.roster, self.places, self.installs = Roster(core), Places(core), Installs(core)
        self.people, self.kinds, self.interactions = People(core), Kinds(core), Interactions(core)
        self.state = State(core, self.roster)
        self.add_workspace, self.add_user = self.roster.add_workspace, self.roster.add_user
        self.add_channel, self.change_profile = self.roster.add_channel, self.roster.change_profile
        self.join, self.archive, self.open_home = self.places.join, self.places.archive, self.places.open_home
        self.uninstall, self.authorize = self.installs.uninstall, self.installs.authorize
        self.verify_events_url = self.installs.verify_events_url
        self.say, self.edit, self.delete = self.people.say, self.people.edit, self.people.delete
        self.react, self.unfurl = self.people.react, self.people.unfurl
        self.detect_language = self.people.detect_language
        self.click, self.click_in_view = self.interactions.click, self.interactions.click_in_view
        self.submit, self.close_view = self.interactions.submit, self.interactions.close_view
        self.slash, self.shortcut = self.interactions.slash, self.interactions.shortcut
        self.messages, self.ephemerals, self.unseen = self.state.messages, self.state.ephemerals, self.state.unseen
        self.views, self.open_im = self.state.views, self.state.open_im
        self.describe, self.configure, self.load = self.state.describe, self.state.configure, self.state.load

    @property
    def acts(self) -> Mapping[str, Callable[..., Any]]:
        """The acts of the control routes, by name."""
        own: dict[str, Callable[..., Any]]
        own = {"redeliver": self.redeliver, "warn_rate_limited": self.warn_rate_limited}
        return own | {name: getattr(getattr(self, part), name) for part, names in ACTS.items() for name in names}

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
    def api_url(self) -> str:
        """The base address of the Web API, for WebClient and SLACK_API_URL."""
        return f"{self.url}/api/"

    @property
    def throttled(self) -> int:
        """How many calls the rate limits have refused so far; `limits.throttled` has them by method."""
        return self.limits.throttled.total()

    def person(self, team: str, user: str) -> SlackPerson:
        """One person's Slack: their acts, one line each, and what they see."""
        if user not in self.world.users or team not in self.world.workspaces:
            raise ValueError(f"there is no {user} at {team}")
        return SlackPerson(self, team, user)


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
    manifest: Manifest | None = None,
    distribution: Distribution = "distributed",
    seed: int = 0,
    now: Now = clock.now,
    ack_timeout: float = ACK_SECONDS,
    retry_schedule: Sequence[float] = RETRY_SCHEDULE,
    echo_bot_messages: bool = True,
    public_url: str = "",
) -> SlackServer:
    """Return an empty Slack with one app; times in seconds.

    `manifest` gives the app's scopes and events; without one it has many scopes and gets every event they allow.
    `distribution`: an app sold outside the Marketplace reads 15 messages of history a minute; one of the Marketplace or
    of a single company ("internal") has the usual tiers. The rate limits use `now`: see `simulators.slack.limits`.
    `retry_schedule` holds the pauses before the second, third and fourth attempt at an event; `echo_bot_messages` sends
    the app its own messages back as events, as Slack does.
    """
    app = SlackApp(
        app_id, app_name, client_id, client_secret, signing_secret, verification_token, events_url, interactions_url,
        commands_url,
    )  # fmt: skip
    if manifest is not None:
        app.scopes, app.subscriptions, app.messages_tab = manifest.scopes, manifest.events, manifest.messages_tab
        app.escapes_commands = manifest.escapes_commands
    core = SlackCore(
        app, seed=seed, now=now, ack_timeout=ack_timeout, retry_schedule=retry_schedule, distribution=distribution,
        echo_bot_messages=echo_bot_messages, public_url=public_url,
    )  # fmt: skip
    server = SlackServer(core)
    server.app = Flask("simulators.slack", static_folder=None)
    server.app.register_blueprint(web_api(core))
    server.app.register_blueprint(slack_files.file_routes(core))
    server.app.register_blueprint(_response_urls(core, server.interactions))
    server.app.register_blueprint(consent_routes(core, server.installs))
    server.app.register_blueprint(control_routes("slack", server))
    return server


def _response_urls(core: SlackCore, interactions: Interactions) -> Blueprint:
    routes = Blueprint("slack_response_urls", __name__)

    @routes.post("/actions/<path:rest>")
    def respond(rest: str) -> Response:
        return core.faults.meet(
            core.faults.take("response_url", {}),
            act=lambda: _respond(core, interactions, f"/actions/{rest}"),
            refuse=lambda fault: Response("error", status=int(fault.kind) if fault.kind.isdecimal() else 500),
        )

    return routes


def _respond(core: SlackCore, interactions: Interactions, path: str) -> Response:
    def refused(error: str) -> Response:
        answer = jsonify({"ok": False, "error": error})
        answer.status_code = 404
        return answer

    with core.world.lock:
        target = core.world.response_urls.get(path)
        if target is None:
            return refused("invalid_url")
        if core.now() - target.made > RESPONSE_URL_LIFE:
            return refused("expired_url")
        if target.uses >= RESPONSE_URL_USES:
            return refused("used_url")
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return Response("invalid_payload", status=400, mimetype="text/plain")
        target.uses += 1
        interactions.respond(target, body)
    return jsonify({"ok": True})

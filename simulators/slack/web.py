"""The Web API's routes: authentication, arguments, answers and errors."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulators.faults import Fault
from simulators.slack.core import SlackCore
from simulators.slack.world import Install, SlackChannel, SlackWorld, Workspace

ERROR_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"


class SlackRefusal(Exception):
    """`ok: false` with an error code, and further fields of the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass
class Call:
    """One authenticated call: the workspace of the token, and the arguments."""

    core: SlackCore
    workspace: Workspace
    args: Mapping[str, Any]

    @property
    def world(self) -> SlackWorld:
        """The world the call acts on."""
        return self.core.world

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """A required argument."""
        value = self.text(name)
        if not value:
            missing = f"[ERROR] missing required field: {name}"
            raise SlackRefusal("invalid_arguments", response_metadata={"messages": [missing]})
        return value

    def flag(self, name: str) -> bool:
        """An argument as yes or no: true, "true" and "1" are yes."""
        return str(self.args.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, default: int, most: int) -> int:
        """An argument as a whole number between 1 and `most`."""
        value = self.text(name)
        if value and not value.isdecimal():
            raise SlackRefusal("invalid_arguments")
        return max(1, min(int(value or default), most))

    def structure(self, name: str, *, error: str) -> Any:
        """An argument that is JSON, given as such or as text; None if it is missing."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackRefusal(error) from None

    def channel(self, name: str = "channel") -> SlackChannel:
        """The conversation of an argument, if it is visible to this bot."""
        channel = self.world.channels.get(self.text(name))
        if channel is None or not self._reaches(channel):
            raise SlackRefusal("channel_not_found")
        if channel.kind != "channel" and self.workspace.bot_user_id not in channel.members:
            raise SlackRefusal("channel_not_found")
        return channel

    def need_scope(self, scope: str) -> None:
        """Refuse if the installation was not granted a scope; the answer has the needed and the granted scopes."""
        if scope not in self.workspace.scopes:
            raise SlackRefusal("missing_scope", needed=scope, provided=",".join(self.workspace.scopes))

    def _reaches(self, channel: SlackChannel) -> bool:
        """Whether the installation is in a workspace of the conversation: an organization's in any of its own."""
        workspaces = (self.world.workspaces[team] for team in channel.team_ids)
        return any(workspace.install is self.workspace.install for workspace in workspaces)


NOBODY = Workspace("", "", "", Install("", "", ""))
Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """A Web API method: its scope, its rate tier, and whether it reads JSON bodies."""

    run: Handler
    scope: str = ""
    tier: int = 3
    takes_json: bool = False
    needs_token: bool = True


METHODS: dict[str, Method] = {}


def method(
    name: str, *, scope: str = "", tier: int = 3, takes_json: bool = False, needs_token: bool = True
) -> Callable[[Handler], Handler]:
    """Register a function as the Web API method of that name."""

    def register(run: Handler) -> Handler:
        METHODS[name] = Method(run, scope, tier, takes_json, needs_token)
        return run

    return register


def read_arguments(*, takes_json: bool) -> dict[str, Any]:
    """The arguments of the request: query, form, multipart, or JSON where the method reads it."""
    arguments: dict[str, Any] = dict(request.args)
    if request.mimetype == "application/json":
        if takes_json and request.get_data():
            body = request.get_json(silent=True)
            if not isinstance(body, dict):
                raise SlackRefusal("json_not_object" if body is not None else "invalid_json")
            arguments |= body
    else:
        arguments |= dict(request.form)
    return arguments


def bearer_token(arguments: Mapping[str, Any]) -> str:
    """The token of a request, in its header or as an argument."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(arguments.get("token", ""))


def authenticate(world: SlackWorld, token: str, arguments: Mapping[str, Any]) -> Workspace:
    """The workspace of a call; refuses unknown, revoked and uninstalled tokens.

    For the token of an organization's installation it follows from the arguments: `team_id`, or else the workspace of
    the conversation or of the person.
    """
    if not token:
        raise SlackRefusal("not_authed")
    workspaces = world.workspaces_of_token(token)
    if not workspaces:
        raise SlackRefusal("invalid_auth")
    install = workspaces[0].install
    if token in install.revoked_tokens:
        raise SlackRefusal("token_revoked")
    if not install.installed:
        raise SlackRefusal("account_inactive")
    meant = _teams_meant(world, arguments)
    return next((w for w in workspaces if w.team_id in meant), workspaces[0])


def _teams_meant(world: SlackWorld, arguments: Mapping[str, Any]) -> list[str]:
    channel = world.channels.get(str(arguments.get("channel") or arguments.get("channel_id")))
    user = world.users.get(str(arguments.get("user") or arguments.get("users") or arguments.get("user_id")))
    named = [str(arguments["team_id"])] if arguments.get("team_id") else []
    return [*named, *(channel.team_ids if channel else ()), *([user.team_id, *user.teams] if user else ())]


def web_api(core: SlackCore) -> Blueprint:
    """The /api/ routes of a simulated Slack."""
    routes = Blueprint("slack_web_api", __name__)

    @routes.route("/api/<name>", methods=["GET", "POST"])
    def call(name: str) -> Response:
        known = METHODS.get(name)
        if known is None:
            return _answer({"ok": False, "error": "unknown_method", "req_method": name})
        entry: dict[str, Any] = {
            "method": name,
            "at": core.now().isoformat(),
            "team": "",
            "args": {},
            "error": None,
        }
        core.calls.append(entry)
        try:
            arguments = read_arguments(takes_json=known.takes_json)
        except SlackRefusal as refusal:
            return _refused(entry, refusal)
        entry["args"] = {key: value for key, value in arguments.items() if key != "token"}
        owners = core.world.workspaces_of_token(bearer_token(arguments))
        where = {"team": owners[0].team_id if owners else "", **arguments}
        return core.faults.meet(
            core.faults.take(name, where),
            act=lambda: _perform(core, name, known, arguments, entry),
            refuse=lambda fault: _befallen(fault, entry),
        )

    return routes


def _perform(core: SlackCore, name: str, known: Method, arguments: dict[str, Any], entry: dict[str, Any]) -> Response:
    core.pending.catch_up()
    try:
        with core.world.lock:
            if not known.needs_token:
                return _answer({"ok": True} | known.run(Call(core, NOBODY, arguments)))
            workspace = authenticate(core.world, bearer_token(arguments), arguments)
            entry["team"] = workspace.team_id
            wait = core.limits.seconds_to_wait(name, known.tier, team=workspace.team_id, arguments=arguments)
            if wait > 0:
                entry["error"] = "ratelimited"
                return _rate_limited(wait, as_page=sum(core.limits.throttled.values()) % 2 == 0)
            call = Call(core, workspace, arguments)
            if known.scope:
                call.need_scope(known.scope)
            answer = {"ok": True} | known.run(call)
        return _answer(answer, scopes=workspace.scopes, accepted=known.scope)
    except SlackRefusal as refusal:
        return _refused(entry, refusal)


def _answer(body: Mapping[str, Any], *, scopes: tuple[str, ...] = (), accepted: str = "") -> Response:
    response = jsonify(body)
    if scopes:
        response.headers["x-oauth-scopes"] = ",".join(scopes)
        response.headers["x-accepted-oauth-scopes"] = accepted
    return response


def _refused(entry: dict[str, Any], refusal: SlackRefusal) -> Response:
    entry["error"] = refusal.error
    return _answer({"ok": False, "error": refusal.error} | refusal.more)


def _rate_limited(seconds: int, *, as_page: bool = False) -> Response:
    """429 with Retry-After; Slack's own answer, or the HTML page of a proxy in front of it."""
    response = _answer({"ok": False, "error": "ratelimited"})
    if as_page:
        response = Response(ERROR_PAGE.format(title="Too Many Requests"), mimetype="text/html")
    response.status_code = 429
    response.headers["Retry-After"] = str(seconds)
    return response


def _befallen(fault: Fault, entry: dict[str, Any]) -> Response:
    entry["error"] = fault.error or fault.kind
    if fault.kind == "429":
        return _rate_limited(fault.retry_after)
    if fault.kind == "error":
        return _answer({"ok": False, "error": fault.error or "internal_error"})
    if fault.kind == "500":
        response = _answer({"ok": False, "error": "internal_error"})
        response.status_code = 500
        return response
    return Response(ERROR_PAGE.format(title="Server Error"), status=int(fault.kind), mimetype="text/html")

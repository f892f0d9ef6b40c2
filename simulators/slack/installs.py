"""Installing and uninstalling the app in a workspace or an organization: consent, OAuth, revoked tokens.

Sources: docs.slack.dev/reference/methods/oauth.v2.access (errors; a code is valid once; the redirect_uri must be the
one of the request); api.slack.com/enterprise/apps/reference (an organization's installation: `team` is null,
`is_enterprise_install` true, ids begin with W); docs.slack.dev/reference/events, tokens_revoked and app_uninstalled.
"""

import html
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request

from simulators.courier import Delivery
from simulators.slack.core import SlackCore
from simulators.slack.limits import SPECIAL
from simulators.slack.web import Call, SlackRefusal, method
from simulators.slack.world import Enterprise, Install, Workspace


class Installs:
    """Acts of administrators on the app."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core

    def authorize(self, team: str, user: str, *, redirect_uri: str = "", scope: Sequence[str] | None = None) -> str:
        """Approve the installation as a person; returns the code for oauth.v2.access, valid once.

        `team` is a workspace, or an organization for all its workspaces. Without `scope` the scopes are those of the
        app.
        """
        world = self._core.world
        if team not in world.workspaces and team not in world.enterprises:
            raise ValueError(f"there is neither a workspace nor an organization {team}")
        code = f"{world.ids.moment()}.{world.ids.hexadecimal(64)}"
        granted = tuple(self._core.settings.scopes if scope is None else scope)
        world.codes[code] = {
            "team": team, "user": user, "redirect_uri": redirect_uri, "scope": granted, "used": False,
        }  # fmt: skip
        return code

    def uninstall(self, team: str, *, wait: bool = True) -> list[Delivery]:
        """Uninstall the app from a workspace, or from the organization that installed it.

        The token is invalid at once; tokens_revoked and app_uninstalled are both sent, in no guaranteed order.
        """
        install = self._core.world.workspaces[team].install
        install.installed = False
        gone = {"type": "app_uninstalled", "event_ts": self._core.world.ts()}
        events = (self._revoked(install), gone)
        return [
            delivery
            for event in events
            for delivery in self._core.emit(None, event, wait=wait, teams=[team], even_uninstalled=True)
        ]

    def revoke_token(self, team: str, *, wait: bool = True) -> list[Delivery]:
        """Revoke the token while the app stays installed: tokens_revoked only."""
        install = self._core.world.workspaces[team].install
        install.revoked_tokens.add(install.bot_token)
        return self._core.emit(None, self._revoked(install), wait=wait, teams=[team], even_uninstalled=True)

    def _revoked(self, install: Install) -> dict[str, Any]:
        tokens = {"oauth": [], "bot": [install.bot_user_id]}
        return {"type": "tokens_revoked", "tokens": tokens, "event_ts": self._core.world.ts()}

    def verify_events_url(self) -> bool:
        """Send Slack's url_verification; returns whether the events URL answers with the challenge."""
        core = self._core
        challenge = core.world.ids.secret(52)
        payload = {"token": core.settings.verification_token, "challenge": challenge, "type": "url_verification"}
        answer = core.send_event(payload, wait=True, once=True).answer
        if answer is None or not answer.accepted:
            return False
        body = answer.json()
        return answer.body.decode(errors="replace").strip() == challenge or (
            isinstance(body, dict) and body.get("challenge") == challenge
        )


def fresh_install(core: SlackCore, *, scopes: Sequence[str], token: str = "", bot: str = "", org: str = "") -> Install:
    """The app with a token and a bot of its own, not yet in a workspace; an organization's bot id begins with W."""
    ids = core.world.ids
    return Install(
        token or f"xoxb-{ids.moment()}-{ids.secret(24)}", bot or ids.upper("W" if org else "U"), ids.upper("B"),
        tuple(scopes), enterprise_id=org,
    )  # fmt: skip


@method("oauth.v2.access", needs_token=False, tier=SPECIAL)
def oauth_v2_access(call: Call) -> dict[str, Any]:
    """Exchange a single-use code for a bot token; installs the app in the workspace or the organization."""
    basic = request.authorization
    client_id = (basic.username if basic else "") or call.text("client_id")
    client_secret = (basic.password if basic else "") or call.text("client_secret")
    if client_id != call.core.settings.client_id:
        raise SlackRefusal("invalid_client_id")
    if client_secret != call.core.settings.client_secret:
        raise SlackRefusal("bad_client_secret")
    grant = call.world.codes.get(call.text("code"))
    if grant is None:
        raise SlackRefusal("invalid_code")
    if grant["used"]:
        raise SlackRefusal("code_already_used")
    if grant["redirect_uri"] and grant["redirect_uri"] != call.text("redirect_uri"):
        raise SlackRefusal("bad_redirect_uri")
    grant["used"] = True
    enterprise = call.world.enterprises.get(grant["team"])
    if enterprise is not None:
        return _granted(call, install_in_organization(call.core, enterprise, scopes=grant["scope"]), grant)
    workspace = call.world.workspaces[grant["team"]]
    if workspace.is_org_wide:
        raise SlackRefusal("cannot_install_an_org_installed_app")
    return _granted(call, _install_in(call.core, workspace, scopes=grant["scope"]), grant)


def _install_in(core: SlackCore, workspace: Workspace, *, scopes: tuple[str, ...]) -> Workspace:
    install = workspace.install
    if not install.installed or install.bot_token in install.revoked_tokens:
        install.revoked_tokens.add(install.bot_token)
        install.bot_token = f"xoxb-{core.world.ids.moment()}-{core.world.ids.secret(24)}"
        install.installed = True
    install.scopes = scopes
    return workspace


def install_in_organization(core: SlackCore, enterprise: Enterprise, *, scopes: Sequence[str]) -> Workspace:
    """Install the app in every workspace of an organization, with one token and one bot; returns one of them."""
    workspaces = [w for w in core.world.workspaces.values() if w.enterprise_id == enterprise.id]
    known = next((w.install for w in workspaces if w.is_org_wide), None)
    install = known or fresh_install(core, scopes=scopes, org=enterprise.id)
    if not install.installed:
        install.revoked_tokens.add(install.bot_token)
        install.bot_token = f"xoxb-{core.world.ids.moment()}-{core.world.ids.secret(24)}"
    install.installed, install.scopes = True, tuple(scopes)
    for workspace in workspaces:
        _exchange_bot(core, workspace, install)
    return workspaces[0]


def _exchange_bot(core: SlackCore, workspace: Workspace, install: Install) -> None:
    """Replace the workspace's own bot by the organization's."""
    before, workspace.install = workspace.install, install
    bot = core.world.users.pop(before.bot_user_id, None)
    known = core.world.users.get(install.bot_user_id)
    if known is not None:
        known.teams = list(dict.fromkeys([*known.teams, workspace.team_id]))
    elif bot is not None:
        bot.id, bot.enterprise_id, bot.teams = install.bot_user_id, install.enterprise_id, [workspace.team_id]
        core.world.users[bot.id] = bot
    for channel in core.world.channels_of(workspace.team_id):
        if before.bot_user_id in channel.members:
            channel.members = (channel.members - {before.bot_user_id}) | {install.bot_user_id}


def _granted(call: Call, workspace: Workspace, grant: dict[str, Any]) -> dict[str, Any]:
    enterprise = call.world.enterprises.get(workspace.enterprise_id)
    team = {"id": workspace.team_id, "name": workspace.name}
    return {
        "app_id": call.world.app_id, "authed_user": {"id": grant["user"]}, "token_type": "bot",
        "scope": ",".join(workspace.scopes), "access_token": workspace.bot_token,
        "bot_user_id": workspace.bot_user_id, "team": None if workspace.is_org_wide else team,
        "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
        "is_enterprise_install": workspace.is_org_wide,
    }  # fmt: skip


# ----------------------------------------------------------------------- consent


def consent_routes(core: SlackCore, installs: Installs) -> Blueprint:
    """The page on which a person approves the app or cancels."""
    routes = Blueprint("slack_oauth", __name__)

    @routes.get("/oauth/v2/authorize")
    def ask() -> Response:
        if request.args.get("client_id") != core.settings.client_id:
            return Response("Invalid client_id parameter", status=400, mimetype="text/plain")
        return Response(_consent_page(core), mimetype="text/html")

    @routes.post("/oauth/v2/authorize")
    def answer() -> Response:
        team, back = request.form["team"], request.form["redirect_uri"]
        state = {"state": request.form.get("state", "")}
        if not team:
            return _back_to(back, {"error": "access_denied"} | state)
        people = [user for user in core.world.users.values() if not user.is_bot]
        person = next(user for user in people if user.is_in(team) or user.enterprise_id == team)
        scope = tuple(part for part in request.form.get("scope", "").split(",") if part)
        code = installs.authorize(team, person.id, redirect_uri=back, scope=scope or None)
        return _back_to(back, {"code": code} | state)

    return routes


def _back_to(redirect_uri: str, answer: dict[str, str]) -> Response:
    joint = "&" if "?" in redirect_uri else "?"
    return Response(status=302, headers=redirect(f"{redirect_uri}{joint}{urlencode(answer)}").headers)


def _consent_page(core: SlackCore) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(request.args.get(name, ""))}">'
        for name in ("redirect_uri", "state", "scope")
    )
    places = [(w.team_id, w.name) for w in core.world.workspaces.values()]
    places += [(e.id, e.name) for e in core.world.enterprises.values()]
    buttons = "".join(f'<button name="team" value="{id}">Allow in {html.escape(name)}</button> ' for id, name in places)
    name = html.escape(core.settings.name)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title></head>'
        f"<body><h1>{name} is requesting permission to access a workspace</h1>"
        f'<form method="post">{hidden}{buttons}<button name="team" value="">Cancel</button></form></body></html>'
    )

"""Connects a workspace by OAuth v2: from a client's page by an administrator, or by anybody, to be assigned later."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from integrations.slack.platform import SLACK
from integrations.slack.web_api import call, client
from msp.clients.actions import connect, note_unknown
from msp.clients.models import Client
from msp.clients.queries import find_connection
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Conflict, Denied, NotFound, OutsideFailure, Permanent
from msp.people.access import may
from msp.web.guards import Answer
from msp.web.request_scope import current_person_or_none
from msp.words.failure_messages import failure_sentence, unknown_code

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)
STATE_LIFE = timedelta(minutes=10)
STATE, USED = "slack_install", "slack_install_used"  # key in the browser's session

installing = Blueprint("slack_install", __name__, url_prefix="/slack", template_folder="templates")


@installing.get("/install")
def install() -> Response:
    """Redirect to Slack to approve the app; with `client_id` only for an administrator, for that client."""
    settings = _settings()
    if not SLACK.can_install(settings):
        raise NotFound("page")
    client_id = request.args.get("client_id", type=UUID)
    if client_id is not None and not _is_administrator():
        raise Denied("not_allowed")
    state = secrets.token_urlsafe(32)
    session[STATE] = {
        "state": state,
        "client_id": str(client_id) if client_id else None,
        "back": _local(request.args.get("next", "")),
        "at": clock.now().isoformat(),
    }
    asked = {"client_id": settings.value("SLACK_CLIENT_ID"), "scope": ",".join(SCOPES), "state": state}
    return redirect(f"{_origin(settings)}/oauth/v2/authorize?{urlencode(asked | {'redirect_uri': _redirect_uri()})}")


@installing.get("/oauth_redirect")
def oauth_redirect() -> Answer:
    """The OAuth callback: the state must be from this browser, at most ten minutes old, and is valid once.

    Otherwise it answers 400 with a page that explains the problem and the next step; nothing is connected.
    """
    begun = session.pop(STATE, None)
    if refused := _refused_state(begun, request.args.get("state", "")):
        return _refusal_page(refused, begun)
    session[USED] = begun["state"]
    code = request.args.get("code", "")
    if error := request.args.get("error"):
        is_cancelled = error == "access_denied"
        cancelled = gettext("Slack was not connected: the approval was cancelled.")
        flash(cancelled if is_cancelled else _why_not(error), "error")
        return redirect(begun["back"])
    if not code:
        flash(_why_not("no_sense"), "error")
        return redirect(begun["back"])
    try:
        answer = _exchange(_settings(), code)
        words = _connected(answer, begun["client_id"])
    except OutsideFailure as failure:
        flash(_why_not(failure.reason), "error")
    except Conflict:
        flash(gettext("That workspace belongs to another client already. Disconnect it there first."), "error")
    else:
        flash(words, "success")
    return redirect(begun["back"])


def _refused_state(begun: Json | None, given: str) -> str | None:
    """Why Slack's answer cannot be used: `used`, `unknown`, `foreign` or `expired`; None if it can."""
    if begun is None:
        return "used" if given and given == session.get(USED) else "unknown"
    if not secrets.compare_digest(begun["state"].encode(), given.encode()):
        return "foreign"
    return "expired" if clock.now() - datetime.fromisoformat(begun["at"]) > STATE_LIFE else None


def _refusal_page(refused: str, begun: Json | None) -> tuple[str, int]:
    texts = {
        "used": gettext("This authorisation was already used. If the workspace is not connected yet, start again."),
        "unknown": gettext(
            "The connection was not started in this browser or has already finished. Start again "
            "here and approve the app in the same browser."
        ),
        "foreign": gettext("Slack’s response does not match the connection that was started here. Start again."),
        "expired": gettext("The connection took more than ten minutes. Start again."),
    }
    again = {"client_id": begun["client_id"], "next": begun["back"]} if begun else {}
    page = render_template(
        "slack/install_refused.html",
        heading=gettext("Slack was not connected"),
        text=texts[refused],
        again_url=url_for("slack_install.install", **again),
    )
    return page, 400


def _why_not(reason: str) -> str:
    code = unknown_code(reason)
    sentence = failure_sentence(reason, service="slack") + (f" ({code})" if code else "")
    return gettext("Slack was not connected. %(reason)s", reason=sentence)


def _exchange(settings: Settings, code: str) -> Json:
    web = client(None, base_url=settings.value("SLACK_API_URL"))
    answer = call(
        web.oauth_v2_access,
        client_id=settings.value("SLACK_CLIENT_ID"),
        client_secret=settings.value("SLACK_CLIENT_SECRET"),
        code=code,
        redirect_uri=_redirect_uri(),
    )
    data: Json = dict(answer.data) if isinstance(answer.data, dict) else {}
    team = data.get("team")
    if team and not (isinstance(team, dict) and isinstance(team.get("id"), str) and data.get("access_token")):
        raise Permanent("no_sense")
    return data


def _connected(answer: Json, client_id: str | None) -> str:
    team = answer.get("team")
    if not team:  # an Enterprise Grid organisation installs without a workspace
        return gettext("Install the app in a single workspace: whole organisations cannot be connected yet.")
    details = {
        "name": team.get("name"),
        "settings": {
            "bot_user_id": answer.get("bot_user_id"),
            "app_id": answer.get("app_id"),
            "scope": answer.get("scope"),
            "enterprise_id": _id_of(answer.get("enterprise")),
        },
        "secret": answer.get("access_token"),
    }
    with work(Scope.system()):
        known = find_connection("slack", team["id"])
        owner_id = UUID(client_id) if client_id and _is_administrator() else known.client_id if known else None
        if owner_id is None and known is None:
            note_unknown("slack", team["id"], at=clock.now(), messages=0, **details)
            return gettext("%(team)s is installed. An administrator must now link it to a client.", team=team["name"])
        owner = db.session.get(Client, owner_id) if owner_id else None
        if owner_id and owner is None:
            raise Permanent("not_found")
        connect(owner, kind="slack", external_id=team["id"], at=clock.now(), **details)
    return gettext("%(team)s is connected.", team=team["name"])


def _id_of(value: object) -> str | None:
    return value.get("id") if isinstance(value, dict) else None


def _is_administrator() -> bool:
    person = current_person_or_none()
    return person is not None and may(person, "administer")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _redirect_uri() -> str:
    return f"{_settings().public_url}{url_for('slack_install.oauth_redirect')}"


def _origin(settings: Settings) -> str:
    api = urlsplit(settings.value("SLACK_API_URL"))
    return f"{api.scheme}://{api.netloc}"


def _local(path: str) -> str:
    """Accept only a path of our own, to prevent open redirects."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours else "/"

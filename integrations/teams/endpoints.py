"""The bot's endpoint: authenticates the caller, then stores the activity once, or answers an invoke with its result."""

import hashlib
import json
from functools import partial

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.channels.interactions import dispatch
from integrations.channels.priority import priority_in
from integrations.teams.bot import run_turn
from integrations.teams.inbound import place_of
from integrations.teams.interactions import interactions_of
from integrations.teams.shapes import InvalidActivity, read_activity, tenant_of
from integrations.teams.tokens import Keys, NotTrusted, check, check_service
from integrations.teams.transport import TeamsTransport
from msp.config import Settings
from msp.kernel import inbox
from msp.kernel.db import Json
from msp.kernel.inbox_writer import Sought
from msp.web.request_scope import own_scope

MAX_BODY = 1024 * 1024
SOURCE = "teams"
STORED = ("message", "messageUpdate", "messageDelete", "conversationUpdate", "installationUpdate")

blueprint = Blueprint("teams", __name__)


@blueprint.errorhandler(InvalidActivity)
def _wrong_shape(wrong: InvalidActivity) -> tuple[Response, int]:
    return jsonify(error={"code": "BadSyntax", "message": wrong.code}), 400


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> tuple[Response, int]:
    return jsonify(error={"code": "MessageSizeTooBig", "message": "over 1 MiB"}), 413


@blueprint.post("/api/messages")
@own_scope
def messages() -> tuple[Response | str, int]:
    """An activity: 401 unless it is the Bot Framework's, 400 or 413 where malformed, 200 once it is stored."""
    request.max_content_length = MAX_BODY
    raw = request.get_data(cache=False)
    if not _is_trusted(raw):
        return jsonify(error={"code": "Unauthorized", "message": "no valid token"}), 401
    activity = read_activity(raw)
    transport: TeamsTransport = current_app.extensions["teams_transport"]
    if activity["type"] == "invoke":
        answer = run_turn(transport, activity)
        assert answer is not None  # the bot answers every invoke
        return jsonify(answer.body), answer.status
    conversation = activity["conversation"]["id"]
    store = partial(
        inbox.store, SOURCE, _id_of(activity, raw), activity, key=conversation, priority=_priority_of(activity)
    )
    if activity["type"] == "messageReaction":
        dispatch(transport, interactions_of(activity, place_of(activity)), store=store)
    elif activity["type"] in STORED:
        store()
    return "", 200


def _is_trusted(raw: bytes) -> bool:
    """Whether the caller is trusted; checked before validation, so that strangers learn nothing from the answer."""
    settings: Settings = current_app.config["SETTINGS"]
    keys: Keys = current_app.extensions["teams_keys"]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        activity = json.loads(raw)
    except (ValueError, RecursionError):
        activity = {}
    activity = activity if isinstance(activity, dict) else {}
    try:
        if not scheme and settings.is_demo and request.remote_addr in ("127.0.0.1", "::1"):
            if "serviceUrl" in activity:
                check_service(activity, is_local=True)
            return True  # a local Teams client, only in a demonstration
        if scheme.lower() != "bearer":
            return False
        check(token, activity, app_id=settings.value("TEAMS_APP_ID"), keys=keys, is_local=settings.is_demo)
    except NotTrusted:
        return False
    return True


def _priority_of(activity: Json) -> Sought:
    """Urgent in the thread of an urgent ticket, or in a chat that has one."""
    channel, _, root = str(activity["conversation"]["id"]).partition(";messageid=")
    return priority_in("teams", tenant_of(activity), channel, root or None)


def _id_of(activity: Json, raw: bytes) -> str:
    """Identifies an activity across deliveries: an edit has the id of its message but other content."""
    name = activity.get("id") or ""
    if activity["type"] == "message" and name:
        return f"{activity['conversation']['id']}:{activity['type']}:{name}"
    return f"{activity['type']}:{hashlib.sha256(raw).hexdigest()}"

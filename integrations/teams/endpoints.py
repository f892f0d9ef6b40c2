"""The bot's endpoint: checks the caller, stores the activity once and answers; a click is answered with its result."""

import hashlib
import json
import logging

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.channels import sentences
from integrations.channels.priority import lane_in
from integrations.teams.inbound import click
from integrations.teams.shapes import WrongShape, read_activity, tenant_of
from integrations.teams.tokens import Keys, NotTrusted, check, check_service
from integrations.teams.transport import TeamsTransport
from msp.config import Settings
from msp.kernel import inbox
from msp.kernel.db import Json
from msp.kernel.errors import OutsideFailure
from msp.kernel.i18n import LOCALES, reading_as
from msp.kernel.inbox_writer import Sought
from msp.web.request_scope import own_scope

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
SOURCE = "teams"
WORKED = ("message", "messageUpdate", "messageDelete", "conversationUpdate", "installationUpdate")
CARD_MESSAGE = "application/vnd.microsoft.activity.message"

doors = Blueprint("teams", __name__)


@doors.errorhandler(WrongShape)
def _wrong_shape(wrong: WrongShape) -> tuple[Response, int]:
    return jsonify(error={"code": "BadSyntax", "message": wrong.code}), 400


@doors.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> tuple[Response, int]:
    return jsonify(error={"code": "MessageSizeTooBig", "message": "over 1 MiB"}), 413


@doors.post("/api/messages")
@own_scope
def messages() -> tuple[Response | str, int]:
    """An activity: 401 unless it is the Bot Framework's, 400 or 413 where malformed, 200 once it is stored."""
    request.max_content_length = MAX_BODY
    raw = request.get_data(cache=False)
    if not _is_trusted(raw):
        return jsonify(error={"code": "Unauthorized", "message": "no valid token"}), 401
    activity = read_activity(raw)
    if activity["type"] in WORKED:
        key, lane = activity["conversation"]["id"], _lane_of(activity)
        inbox.store(SOURCE, _id_of(activity, raw), activity, key=key, lane=lane)
    if activity["type"] == "invoke":
        return _answer_invoke(activity)
    return "", 200


def _is_trusted(raw: bytes) -> bool:
    """Checked before the body is judged: a stranger learns nothing from what we make of it."""
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
            return True  # a local Teams client, in a demonstration alone
        if scheme.lower() != "bearer":
            return False
        check(token, activity, app_id=settings.teams_app_id, keys=keys, is_local=settings.is_demo)
    except NotTrusted:
        return False
    return True


def _lane_of(activity: Json) -> Sought:
    """Urgent in the thread of an urgent ticket, or in a chat that has one."""
    channel, _, root = str(activity["conversation"]["id"]).partition(";messageid=")
    return lane_in("teams", tenant_of(activity), channel, root or None)


def _id_of(activity: Json, raw: bytes) -> str:
    """What makes it one activity however often it comes: an edit has the id of its message, and other words."""
    name = activity.get("id") or ""
    if activity["type"] == "message" and name:
        return f"{activity['conversation']['id']}:{activity['type']}:{name}"
    return f"{activity['type']}:{hashlib.sha256(raw).hexdigest()}"


def _answer_invoke(activity: Json) -> tuple[Response | str, int]:
    """A click is done here and answered with what became of it, seen by that person alone; other invokes are not ours.

    Teams repeats an invoke that is answered late: what was done already says so and is not done again.
    """
    if activity.get("name") != "adaptiveCard/action":
        return "", 501
    transport: TeamsTransport = current_app.extensions["teams_transport"]
    try:
        result = click(transport, activity)
        words = result.text if result else None
    except OutsideFailure as failure:
        log.warning("a click could not be done", extra={"reason": failure.reason})
        words = None
    if words is None:
        language = str(activity.get("locale") or "")[:2].lower()
        with reading_as(language if language in LOCALES else "es", "Europe/Madrid"):
            words = sentences.not_yours()
    return jsonify(statusCode=200, type=CARD_MESSAGE, value=words), 200

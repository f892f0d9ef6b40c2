"""Slack's doors: verified on the raw bytes, stored once, answered. Nothing else happens in the request."""

import hashlib
import logging

from flask import Blueprint, Response, current_app, jsonify, request
from slack_sdk.signature import Clock, SignatureVerifier
from sqlalchemy import ColumnElement
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.chat.commands import command_answer
from integrations.chat.lanes import lane_in
from integrations.slack.shapes import WrongShape, read_command, read_event, read_interaction
from msp.config import Settings
from msp.kernel import clock, inbox
from msp.kernel.db import Json
from msp.kernel.leases import LATER, URGENT, USUAL
from msp.web.request_scope import own_scope

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
SOURCE = "slack"
SPOKEN = ("message", "app_mention")

doors = Blueprint("slack", __name__, url_prefix="/slack")


class _OurClock(Clock):
    """The verifier's clock, so that «five minutes» follows the desk's own time."""

    def now(self) -> float:
        return clock.now().timestamp()


@doors.errorhandler(WrongShape)
def _wrong_shape(wrong: WrongShape) -> tuple[Response, int]:
    return jsonify(ok=False, error=wrong.code), 400


@doors.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> tuple[Response, int]:
    return jsonify(ok=False, error="too_large"), 413


@doors.post("/events")
@own_scope
def events() -> tuple[Response, int]:
    """The Events API: 401 unless signed within five minutes, 400 or 413 where malformed, 200 once it is stored."""
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    envelope = read_event(raw)
    if envelope["type"] == "url_verification":
        return jsonify(challenge=envelope["challenge"]), 200
    external_id = envelope.get("event_id") or f"{envelope['type']}:{_digest(raw)}"
    inbox.store(SOURCE, external_id, envelope, key=_thread_of(envelope), lane=_lane_of(envelope))
    return jsonify(ok=True), 200


@doors.post("/interactions")
@own_scope
def interactions() -> tuple[Response | str, int]:
    """Buttons and forms, which Slack does not send again: verified, stored once by trigger, answered with nothing."""
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    payload = read_interaction(raw)
    trigger = payload.get("trigger_id")
    external_id = f"interaction:{trigger if isinstance(trigger, str) and trigger else _digest(raw)}"
    inbox.store(SOURCE, external_id, payload, key=_thread_of_interaction(payload), lane=URGENT)
    return "", 200


@doors.post("/commands")
@own_scope
def commands() -> tuple[Response, int]:
    """The slash command: verified, stored once by trigger, answered to its author alone."""
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    fields = read_command(raw)
    if fields.get("text", "").strip():
        payload = {"type": "slash_command", "command": fields}
        key = f"{fields['team_id']}:{fields['channel_id']}:{fields['user_id']}"
        inbox.store(SOURCE, f"command:{fields['trigger_id']}", payload, key=key)
    words = command_answer(
        "slack", fields["team_id"], fields["user_id"], text=fields.get("text", ""), command=fields["command"]
    )
    return jsonify(response_type="ephemeral", text=words), 200


def _body() -> bytes:
    """The raw bytes; a megabyte is refused by its announced length, or else as soon as that much was read."""
    request.max_content_length = MAX_BODY
    return request.get_data(cache=False)


def _is_signed(raw: bytes) -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    verifier = SignatureVerifier(settings.slack_signing_secret, clock=_OurClock())
    try:
        return verifier.is_valid_request(raw, dict(request.headers))
    except Exception:  # the verifier trips over headers and bytes that no signature was ever made of
        log.info("a signature that cannot be read", exc_info=True)
        return False


def _unsigned() -> tuple[Response, int]:
    return jsonify(ok=False, error="invalid_signature"), 401


def _thread_of(envelope: Json) -> str:
    """One line for each thread: edits and deletes wait behind the message that they are about."""
    event = envelope.get("event") or {}
    if event.get("type") not in SPOKEN:
        return f"{envelope.get('team_id', '')}:{event.get('type', '')}"
    return f"{envelope['team_id']}:{event['channel']}:{_root_of(event)}"


def _root_of(event: Json) -> str:
    about = event.get("message") or event.get("previous_message") or event
    return str(about.get("thread_ts") or about.get("ts") or event["ts"])


def _lane_of(envelope: Json) -> int | ColumnElement[int]:
    """What people say to each other in a channel, and what we hear of our own words, comes after what is said to us."""
    event = envelope.get("event") or {}
    if event.get("type") not in SPOKEN:
        return USUAL
    if event.get("bot_id"):
        return LATER
    is_addressed = event["type"] == "app_mention" or event.get("channel_type") == "im"
    return lane_in("slack", envelope["team_id"], event["channel"], _root_of(event), is_addressed=is_addressed)


def _thread_of_interaction(payload: Json) -> str:
    container = payload.get("container") or {}
    channel = container.get("channel_id") or (payload.get("channel") or {}).get("id") or ""
    thread = container.get("thread_ts") or container.get("message_ts") or ""
    return f"{payload['team']['id']}:{channel}:{thread}"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

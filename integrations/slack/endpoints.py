"""Slack's doors: verified on the raw bytes, stored once where it is meant for us, answered. That is all."""

import hashlib
import logging

from flask import Blueprint, Response, current_app, jsonify, request
from slack_sdk.signature import Clock, SignatureVerifier
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.channels.commands import command_answer
from integrations.channels.priority import is_known, lane_in
from integrations.channels.profiles import is_known_person
from integrations.channels.refusals import command_refusal
from integrations.slack.profiles import user_of
from integrations.slack.relevance import MESSAGE_EVENTS, Relevance, is_direct, relevance_of, root_of
from integrations.slack.shapes import WrongShape, read_command, read_event, read_interaction
from msp.config import Settings
from msp.kernel import clock, inbox
from msp.kernel.db import Json
from msp.kernel.leases import URGENT
from msp.web.request_scope import own_scope

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
SOURCE = "slack"

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
    """The Events API: 401 unless signed within five minutes, 400 or 413 where malformed, 200 once it is stored.

    What we only overheard is answered with 200 too, and kept nowhere.
    """
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    envelope = read_event(raw)
    if envelope["type"] == "url_verification":
        return jsonify(challenge=envelope["challenge"]), 200
    external_id = envelope.get("event_id") or f"{envelope['type']}:{_digest(raw)}"
    _store(envelope, external_id)
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
    """The slash command: verified, stored once by trigger, answered to its author alone.

    Where we know that its author opens no tickets, they are told why and nothing is stored.
    """
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    fields = read_command(raw)
    if refusal := command_refusal("slack", fields["team_id"], fields["user_id"]):
        return jsonify(response_type="ephemeral", text=refusal), 200
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


def _store(envelope: Json, external_id: str) -> None:
    """Keep what is of use, in order: by thread in a channel, by chat in a direct message.

    Edits and deletions wait behind what they are about; in a direct message one thought may come as three messages.
    """
    use, event, team = relevance_of(envelope), envelope.get("event") or {}, envelope.get("team_id", "")
    if use is Relevance.NONE:
        return
    if event.get("type") == "user_change":
        user = user_of(event)
        known = is_known_person("slack", team, user)
        inbox.store(SOURCE, external_id, envelope, key=f"{team}:user_change:{user}", only_if=known)
        return
    if event.get("type") not in MESSAGE_EVENTS:
        inbox.store(SOURCE, external_id, envelope, key=f"{team}:{event.get('type', '')}")
        return
    channel, thread = event["channel"], root_of(event)
    inbox.store(
        SOURCE,
        external_id,
        envelope,
        key=f"{team}:{channel}" if is_direct(event) else f"{team}:{channel}:{thread}",
        lane=lane_in("slack", team, channel, thread),
        only_if=is_known("slack", team, channel, thread) if use is Relevance.IF_KNOWN else None,
    )


def _thread_of_interaction(payload: Json) -> str:
    container = payload.get("container") or {}
    channel = container.get("channel_id") or (payload.get("channel") or {}).get("id") or ""
    thread = container.get("thread_ts") or container.get("message_ts") or ""
    return f"{payload['team']['id']}:{channel}:{thread}"


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

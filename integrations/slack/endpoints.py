"""Slack's endpoints: each verifies the signature on the raw bytes, stores a relevant request once, and answers."""

import hashlib
import logging
from dataclasses import replace
from functools import partial

from flask import Blueprint, Response, current_app, jsonify, request
from slack_sdk.signature import Clock, SignatureVerifier
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.channels.interactions import InteractionAnswer, answer_now, dispatch
from integrations.channels.priority import is_known, priority_in
from integrations.channels.profiles import is_known_person
from integrations.channels.transports import transport_of
from integrations.slack.interactions import INTERACTION_EVENTS, SOURCE, command_of, interactions_of
from integrations.slack.profiles import enterprise_of, user_of
from integrations.slack.relevance import MESSAGE_EVENTS, Relevance, is_direct, relevance_of, root_of
from integrations.slack.shapes import InvalidSlackRequest, read_command, read_event, read_interaction
from integrations.slack.transport import SlackTransport
from msp.config import Settings
from msp.kernel import clock, inbox
from msp.kernel.db import Json
from msp.kernel.leases import URGENT, USUAL
from msp.web.request_scope import own_scope

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024

blueprint = Blueprint("slack", __name__, url_prefix="/slack")


class _OurClock(Clock):
    """A clock for the verifier that uses the desk's time for its limit of five minutes."""

    def now(self) -> float:
        return clock.now().timestamp()


@blueprint.errorhandler(InvalidSlackRequest)
def _wrong_shape(wrong: InvalidSlackRequest) -> tuple[Response, int]:
    return jsonify(ok=False, error=wrong.code), 400


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> tuple[Response, int]:
    return jsonify(ok=False, error="too_large"), 413


@blueprint.post("/events")
@own_scope
def events() -> tuple[Response, int]:
    """The Events API: 401 unless signed within five minutes, 400 or 413 if malformed, 200 once it is stored.

    Irrelevant messages are answered with 200 too, and not stored.
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


@blueprint.post("/interactions")
@own_scope
def interactions() -> tuple[Response | str, int]:
    """Buttons, menus, forms and shortcuts, which Slack does not send again: answered, or stored once per trigger id."""
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    payload = read_interaction(raw)
    trigger = payload.get("trigger_id")
    key = f"interaction:{trigger if isinstance(trigger, str) and trigger else _digest(raw)}"
    answer = _dispatch(payload, key, priority=URGENT)
    if answer is not None and answer.has_failed:
        return _failed()
    if answer is not None and answer.body is not None:
        return jsonify(answer.body), 200
    return (jsonify(options=[]) if payload["type"] == "block_suggestion" else ""), 200


@blueprint.post("/commands")
@own_scope
def commands() -> tuple[Response | str, int]:
    """The slash command, answered to its author alone."""
    raw = _body()
    if not _is_signed(raw):
        return _unsigned()
    fields = read_command(raw)
    command = command_of(fields, key=f"command:{fields['trigger_id']}")
    answer = answer_now(_transport(fields), command)
    if answer is not None and answer.has_failed:
        return _failed()
    if answer is None or not (answer.text or answer.body):
        return "", 200
    return jsonify(answer.body or {"response_type": "ephemeral", "text": answer.text}), 200


def _body() -> bytes:
    """The raw bytes; more than a megabyte is refused, by its Content-Length or once that much was read."""
    request.max_content_length = MAX_BODY
    return request.get_data(cache=False)


def _is_signed(raw: bytes) -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    verifier = SignatureVerifier(settings.value("SLACK_SIGNING_SECRET"), clock=_OurClock())
    try:
        return verifier.is_valid_request(raw, dict(request.headers))
    except Exception:  # the verifier raises on malformed headers and bytes
        log.info("a signature that cannot be read", exc_info=True)
        return False


def _unsigned() -> tuple[Response, int]:
    return jsonify(ok=False, error="invalid_signature"), 401


def _failed() -> tuple[Response, int]:
    """Answer with an error: Slack shows a failure to the person and keeps their form open."""
    return jsonify(ok=False, error="failed"), 500


def _dispatch(payload: Json, external_id: str, *, priority: int) -> InteractionAnswer | None:
    """Answer an interaction at once or store it, in the order of its thread."""
    found = interactions_of(payload, key=external_id)
    if not found:
        return None
    place = found[0].place
    key = f"{place.workspace}:{place.channel}:{place.thread}"
    store = partial(inbox.store, SOURCE, external_id, payload, key=key, priority=priority)
    return dispatch(_transport(payload), found, store=store)


def _transport(payload: Json) -> SlackTransport:
    transport = transport_of("slack")
    assert isinstance(transport, SlackTransport)  # registered with this blueprint
    return replace(transport, enterprise=enterprise_of(payload))


def _store(envelope: Json, external_id: str) -> None:
    """Store a relevant event, in order: by thread in a channel, by chat in a direct message.

    Edits and deletions are processed after their message; in a direct message one request may come as several messages.
    """
    use, event, team = relevance_of(envelope), envelope.get("event") or {}, envelope.get("team_id", "")
    if use is Relevance.NONE:
        return
    if envelope["type"] == "event_callback" and event["type"] in INTERACTION_EVENTS:
        _dispatch(envelope, external_id, priority=USUAL)
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
        priority=priority_in("slack", team, channel, thread),
        only_if=is_known("slack", team, channel, thread) if use is Relevance.IF_KNOWN else None,
    )


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

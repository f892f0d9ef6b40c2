"""Checks the shape of Slack's requests before they are stored, so that jobs can trust it."""

from urllib.parse import parse_qs

from msp.kernel.db import Json
from msp.kernel.foreign_json import NotJson, foreign_text, parse_object


class InvalidSlackRequest(Exception):
    """A signed request that differs from Slack's documentation; the code is part of the answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_EVENT_TEXTS = (
    "ts",
    "channel",
    "user",
    "text",
    "thread_ts",
    "subtype",
    "bot_id",
    "app_id",
    "team",
    "channel_type",
    "deleted_ts",
    "event_ts",
)
_PLACE_TEXTS = ("id", "channel_id", "thread_ts", "message_ts")
_COMMAND_TEXTS = ("team_id", "user_id", "channel_id", "command", "trigger_id")


def read_event(raw: bytes) -> Json:
    """The envelope of an Events API request, `team_id` being the installation's; raises InvalidSlackRequest."""
    envelope = _object(raw)
    if not isinstance(envelope.get("type"), str):
        raise InvalidSlackRequest("no_type")
    if not isinstance(envelope.get("event", {}), dict):
        raise InvalidSlackRequest("no_event")
    if envelope["type"] == "url_verification" and not isinstance(envelope.get("challenge"), str):
        raise InvalidSlackRequest("no_challenge")
    if envelope["type"] == "event_callback" or "event" in envelope:
        _need(envelope, "event_id", "team_id")
        event = envelope.get("event")
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise InvalidSlackRequest("no_event")
        if event["type"] in ("message", "app_mention"):  # other events have whole objects in these fields
            _check_message(event)
        envelope["team_id"] = _installed_team(envelope)
    envelope.pop("token", None)  # the deprecated verification token proves nothing and is a secret
    return envelope


def read_interaction(raw: bytes) -> Json:
    """The payload of an interaction; raises InvalidSlackRequest."""
    form = _form(raw)
    payload = _object(form.get("payload", "").encode())
    if not isinstance(payload.get("type"), str):
        raise InvalidSlackRequest("no_type")
    for name in ("team", "user"):
        if not isinstance(payload.get(name), dict) or not isinstance(payload[name].get("id"), str):
            raise InvalidSlackRequest(f"no_{name}")
    for name in ("container", "channel"):
        part = payload.get(name) or {}
        if not isinstance(part, dict) or not all(isinstance(part.get(field), str | None) for field in _PLACE_TEXTS):
            raise InvalidSlackRequest("no_container")
    if payload["type"] == "block_actions":
        actions = payload.get("actions")
        if not isinstance(actions, list) or not all(isinstance(each, dict) for each in actions):
            raise InvalidSlackRequest("no_actions")
    payload.pop("token", None)
    return payload


def read_command(raw: bytes) -> Json:
    """The fields of a slash command; raises InvalidSlackRequest."""
    form = _form(raw)
    _need(form, *_COMMAND_TEXTS)
    form.pop("token", None)
    form.pop("response_url", None)
    return form


def _installed_team(envelope: Json) -> str:
    """The workspace whose installation receives the event; in a channel of another company `team_id` is theirs."""
    authorizations = envelope.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else None
    for named in (first.get("team_id") if isinstance(first, dict) else None, envelope.get("context_team_id")):
        if isinstance(named, str) and named:
            return named
    return str(envelope["team_id"])


def _check_message(event: Json) -> None:
    for name in _EVENT_TEXTS:
        if not isinstance(event.get(name), str | None):
            raise InvalidSlackRequest(f"bad_{name}")
    if not (event.get("channel") and event.get("ts")):
        raise InvalidSlackRequest("no_channel")
    files = event.get("files") or []
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise InvalidSlackRequest("bad_files")
    for name in ("message", "previous_message"):
        inner = event.get(name)
        if inner is None:
            continue
        if not isinstance(inner, dict):
            raise InvalidSlackRequest(f"bad_{name}")
        if not all(isinstance(inner.get(field), str | None) for field in _EVENT_TEXTS):
            raise InvalidSlackRequest(f"bad_{name}")


def _object(raw: bytes) -> Json:
    try:
        return parse_object(raw)
    except NotJson as wrong:
        raise InvalidSlackRequest(wrong.code) from None


def _form(raw: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise InvalidSlackRequest("not_a_form") from None
    return {foreign_text(name): foreign_text(values[0]) for name, values in fields.items()}


def _need(fields: Json, *names: str) -> None:
    for name in names:
        if not isinstance(fields.get(name), str) or not fields[name]:
            raise InvalidSlackRequest(f"no_{name}")

"""Handles stored requests of Slack in a job: converts payloads to neutral messages and interactions."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from integrations.channels import IncomingMessage, ThreadRef, Transport, deleted, edited, receive_message
from integrations.channels.interactions import handle_interaction
from integrations.channels.links import find_link, note_broken, note_uninstalled
from integrations.channels.reachability import note_channel_works
from integrations.channels.transport import Broken
from integrations.channels.values import FileOffer
from integrations.slack.interactions import INTERACTION_EVENTS, interactions_of
from integrations.slack.profiles import enterprise_of, follow_user
from integrations.slack.relevance import (
    MESSAGE_EVENTS,
    NEW_SUBTYPES,
    authorised_bot,
    is_addressed,
    is_direct,
    is_ours_or_a_bot,
    opens_channel,
)
from integrations.slack.rich_text import files_of, is_heard_in_part, read_message
from integrations.slack.transport import SlackTransport
from msp.kernel import clock, files
from msp.kernel.db import Json, Scope, work
from msp.kernel.file_names import file_name
from msp.kernel.inbox import Received

log = logging.getLogger(__name__)


def handle(transport: SlackTransport, received: Received) -> None:
    """Handle one stored payload; irrelevant ones are ignored. Idempotent."""
    payload = received.payload
    transport = replace(transport, enterprise=enterprise_of(payload))
    team = payload.get("team_id") or (payload.get("team") or {}).get("id") or ""
    try:
        if payload["type"] == "event_callback":
            _on_event(transport, payload, received.external_id)
        elif payload["type"] == "slash_command":
            _on_command(transport, payload["command"], received.external_id)
        elif payload["type"] == "app_rate_limited":
            log.warning("slack holds events back", extra={"team": team})
        elif received.external_id.startswith("interaction:"):
            _on_interactions(transport, payload, received.external_id)
    except Broken as broken:
        note_broken("slack", team or payload["command"]["team_id"], reason=broken.reason)
        raise


def _on_event(transport: SlackTransport, envelope: Json, external_id: str) -> None:
    event = envelope["event"]
    if event["type"] in MESSAGE_EVENTS:
        _on_message(transport, envelope, event)
    elif event["type"] in INTERACTION_EVENTS:
        _on_interactions(transport, envelope, external_id)
    elif event["type"] == "user_change":
        follow_user(envelope, event, enterprise=transport.enterprise)
    elif event["type"] == "app_uninstalled" or (event["type"] == "tokens_revoked" and _has_bots(event)):
        note_uninstalled("slack", envelope["team_id"], reason=event["type"], at=_event_time(envelope))


def _event_time(envelope: Json) -> datetime | None:
    """Slack's time of the event; it may arrive late, after the app was installed again."""
    at = envelope.get("event_time")
    return datetime.fromtimestamp(at, UTC) if isinstance(at, int) and 0 < at < 2**33 else None


def _has_bots(event: Json) -> bool:
    tokens = event.get("tokens")
    return bool(tokens.get("bot")) if isinstance(tokens, dict) else False


def _on_message(transport: Transport, envelope: Json, event: Json) -> None:
    bot = _bot_of(envelope)
    subtype = event.get("subtype")
    if event["type"] == "app_mention" or subtype in NEW_SUBTYPES:
        if not is_ours_or_a_bot(event, envelope, bot):
            _on_new_message(transport, envelope, event, bot)
    elif opens_channel(event, bot):
        with work(Scope.system()):
            note_channel_works(_place(envelope, event, event))
    elif subtype == "message_changed":
        _on_change(transport, envelope, event, bot)
    elif subtype == "message_deleted":
        previous = event.get("previous_message") or {}
        deleted(_place(envelope, event, previous), event.get("deleted_ts") or previous.get("ts") or "")


def _on_new_message(transport: Transport, envelope: Json, event: Json, bot: str) -> None:
    receive_message(transport, _message(envelope, event, bot))


def _on_change(transport: Transport, envelope: Json, event: Json, bot: str) -> None:
    """Handle a changed message. Unfurls and tombstones are changes too: only other text or files count as an edit."""
    message, previous = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("bot_id") or not message.get("ts"):
        return
    if message.get("subtype") == "tombstone":
        deleted(_place(envelope, event, message), message["ts"])
        return
    before, after = _file_ids(previous), _file_ids(message)
    if _words(message) == _words(previous) and before == after:
        return
    if message.get("subtype") not in NEW_SUBTYPES or is_ours_or_a_bot(message, envelope, bot):
        return
    edit = _message(envelope, {**message, "type": "message", **_where(event)}, bot)
    edited(transport, edit, at=_edited_at(message, event), removed_files=before - after)


def _words(message: Json) -> tuple[object, object]:
    """The typed content: link previews and language detection change a message but not its content."""
    return message.get("text"), message.get("blocks")


def _file_ids(message: Json) -> frozenset[str]:
    return frozenset(str(file.get("id") or "") for file in files_of(message))


def _where(event: Json) -> Json:
    return {name: event[name] for name in ("channel", "channel_type") if name in event}


def _edited_at(message: Json, event: Json) -> datetime:
    edit = message.get("edited")
    at = edit.get("ts") if isinstance(edit, dict) else None
    return _instant(str(at or event.get("event_ts") or event.get("ts") or message["ts"]))


def _message(envelope: Json, event: Json, bot: str) -> IncomingMessage:
    return IncomingMessage(
        place=_place(envelope, event, event),
        author=event["user"],
        message=event["ts"],
        content=read_message(event, bot=bot),
        at=_instant(event["ts"]),
        is_addressed=is_addressed(event, bot),
        is_shared=bool(envelope.get("is_ext_shared_channel")),
        files=tuple(_offer(file) for file in files_of(event)),
    )


def _place(envelope: Json, event: Json, message: Json) -> ThreadRef:
    return ThreadRef(
        platform="slack",
        workspace=envelope["team_id"],
        channel=event["channel"],
        thread=message.get("thread_ts") or message.get("ts") or "",
        is_personal=is_direct(event),
    )


def _offer(file: Json) -> FileOffer:
    size = file.get("size")
    size = size if isinstance(size, int) and size >= 0 else 0
    content_type = str(file.get("mimetype") or "")
    remote = {
        "id": str(file.get("id") or ""),
        "url": str(file.get("url_private_download") or file.get("url_private") or ""),
        "content_type": content_type,
        "ask_first": file.get("file_access") == "check_file_info",
    }
    refused = "too_large" if size > files.MAX_BYTES else "external" if file.get("is_external") else None
    name = file_name(file.get("name") or file.get("title") or file.get("id"))
    awaits = is_heard_in_part(file)
    return FileOffer(name, content_type or "application/octet-stream", size, remote, refused, awaits_words=awaits)


def _on_interactions(transport: Transport, payload: Json, external_id: str) -> None:
    for each in interactions_of(payload, key=external_id):
        handle_interaction(transport, each)


def _on_command(transport: Transport, command: Json, external_id: str) -> None:
    place = ThreadRef("slack", command["team_id"], command["channel_id"], external_id)
    receive_message(
        transport,
        IncomingMessage(
            place=place,
            author=command["user_id"],
            message=external_id,
            content=read_message({"text": command.get("text") or ""}),
            at=clock.now(),
            is_addressed=True,
            is_command=True,
        ),
    )


def _bot_of(envelope: Json) -> str:
    """The user id of our bot in that workspace: from the envelope, else from the installation."""
    if named := authorised_bot(envelope):
        return named
    with work(Scope.system()):
        link = find_link("slack", envelope["team_id"])
    return str(link.settings.get("bot_user_id") or "") if link else ""


def _instant(ts: str) -> datetime:
    """When a message was written: Slack's message ids are timestamps in seconds."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return clock.now()

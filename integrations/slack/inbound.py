"""What the doors stored, worked by a worker: Slack's payloads turned into the channel-neutral conversation."""

import logging
from datetime import UTC, datetime

from integrations.chat import (
    Broken,
    FileOffer,
    Place,
    Press,
    Said,
    Transport,
    deleted,
    edited,
    find_link,
    hear,
    note_broken,
    press,
    stranger_wrote,
)
from integrations.slack.hearing import NEW, SPOKEN, authorised_bot, is_addressed, is_direct, is_ours_or_a_bot
from integrations.slack.text import mentioned, plain
from msp.kernel import clock, files
from msp.kernel.db import Json, Scope, work
from msp.kernel.inbox import Received

log = logging.getLogger(__name__)


def handle(transport: Transport, received: Received) -> None:
    """Work one stored payload; what we have no use for is left. Bears being called twice."""
    payload = received.payload
    team = payload.get("team_id") or (payload.get("team") or {}).get("id") or ""
    try:
        if payload["type"] == "event_callback":
            _on_event(transport, payload)
        elif payload["type"] == "block_actions":
            _on_buttons(transport, payload)
        elif payload["type"] == "slash_command":
            _on_command(transport, payload["command"], received.external_id)
        elif payload["type"] == "app_rate_limited":
            log.warning("slack holds events back", extra={"team": team})
    except Broken as broken:
        note_broken("slack", team or payload["command"]["team_id"], reason=broken.reason)
        raise


def _on_event(transport: Transport, envelope: Json) -> None:
    event = envelope["event"]
    if event["type"] in SPOKEN:
        _on_message(transport, envelope, event)
    elif event["type"] == "app_uninstalled" or (event["type"] == "tokens_revoked" and _has_bots(event)):
        note_broken("slack", envelope["team_id"], reason=event["type"])


def _has_bots(event: Json) -> bool:
    tokens = event.get("tokens")
    return bool(tokens.get("bot")) if isinstance(tokens, dict) else False


def _on_message(transport: Transport, envelope: Json, event: Json) -> None:
    bot = _bot_of(envelope)
    subtype = event.get("subtype")
    if event["type"] == "app_mention" or subtype in NEW:
        if not is_ours_or_a_bot(event, envelope, bot):
            _on_words(transport, envelope, event, bot)
    elif subtype == "message_changed":
        _on_change(transport, envelope, event, bot)
    elif subtype == "message_deleted":
        previous = event.get("previous_message") or {}
        deleted(_place(envelope, event, previous), event.get("deleted_ts") or previous.get("ts") or "")


def _on_words(transport: Transport, envelope: Json, event: Json, bot: str) -> None:
    said = _said(envelope, event, bot)
    author_team = event.get("user_team") or event.get("source_team") or event.get("team")
    if author_team and author_team != envelope["team_id"]:
        stranger_wrote(said)
        return
    hear(transport, said)


def _on_change(transport: Transport, envelope: Json, event: Json, bot: str) -> None:
    """Unfurled links and tombstones come as changes too: only other words count as an edit."""
    message, previous = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("bot_id") or not message.get("ts"):
        return
    place = _place(envelope, event, message)
    if message.get("subtype") == "tombstone":
        deleted(place, message["ts"])
    elif message.get("text") != previous.get("text"):
        text = message.get("text") or ""
        mentions = tuple(each for each in mentioned(text) if each != bot)
        edited(transport, place, message["ts"], text=plain(text, without=bot), mentions=mentions)


def _said(envelope: Json, event: Json, bot: str) -> Said:
    text = event.get("text") or ""
    return Said(
        place=_place(envelope, event, event),
        author=event["user"],
        message=event["ts"],
        text=plain(text, without=bot),
        at=_instant(event["ts"]),
        is_addressed=is_addressed(event, bot),
        is_shared=bool(envelope.get("is_ext_shared_channel")),
        mentions=tuple(each for each in mentioned(text) if each != bot),
        files=tuple(_offer(file) for file in event.get("files") or []),
    )


def _place(envelope: Json, event: Json, message: Json) -> Place:
    return Place(
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
    name = str(file.get("name") or file.get("title") or file.get("id") or "file")[:200]
    return FileOffer(name, content_type or "application/octet-stream", size, remote, refused)


def _on_buttons(transport: Transport, payload: Json) -> None:
    container, team = payload.get("container") or {}, payload["team"]["id"]
    channel = container.get("channel_id") or (payload.get("channel") or {}).get("id")
    thread = container.get("thread_ts") or container.get("message_ts")
    if not channel or not thread:
        return
    place = Place("slack", team, channel, thread, is_personal=channel.startswith("D"))
    if payload["user"].get("team_id", team) != team:
        return  # somebody of another company: nothing to press for them, and nothing to tell
    for action in payload["actions"]:
        code, ticket = str(action.get("action_id") or ""), str(action.get("value") or "")
        press(transport, Press(place, payload["user"]["id"], code, ticket))


def _on_command(transport: Transport, command: Json, external_id: str) -> None:
    place = Place("slack", command["team_id"], command["channel_id"], external_id)
    text = command.get("text") or ""
    hear(
        transport,
        Said(
            place=place,
            author=command["user_id"],
            message=external_id,
            text=plain(text),
            at=clock.now(),
            is_addressed=True,
            is_aside=True,
            mentions=mentioned(text),
        ),
    )


def _bot_of(envelope: Json) -> str:
    """Our user in that workspace: Slack names it in each envelope; else what the installation told us."""
    if named := authorised_bot(envelope):
        return named
    with work(Scope.system()):
        link = find_link("slack", envelope["team_id"])
    return str(link.settings.get("bot_user_id") or "") if link else ""


def _instant(ts: str) -> datetime:
    """When a message was written; Slack's ids of messages are the seconds of their birth."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return clock.now()

"""Converts messages of Teams to neutral messages, with place, author and files."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

from integrations.channels import IncomingMessage, ThreadRef, edited, receive_message, restored
from integrations.channels.interactions import handle_interaction
from integrations.channels.links import find_link
from integrations.channels.requesters import link_staff_identity
from integrations.channels.values import FileOffer
from integrations.teams.installations import WITHOUT_TOKEN, team_of
from integrations.teams.interactions import interactions_of
from integrations.teams.rich_text import absent_files, is_system_message, pictures_of_emoji, quoted_id, read_activity
from integrations.teams.shapes import instant_of, tenant_of
from integrations.teams.transport import TeamsTransport
from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.file_names import file_name

log = logging.getLogger(__name__)

FILE_INFO = "application/vnd.microsoft.teams.file.download.info"


def receive(transport: TeamsTransport, activity: Json, place: ThreadRef) -> None:
    """Receive a message; from clients without Action.Execute also a click, by Action.Submit."""
    value = activity.get("value")
    if isinstance(value, dict) and "code" in value:
        for each in interactions_of(activity, place):
            handle_interaction(transport, each)
        return
    if activity["from"].get("role") == "bot" or activity["from"]["id"] == activity["recipient"]["id"]:
        return
    if is_system_message(activity) or _introduce(transport, activity, place):
        return
    receive_message(transport, _message(activity, place))


def receive_edit(transport: TeamsTransport, activity: Json, place: ThreadRef) -> None:
    """Apply an edit of a message that a person wrote."""
    if _is_of_person(activity):
        message = replace(_message(activity, place), at=_written_at(activity))
        edited(transport, message, at=instant_of(activity))


def receive_undelete(transport: TeamsTransport, activity: Json, place: ThreadRef) -> None:
    """Restore a message whose deletion was undone."""
    if _is_of_person(activity):
        restored(transport, _message(activity, place))


def _is_of_person(activity: Json) -> bool:
    return bool(activity.get("id")) and activity["from"]["id"] != activity["recipient"]["id"]


def _message(activity: Json, place: ThreadRef) -> IncomingMessage:
    content, is_mentioned = read_activity(activity)
    return IncomingMessage(
        place=place,
        author=activity["from"]["id"],
        message=str(activity["id"]),
        content=content,
        at=instant_of(activity),
        is_addressed=place.is_personal or is_mentioned,
        quoted=quoted_id(activity),
        files=tuple(_offers(activity)),
    )


def _written_at(activity: Json) -> datetime:
    """When the message of an edit was first written: Teams' message ids are timestamps in milliseconds."""
    id = str(activity["id"])
    return datetime.fromtimestamp(int(id) / 1000, UTC) if re.fullmatch(r"1\d{12}", id) else instant_of(activity)


def _introduce(transport: TeamsTransport, activity: Json, place: ThreadRef) -> bool:
    """Record an unconnected tenant, or an author of our own staff; True if the message can open no ticket."""
    with work(Scope.system()):
        link = find_link("teams", place.workspace)
        if link is None:
            note_unknown("teams", place.workspace, at=clock.now(), settings=WITHOUT_TOKEN, messages=0)
            return False
    if link.client_id is not None:
        return False
    try:
        link_staff_identity(transport, link, activity["from"]["id"], reference=place.reference)
    except Permanent as refused:
        log.info("the profile of an author could not be read", extra={"reason": refused.reason})
    return True


def place_of(activity: Json) -> ThreadRef:
    """The place of an activity. A channel's conversation id names the thread's first message; chats have no threads."""
    conversation = activity["conversation"]
    base, _, root = str(conversation["id"]).partition(";messageid=")
    kind = conversation.get("conversationType") or ("channel" if root else "personal")
    entities = [each for each in activity.get("entities") or [] if isinstance(each, dict)]
    info = next((each for each in entities if each.get("type") == "clientInfo"), {})
    reference = {
        "service_url": activity["serviceUrl"],
        "conversation_id": conversation["id"],
        "locale": activity.get("locale") or info.get("locale"),
        "timezone": activity.get("localTimezone") or info.get("timezone"),
    }
    if kind == "groupChat":
        reference["is_group"] = True
    if team := team_of(activity):
        reference["team_id"] = team
    return ThreadRef(
        platform="teams",
        workspace=tenant_of(activity),
        channel=base,
        thread=root or str(activity.get("replyToId") or activity.get("id") or "") if kind == "channel" else "",
        is_personal=kind == "personal",
        reference=reference,
    )


def _offers(activity: Json) -> list[FileOffer]:
    """The files of a message, including those that bots cannot access, without the pictures of its emoji."""
    offers, emoji = list[FileOffer](), pictures_of_emoji(activity)
    for each in activity.get("attachments") or []:
        if not isinstance(each, dict):
            continue
        kind, content = str(each.get("contentType") or ""), each.get("content") or {}
        if kind == FILE_INFO and isinstance(content, dict):
            remote = {"url": content.get("downloadUrl"), "id": content.get("uniqueId")}
            offers.append(FileOffer(file_name(each.get("name")), _type_of(each), 0, remote))
        elif kind.startswith("image/") and isinstance(url := each.get("contentUrl"), str) and url and url not in emoji:
            remote = {"url": url, "with_token": True, "service_url": activity["serviceUrl"]}
            offers.append(FileOffer(file_name(each.get("name"), otherwise="image"), kind, 0, remote))
    absent = ({"id": id} for id in absent_files(activity))
    return offers + [FileOffer("file", "application/octet-stream", 0, remote, "in_channel") for remote in absent]


def _type_of(attachment: Json) -> str:
    content = attachment.get("content") or {}
    kind = str(content.get("fileType") or "").lower()
    return {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}.get(kind, "application/octet-stream")

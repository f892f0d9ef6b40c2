"""What the door stored, worked by a worker: activities turned into the channel-neutral conversation."""

from dataclasses import replace

from sqlalchemy import select

from integrations.chat import FileOffer, Place, Press, Said, deleted, edited, find_link, hear, note_broken, press
from integrations.chat.cards import ANOTHER
from integrations.teams.shapes import instant_of, tenant_of, words_of
from integrations.teams.transport import TeamsTransport
from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Permanent
from msp.kernel.inbox import Received
from msp.people.actions import link_identity
from msp.people.queries import find_by_email
from msp.tickets.models import Conversation, Ticket

FILE_INFO = "application/vnd.microsoft.teams.file.download.info"


def handle(transport: TeamsTransport, received: Received) -> None:
    """Work one stored activity; what we have no use for is left. Bears being called twice."""
    activity = received.payload
    place = _place(activity)
    transport = replace(transport, here=place)
    if activity["type"] == "message":
        _on_message(transport, activity, place)
    elif activity["type"] == "invoke" and activity.get("name") == "adaptiveCard/action":
        action = (activity.get("value") or {}).get("action") or {}
        _on_press(transport, activity, place, action.get("data") or {}, code=str(action.get("verb") or ""))
    elif activity["type"] == "messageUpdate":
        _on_change(transport, activity, place)
    elif activity["type"] == "messageDelete":
        deleted(place, str(activity.get("id") or ""))
    elif activity["type"] == "installationUpdate":
        _on_installation(activity)


def _on_message(transport: TeamsTransport, activity: Json, place: Place) -> None:
    value = activity.get("value")
    if isinstance(value, dict) and "code" in value:
        _on_press(transport, activity, place, value, code=str(value["code"]))
        return
    if activity["from"].get("role") == "bot" or activity["from"]["id"] == activity["recipient"]["id"]:
        return
    if _introduce(transport, activity, place):
        return
    text, is_mentioned = words_of(activity)
    hear(
        transport,
        Said(
            place=_in_ticket(place, str(activity["id"])),
            author=activity["from"]["id"],
            message=str(activity["id"]),
            text=text,
            at=instant_of(activity),
            is_addressed=place.is_personal or is_mentioned,
            files=tuple(_offers(activity)),
        ),
    )


def _on_change(transport: TeamsTransport, activity: Json, place: Place) -> None:
    kind = (activity.get("channelData") or {}).get("eventType")
    if kind in ("editMessage", None):
        edited(transport, place, str(activity.get("id") or ""), text=words_of(activity)[0])


def _on_press(transport: TeamsTransport, activity: Json, place: Place, data: Json, *, code: str) -> None:
    ticket = str(data.get("ticket") or "")
    place = _of_ticket(place, ticket)
    if code == ANOTHER:
        _leave(place)
        return
    press(transport, Press(place, activity["from"]["id"], code, ticket))


def _on_installation(activity: Json) -> None:
    tenant, action = tenant_of(activity), str(activity.get("action") or "")
    with work(Scope.system()):
        link = find_link("teams", tenant)
        if link is None and action.startswith("add"):
            note_unknown("teams", tenant, at=clock.now(), settings={"answers_without_token": True}, messages=0)
    if link is not None and action == "remove" and not _is_personal(activity):
        note_broken("teams", tenant, reason="app_removed")


def _introduce(transport: TeamsTransport, activity: Json, place: Place) -> bool:
    """Learn who wrote where no ticket can come of it: a tenant of nobody, or our own staff. True where that is all."""
    with work(Scope.system()):
        link = find_link("teams", place.workspace)
        if link is None:
            settings = {"answers_without_token": True}
            note_unknown("teams", place.workspace, at=clock.now(), settings=settings, messages=0)
            return False
    if link.client_id is not None:
        return False
    try:
        address = transport.profile(link, activity["from"]["id"]).email
    except Permanent:
        return True
    with work(Scope.system()):
        person = find_by_email(address, client_id=None) if address else None
        if person is not None:
            link_identity(
                person,
                platform="teams",
                workspace=place.workspace,
                external_id=activity["from"]["id"],
                reference=place.reference,
                at=clock.now(),
            )
    return True


def _place(activity: Json) -> Place:
    """Where it was said. A channel's conversation carries its thread's root; chats have one thread for each ticket."""
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
    return Place(
        platform="teams",
        workspace=tenant_of(activity),
        channel=base,
        thread=root or str(activity.get("replyToId") or activity.get("id") or "") if kind == "channel" else "",
        is_personal=kind == "personal",
        reference=reference,
    )


def _is_personal(activity: Json) -> bool:
    return (activity["conversation"].get("conversationType") or "personal") == "personal"


def _in_ticket(place: Place, message: str) -> Place:
    """In a chat without threads: the ticket that is being talked about there, else this message starts one."""
    if place.thread:
        return place
    with work(Scope.system()):
        query = (
            select(Conversation.thread, Conversation.reference)
            .join(Ticket, Ticket.id == Conversation.ticket_id)
            .where(
                Conversation.platform == place.platform,
                Conversation.workspace == place.workspace,
                Conversation.channel == place.channel,
                Ticket.status != "closed",
            )
            .order_by(Conversation.created_at.desc(), Conversation.id.desc())
            .limit(1)
        )
        latest = db.session.execute(query).one_or_none()
    if latest is None or (latest.reference.get("is_left") and latest.thread != message):
        return replace(place, thread=message)
    return replace(place, thread=latest.thread)


def _of_ticket(place: Place, ticket: str) -> Place:
    """The thread of the ticket that a button belongs to; that the button says so is checked by whoever acts on it."""
    if place.thread:
        return place
    with work(Scope.system()):
        query = select(Conversation.thread, Conversation.ticket_id).where(
            Conversation.platform == place.platform,
            Conversation.workspace == place.workspace,
            Conversation.channel == place.channel,
        )
        found = next((row.thread for row in db.session.execute(query) if str(row.ticket_id) == ticket), "")
    return replace(place, thread=found)


def _leave(place: Place) -> None:
    """What is said next in this chat is about something else."""
    with work(Scope.system()):
        query = select(Conversation).where(
            Conversation.platform == place.platform,
            Conversation.workspace == place.workspace,
            Conversation.channel == place.channel,
        )
        for conversation in db.session.scalars(query):
            conversation.reference = {**conversation.reference, "is_left": True}


def _offers(activity: Json) -> list[FileOffer]:
    offers = []
    for each in activity.get("attachments") or []:
        if not isinstance(each, dict):
            continue
        kind, content = str(each.get("contentType") or ""), each.get("content") or {}
        if kind == FILE_INFO and isinstance(content, dict):
            remote = {"url": content.get("downloadUrl")}
            offers.append(FileOffer(str(each.get("name") or "file")[:200], _type_of(each), 0, remote))
        elif kind.startswith("image/") and each.get("contentUrl"):
            remote = {"url": each["contentUrl"], "with_token": True, "service_url": activity["serviceUrl"]}
            offers.append(FileOffer(str(each.get("name") or "image")[:200], kind, 0, remote))
    return offers


def _type_of(attachment: Json) -> str:
    content = attachment.get("content") or {}
    kind = str(content.get("fileType") or "").lower()
    return {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}.get(kind, "application/octet-stream")

"""What was said and what happened on a ticket."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import messages, queries
from msp.tickets.api_queries import events_page, messages_page
from msp.tickets.attached_files import access_file
from msp.tickets.attaching import UNKNOWN_TYPE, attach_files
from msp.tickets.events import TicketStatusChanged
from msp.tickets.follow_ups import write_on
from msp.tickets.models import Message, Ticket
from msp.tickets.noting import note
from msp.tickets.spam import check_not_blocked
from msp.tickets.survivors import access_surviving
from msp.web.api.access import caller, check_own, require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.multipart import takes_files
from msp.web.api.pages import QUERY, PageQuery, number_cursor, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled
from msp.web.downloads import download
from msp.web.parts.rich import rich_text
from msp.web.timeline_json import timeline_json
from msp.web.uploads import sent_files

blueprint = resource("conversation", tag="Conversation")
_BYTES: dict[int | str, Any] = {200: {"description": "Its bytes", "content": {UNKNOWN_TYPE: {"schema": {}}}}}


class MessageIn(Schema):
    """A public message or an internal note. `author_id` lets staff add a message on behalf of a contact."""

    body = TextField(longest=messages.MAX_BODY, blank=False, required=True)
    visibility = one_of(("public", "internal"), load_default="public")
    author_id = fields.UUID()
    last_seen_message_id = fields.UUID(
        metadata={
            "description": "For public replies of staff: id of the last message that the author has seen. If there are"
            " newer public messages of others, the reply is held: 409 `reply_held`, with their ids in"
            " `params.message_ids`. Without this field no reply is held."
        }
    )


class SpeakerOut(Shown):
    """Author of a message or event."""

    id = fields.UUID()
    name = fields.String()
    is_staff = fields.Boolean()
    is_guest = fields.Boolean(metadata={"description": "Guest from another company in the client's chat"})


class AttachmentOut(Shown):
    """A file of a message."""

    id = fields.UUID()
    name = fields.String()
    content_type = fields.String()
    size = fields.Integer()
    state = fields.String()


class DeliveryOut(Shown):
    """Delivery of a staff reply; `none` for all other messages."""

    state = fields.String(metadata={"description": "none, pending, sent or failed"})
    channel = fields.String(allow_none=True, metadata={"description": "Chat platform, email or portal"})
    reason = fields.String(allow_none=True, metadata={"description": "Failure code if the state is failed"})


class MessageOut(Shown):
    """A message; the body of a deleted message is empty."""

    id = fields.UUID()
    ticket_id = fields.UUID()
    author_id = fields.UUID(allow_none=True)
    author = fields.Nested(SpeakerOut, allow_none=True)
    visibility = fields.String()
    channel = fields.String()
    body = fields.String(metadata={"description": "Plain text; Markdown if written in the console or API"})
    body_html = fields.String(metadata={"description": "The body as sanitized HTML: links, lists, quotes, code blocks"})
    created_at = Instant()
    edited_at = Instant(allow_none=True)
    deleted_at = Instant(allow_none=True)
    delivery = fields.Nested(DeliveryOut)
    delivery_state = fields.String(metadata={"description": "Same as `delivery.state`"})
    delivery_reason = fields.String(allow_none=True, metadata={"description": "Same as `delivery.reason`"})
    attachments = fields.List(fields.Nested(AttachmentOut))


class EventOut(Shown):
    """An event; `data` has the codes and values of its kind."""

    id = fields.UUID()
    kind = fields.String(metadata={"example": TicketStatusChanged.kind})
    at = Instant()
    actor_id = fields.UUID(allow_none=True)
    actor = fields.Nested(SpeakerOut, allow_none=True)
    visibility = fields.String()
    data = fields.Dict(keys=fields.String(), values=fields.Raw())


class TimelineEntryOut(Shown):
    """A message or an event; `code` is the visibility of a message, or the kind of an event."""

    id = fields.UUID()
    at = fields.String()
    type = fields.String(metadata={"description": "message or event"})
    code = fields.String()
    visibility = fields.String()
    who = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    text = fields.String()
    data = fields.Dict(keys=fields.String(), values=fields.Raw())


class TimelineOut(Shown):
    """The whole timeline of a ticket."""

    number = fields.String()
    subject = fields.String()
    entries = fields.List(fields.Nested(TimelineEntryOut))


@blueprint.get("/tickets/<uuid:ticket_id>/messages")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(MessageOut, "Message"))
def list_messages(ticket_id: UUID, query_data: dict[str, Any]) -> Answer:
    """Messages in order; client tokens see public messages only."""
    ticket = check_own(queries.access_ticket(ticket_id))
    limit = query_data["limit"]
    rows = messages_page(ticket.id, after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page([shown(row, row.author) for row in rows], limit=limit, key=lambda each: each["id"])


@blueprint.post("/tickets/<uuid:ticket_id>/messages")
@blueprint.input(MessageIn)
@blueprint.output(MessageOut, status_code=201)
@takes_files
def create_message(ticket_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Add a message: staff reply or write a note, a contact writes to the help desk.

    A reply with `last_seen_message_id` is refused with 409 `reply_held` if others wrote publicly after that message;
    `params.message_ids` names what they wrote. Send it again with the last of these ids to send it anyway.
    Files are sent as `multipart/form-data`, with the same fields; those of a note stay among staff.

    A message for a merged ticket reaches the one that continues it. A client's message on a ticket that was closed too
    long ago (a setting) opens a ticket that follows it: `ticket_id` names it.
    """
    ticket = check_own(access_surviving(check_own(queries.access_ticket(ticket_id)).id))
    author = _author(ticket, json_data)
    at, body = clock.now(), json_data["body"]
    check_not_blocked(caller(), at=at)
    if json_data["visibility"] == "internal":
        if not author.is_staff:
            raise Denied("not_allowed")
        message = note(ticket, author=author, body=body, at=at, channel="api")
    elif author.is_staff:
        last_seen = json_data.get("last_seen_message_id")
        message = messages.reply(ticket, author=author, body=body, at=at, channel="api", last_seen=last_seen)
    else:
        _, message = write_on(ticket, author=author, body=body, at=at, channel="api")
    attach_files(message, sent_files(), at=at)
    return shown(settled(message), author)


@blueprint.get("/attachments/<uuid:attachment_id>")
@blueprint.doc(responses=_BYTES)
def read_attachment(attachment_id: UUID) -> Response:
    """The bytes of a stored file; a client token gets those of public messages only."""
    found = access_file(attachment_id)
    check_own(queries.access_ticket(found.ticket_id))
    return download(found.attachment)


@blueprint.get("/tickets/<uuid:ticket_id>/events")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(EventOut, "Event"))
def list_events(ticket_id: UUID, query_data: dict[str, Any]) -> Answer:
    """The timeline in order; client tokens see public events only."""
    ticket = check_own(queries.access_ticket(ticket_id))
    limit = query_data["limit"]
    rows = events_page(ticket.id, after=number_cursor(query_data["cursor"]), limit=limit + 1)
    found = page(rows, limit=limit, key=lambda row: row[0].seq)
    return found | {"items": [_happened(event, actor) for event, actor in rows[:limit]]}


@blueprint.get("/tickets/<uuid:ticket_id>/timeline")
@blueprint.output(TimelineOut)
def read_timeline(ticket_id: UUID) -> Answer:
    """All messages and events of a ticket in one list, oldest first; a client token sees what is public."""
    return timeline_json(check_own(queries.access_ticket(ticket_id)))


def shown(message: Message, author: Person | None) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "id": message.id,
        "ticket_id": message.ticket_id,
        "author_id": message.author_id,
        "author": author,
        "visibility": message.visibility,
        "channel": message.channel,
        "body": "" if message.deleted_at else message.body,
        "body_html": "" if message.deleted_at else str(rich_text(message)),
        "created_at": message.at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "delivery": {
            "state": message.delivery_state,
            "channel": message.delivery_channel,
            "reason": message.delivery_reason,
        },
        "delivery_state": message.delivery_state,
        "delivery_reason": message.delivery_reason,
        "attachments": [each for each in message.attachments if each.name],
    }


def _happened(event: Any, actor: Person | None) -> dict[str, Any]:
    plain = {name: getattr(event, name) for name in ("id", "kind", "at", "actor_id", "visibility", "data")}
    return plain | {"actor": actor}


def _author(ticket: Ticket, data: dict[str, Any]) -> Person:
    """Who says it: the caller, or for staff the client's person whose words they pass on."""
    if caller().is_staff:
        require("work_tickets")
    author_id = data.get("author_id", caller().id)
    if author_id == caller().id:
        return caller()
    if not caller().is_staff:
        raise Denied("not_allowed")
    try:
        author = access_person(author_id)
    except NotFound as unknown:
        raise Invalid(fields={"author_id": ["unknown"]}) from unknown
    if author.client_id != ticket.client_id:
        raise Invalid(fields={"author_id": ["not_of_client"]})
    return author

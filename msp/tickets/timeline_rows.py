"""The whole timeline of a ticket for an export: messages and events in one order, with their codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msp.kernel.db import Json
from msp.kernel.events import StoredEvent
from msp.tickets.models import Message
from msp.tickets.queries import events_of, messages_of

MESSAGE, EVENT = "message", "event"


class TimelineRow(NamedTuple):
    """One entry: `code` is the kind of an event, or the visibility of a message; `text` is empty for an event."""

    id: UUID
    at: datetime
    type: str
    code: str
    visibility: str
    who: str | None
    channel: str | None
    text: str
    data: Json


def timeline_rows(ticket_id: UUID) -> Sequence[TimelineRow]:
    """Messages and events by time, as far as the current scope may read them."""
    said = [_message(each) for each in messages_of(ticket_id)]
    happened = [_event(event, who) for event, who in events_of(ticket_id)]
    return sorted([*said, *happened], key=lambda each: (each.at, each.type != MESSAGE, each.id))


def _message(message: Message) -> TimelineRow:
    files = [{"name": each.name, "size": each.size} for each in message.attachments if each.name]
    data = {
        "delivery_state": message.delivery_state,
        "edited_at": message.edited_at and message.edited_at.isoformat(),
        "deleted_at": message.deleted_at and message.deleted_at.isoformat(),
        "files": files,
    }
    who = message.author.name if message.author else None
    text = "" if message.deleted_at else message.body
    visibility = message.visibility
    return TimelineRow(message.id, message.at, MESSAGE, visibility, visibility, who, message.channel, text, data)


def _event(event: StoredEvent, who: str | None) -> TimelineRow:
    return TimelineRow(event.id, event.at, EVENT, event.kind, event.visibility, who, None, "", event.data)

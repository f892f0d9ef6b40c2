"""What staff says in a ticket's chat thread, in front of the client: an answer that needs no sending."""

from datetime import datetime

from msp.kernel.db import Json
from msp.people.models import Person
from msp.tickets.actions import reply
from msp.tickets.models import Message, Ticket


def reply_from_chat(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    channel: str,
    at: datetime,
    external_id: str,
    content: Json | None = None,
) -> Message:
    """A member of staff answers in the thread itself: as `reply`, but the message was sent where it was said."""
    message = reply(ticket, author=author, body=body, at=at, channel=channel)
    message.external_id, message.content = external_id, content
    message.delivery_state, message.delivery_channel = "sent", channel
    return message

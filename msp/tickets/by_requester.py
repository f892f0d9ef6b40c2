"""What a requester, or somebody of their company, does with a ticket; chat, portal and API call these functions."""

from datetime import datetime

from msp.kernel.db import Json
from msp.people.models import Person
from msp.tickets import sla_targets
from msp.tickets.actions import change_status
from msp.tickets.messages import new_message
from msp.tickets.models import Message, Ticket
from msp.tickets.small_talk import is_small_talk_reply
from msp.tickets.states import FINISHED
from msp.tickets.ticket_events import emit_ticket_event


def add_detail(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    channel: str,
    at: datetime,
    external_id: str | None = None,
    content: Json | None = None,
) -> Message:
    """The client's side wrote: emits `ticket.received`; wakes a waiting ticket, reopens a resolved or closed one.

    Thanks or a greeting alone leave a finished ticket finished. Where the contract promises an answer to a message,
    that target runs from the first message that has none. `content` is the rich text of `body`.
    """
    message = new_message(ticket, author=author, body=body, visibility="public", channel=channel, at=at)
    message.external_id, message.content = external_id, content
    emit_ticket_event(ticket, "ticket.received", at=at, actor_id=author.id, message_id=str(message.id))
    is_reopened = ticket.status in FINISHED and not is_small_talk_reply(body)
    if ticket.status == "waiting_client" or is_reopened:
        change_status(ticket, "open", at=at, actor_id=author.id)
    sla_targets.on_message(ticket, sla_targets.message_of(author, is_public=True, at=at), actor_id=author.id)
    return message

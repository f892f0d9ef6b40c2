"""Messages of staff: replies, internal notes, and failed replies sent again."""

from datetime import datetime
from uuid import UUID

from msp.clients.platforms import platform_named
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets import sla_targets
from msp.tickets.actions import change_status
from msp.tickets.events import TicketNoted, TicketReplied, emit_ticket_event
from msp.tickets.held_replies import check_seen
from msp.tickets.models import OWN_CHANNELS, Message, Ticket

MAX_BODY = 100_000


def reply(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    at: datetime,
    channel: str = "console",
    last_seen: UUID | None = None,
) -> Message:
    """Reply to the client: meets the reply target, opens a new ticket, emits `ticket.replied`.

    The reply is `pending` until a channel has delivered it to the requester (msp.notify.reply_delivery). Raises
    ReplyHeld if others wrote after the message `last_seen`; None skips this check.
    """
    message = _recorded_reply(ticket, author, body, at=at, channel=channel, last_seen=last_seen)
    message.delivery_state = "pending"
    emit_ticket_event(ticket, TicketReplied(message_id=message.id), at=at, actor_id=author.id)
    _meet_reply_target(ticket, author, at=at)
    _open_new(ticket, author.id, at=at)
    return message


def delayed_reply(
    ticket: Ticket, *, author: Person, body: str, at: datetime, channel: str = "console", last_seen: UUID | None = None
) -> Message:
    """Record a reply that `send_reply` sends: it meets the reply target now, but the client does not see it yet.

    Raises ReplyHeld as `reply` does.
    """
    message = _recorded_reply(ticket, author, body, at=at, channel=channel, last_seen=last_seen)
    message.delivery_state = "delayed"
    _meet_reply_target(ticket, author, at=at)
    return message


def send_reply(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Send a delayed reply: opens a new ticket, emits `ticket.replied`."""
    message.delivery_state = "pending"
    emit_ticket_event(ticket, TicketReplied(message_id=message.id), at=at, actor_id=message.author_id)
    _open_new(ticket, message.author_id, at=at)


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
    """Record a reply that staff wrote in the thread itself: as `reply`, but it is already sent."""
    message = reply(ticket, author=author, body=body, at=at, channel=channel)
    message.external_id, message.content = external_id, content
    message.delivery_state, message.delivery_channel = "sent", channel
    return message


def note(ticket: Ticket, *, author: Person, body: str, at: datetime, channel: str = "console") -> Message:
    """Add an internal note: emits `ticket.noted`; never shown to clients or in chat threads."""
    message = new_message(
        ticket,
        author=author,
        body=body,
        visibility="internal",
        channel=channel,
        at=at,
    )
    emit_ticket_event(ticket, TicketNoted(message_id=message.id), at=at, actor_id=author.id)
    return message


def send_again(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Send a failed reply again: emits `ticket.replied` for the same message; refuses any other message.

    It meets no SLA target until it is delivered.
    """
    if message.delivery_state != "failed" or message.deleted_at is not None:
        raise Conflict("not_failed")
    message.delivery_state, message.delivery_reason = "pending", None
    message.failed_at = message.failed_at or at
    emit_ticket_event(ticket, TicketReplied(message_id=message.id), at=at, actor_id=message.author_id)


def is_channel(name: str) -> bool:
    """Whether messages use this channel: a registered platform, or one of the desk's own."""
    return name in OWN_CHANNELS or platform_named(name) is not None


def new_message(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    visibility: str,
    channel: str,
    at: datetime,
) -> Message:
    """A new message of a ticket, in the session. Emits nothing.

    Raises Invalid for an empty or too long one, or an unknown channel.
    """
    if ticket.closed_as == "merged":
        raise Conflict("ticket_is_merged")
    if not body.strip():
        raise Invalid(fields={"body": ["required"]})
    if len(body) > MAX_BODY:
        raise Invalid(fields={"body": ["too_long"]})
    if not is_channel(channel):
        raise Invalid(fields={"channel": ["unknown"]})
    message = Message(
        id=new_id(),
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        author_id=author.id,
        visibility=visibility,
        channel=channel,
        body=body,
        at=at,
    )
    db.session.add(message)
    return message


def _recorded_reply(
    ticket: Ticket, author: Person, body: str, *, at: datetime, channel: str, last_seen: UUID | None
) -> Message:
    if last_seen is not None:
        check_seen(ticket, author, last_seen=last_seen)
    return new_message(ticket, author=author, body=body, visibility="public", channel=channel, at=at)


def _meet_reply_target(ticket: Ticket, author: Person, *, at: datetime) -> None:
    sla_targets.on_message(ticket, sla_targets.message_of(author, is_public=True, at=at), actor_id=author.id)


def _open_new(ticket: Ticket, actor_id: UUID | None, *, at: datetime) -> None:
    if ticket.status == "new":
        change_status(ticket, "open", at=at, actor_id=actor_id)

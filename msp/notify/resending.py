"""Resend failed replies after a chat connection, or the thread of one ticket, works again."""

from collections.abc import Iterator

from sqlalchemy import func, select

from msp.clients.events import ConnectionAdded, ConnectionRestored
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent, subscribe
from msp.kernel.leases import LATER
from msp.notify.replies import ReplyChannel, reply_channel_named
from msp.notify.reply_attempts import last_refusals
from msp.notify.requester_contact import requester_contact
from msp.tickets.events import ThreadReachable
from msp.tickets.messages import send_again
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.ticket_rows import IS_UNFINISHED

Restored = ConnectionAdded | ConnectionRestored | ThreadReachable


def register() -> None:
    """Subscribe to restored connections and threads."""
    events = {ConnectionAdded, ConnectionRestored, ThreadReachable}
    subscribe("resend_replies", to=events, handler=resend, priority=LATER)


def resend(restored: DeliveredEvent[Restored]) -> None:
    """Resend a client's failed replies on unfinished tickets, or those of one ticket, oldest first; each once.

    Only those that the platform refused for its connection or for the conversation, or that it was not tried for.
    """
    event = restored.event
    channel = reply_channel_named(event.connection)
    if channel is None or restored.client_id is None or (isinstance(event, ConnectionAdded) and event.is_renewal):
        return
    with work(Scope.system()):
        for message in _failed_before(restored):
            ticket = access_ticket(message.ticket_id, lock=True)
            db.session.refresh(message)  # another restored thread or a person may have resent it meanwhile
            if message.delivery_state == "failed" and _works_now(channel, ticket, message):
                send_again(ticket, message, at=clock.now())


def _failed_before(restored: DeliveredEvent[Restored]) -> Iterator[Message]:
    failed_at = func.coalesce(Message.failed_at, Message.at)
    query = (
        select(Message)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Ticket.client_id == restored.client_id, IS_UNFINISHED)
        .where(Message.delivery_state == "failed", Message.deleted_at.is_(None))
        .where(failed_at < restored.at if isinstance(restored.event, ConnectionAdded) else failed_at <= restored.at)
        .order_by(Message.at, Message.id)
    )
    if isinstance(restored.event, ThreadReachable):
        query = query.where(Ticket.id == restored.subject_id)
    yield from db.session.scalars(query).all()


def _works_now(channel: ReplyChannel, ticket: Ticket, message: Message) -> bool:
    refusal = last_refusals(message.id).get(channel.name)
    if refusal is not None and not refusal.is_connection:
        return False
    return channel.can_reach(requester_contact(message.ticket_id))

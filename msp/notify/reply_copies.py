"""Copies of a reply for the people in CC: each by the first channel that works.

A copy that cannot be delivered stays a dead letter under Deliveries; it changes nothing of the reply or its SLA.
"""

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.destinations import CHAT
from msp.kernel.errors import Permanent
from msp.kernel.events import DeliveredEvent, subscribe
from msp.notify import reply_attempts
from msp.notify.replies import OutgoingReply
from msp.notify.reply_delivery import NO_CHANNEL, next_channel, send_by
from msp.people.models import Person
from msp.tickets.events import ReplyCopied
from msp.tickets.following import in_copy
from msp.tickets.models import Message


def register() -> None:
    """Subscribe to copies of replies."""
    subscribe("reply_copies", to={ReplyCopied}, handler=send_copy, destination=CHAT)


def send_copy(copied: DeliveredEvent[ReplyCopied]) -> None:
    """Send a reply to one person in CC by the first channel that works; raises Permanent if none does."""
    copy = _outgoing(copied)
    if copy is None:
        return
    refused: Permanent | None = None
    while (channel := next_channel(copy)) is not None:
        try:
            send_by(channel, copy)
            return
        except Permanent as refusal:
            reply_attempts.note_refusal(copy, channel.name, refusal, at=clock.now())
            refused = refused or refusal
    raise refused or Permanent(NO_CHANNEL)


def _outgoing(copied: DeliveredEvent[ReplyCopied]) -> OutgoingReply | None:
    assert copied.client_id is not None
    with work(Scope.system()) as session:
        message = session.get(Message, copied.event.message_id)
        person = session.get(Person, copied.event.person_id)
        if message is None or message.deleted_at is not None or person is None or not person.active:
            return None
        if person.id not in in_copy(message.ticket_id):
            return None
        key = f"{copied.delivery_id}.{copied.id.hex}"
        return OutgoingReply(key, copied.client_id, message.ticket_id, message.id, person.id, is_copy=True)

"""Deliver a reply to its requester by the first channel that works, and record the result in its message.

If a channel refuses permanently, or could not send for PATIENCE, the next one is tried; but if a try was cut off and
the reply may have been sent, no other channel sends it again.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.destinations import CHAT, Postponed
from msp.kernel.errors import InDoubt, Permanent, Refusal, Temporary, Unreachable
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.kernel.leases import LeaseLost
from msp.notify import reply_attempts
from msp.notify.models import ReplyAttempt
from msp.notify.replies import OutgoingReply, ReplyChannel, channels_for, reply_channel_named
from msp.notify.requester_contact import requester_contact
from msp.people.models import Person
from msp.tickets.events import (
    Recipients,
    ReplyDelivered,
    ReplyDeliveryEvent,
    ReplyFailed,
    ReplyNotDelivered,
    TicketReplied,
)
from msp.tickets.following import request_copies
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.undelivered import answer_delivered, answer_failed

log = logging.getLogger(__name__)

LINE = "ticket"  # deliveries about a ticket keep one order, whichever subscriber sends them
TIMEOUT = timedelta(minutes=30)  # how long one channel is tried before the next one
DOUBT_LIMIT = timedelta(hours=2)  # after that a person decides whether to send it again
MAX_FAULTS = 3  # unexpected internal faults in one channel before the next one is tried

NO_CHANNEL, IN_DOUBT, FAULT = "no_channel", "in_doubt", "unexpected_error"


def register() -> None:
    """Subscribe to replies of technicians."""
    subscribe("replies", to={TicketReplied}, handler=send, line=LINE, destination=CHAT)


def send(replied: DeliveredEvent[TicketReplied]) -> None:
    """Send a reply by the first channel that works and mark its message; emits `ticket.message_sent` or `_failed`.

    Raises Temporary while a channel may still work. If all refuse, the SLA targets that the reply met are reopened,
    staff is notified by `ticket.reply_failed`, and Permanent names the first refusal.
    """
    reply = _outgoing(replied)
    if reply is None:
        return
    while (channel := next_channel(reply)) is not None:
        try:
            send_by(channel, reply)
        except Permanent as refusal:
            reply_attempts.note_refusal(reply, channel.name, refusal, at=clock.now())
            if refusal.reason == IN_DOUBT:
                break
        else:
            _mark_sent(reply, channel.name)
            return
    _mark_failed(reply)


def _outgoing(replied: DeliveredEvent[TicketReplied]) -> OutgoingReply | None:
    """The reply to send; None if it was deleted or an earlier delivery sent it."""
    assert replied.client_id is not None
    key = f"{replied.delivery_id}.{replied.id.hex}"
    with work(Scope.system()) as session:
        message = session.get(Message, replied.event.message_id)
        if message is None:
            return None
        ticket = session.get_one(Ticket, message.ticket_id)
        asker_id = session.get_one(Ticket, replied.subject_id).requester_id  # of the ticket before it was merged
        if message.deleted_at is None:
            request_copies(ticket, message, recipient_id=asker_id, at=clock.now())
        if message.delivery_state not in ("pending", "failed"):
            return None
        if message.deleted_at is not None:
            message.delivery_state = "none"
            return None
        if message.delivery_state == "failed":  # an administrator retries a delivery that had failed
            reply_attempts.forget_attempts(key)
        is_copy = asker_id != ticket.requester_id
        return OutgoingReply(key, replied.client_id, ticket.id, message.id, asker_id, is_copy=is_copy)


def next_channel(reply: OutgoingReply) -> ReplyChannel | None:
    """The next channel that can reach the recipient and has not refused this reply."""
    with work(Scope.system()):
        names = [each.name for each in channels_for(requester_contact(reply.ticket_id, reply.requester_id))]
        left = reply_attempts.remaining(names, reply_attempts.attempts_at(reply.key))
        return reply_channel_named(left[0]) if left else None


def send_by(channel: ReplyChannel, reply: OutgoingReply) -> None:
    """Send by one channel; raises Permanent if another must be tried, and whatever asks for a retry of this one."""
    attempt = reply_attempts.begin(reply, channel.name, at=clock.now())
    try:
        channel.send(reply)
    except (Permanent, Postponed, LeaseLost, OperationalError, PoolTimeout):
        raise
    except Temporary as later:
        raise _until_deadline(reply, attempt, later, at=clock.now()) from later
    except Refusal as refusal:
        raise Permanent(refusal.code) from refusal
    except Exception as fault:
        if reply_attempts.note_fault(reply, channel.name) < MAX_FAULTS:
            raise
        log.exception("a channel cannot send a reply", extra={"channel": channel.name})
        raise Permanent(FAULT) from fault


def _until_deadline(
    reply: OutgoingReply, attempt: ReplyAttempt, later: Temporary, *, at: datetime
) -> Temporary | Permanent:
    """The failure to raise: the same one, to be retried, or a refusal once it has lasted too long."""
    is_in_doubt = attempt.is_in_doubt or isinstance(later, InDoubt)
    if is_in_doubt and not attempt.is_in_doubt:
        reply_attempts.note_doubt(reply, attempt.channel)
    left = attempt.began_at + (DOUBT_LIMIT if is_in_doubt else TIMEOUT) - at
    if left <= timedelta():
        return Permanent(IN_DOUBT) if is_in_doubt else Unreachable(later.reason)
    if later.retry_after is not None:
        later.retry_after = min(later.retry_after, left.total_seconds())
    return later


def _mark_sent(reply: OutgoingReply, channel: str) -> None:
    at = clock.now()
    with work(Scope.system()) as session:
        ticket = access_ticket(reply.ticket_id, lock=True)
        message = session.get_one(Message, reply.message_id, with_for_update=True)
        message.delivery_state, message.delivery_reason = "sent", None
        message.delivery_channel, message.delivered_at, message.delivery_key = channel, at, reply.key
        event = ReplyDelivered(message_id=message.id, channel=message.delivery_channel, reason=message.delivery_reason)
        _emit(ticket, event, at=at)
        if message.failed_at is not None:
            answer_delivered(ticket, message, at=at)


def _mark_failed(reply: OutgoingReply) -> None:
    at = clock.now()
    with work(Scope.system()) as session:
        ticket = access_ticket(reply.ticket_id, lock=True)
        message = session.get_one(Message, reply.message_id, with_for_update=True)
        attempts = reply_attempts.attempts_at(reply.key)
        doubtful = [each for each in attempts if each.reason == IN_DOUBT]
        shown = next(iter([*doubtful, *attempts]), None)
        message.delivery_state, message.failed_at = "failed", at
        channel = message.delivery_channel = shown.channel if shown else None
        reason = message.delivery_reason = (shown.reason if shown else None) or NO_CHANNEL
        recipients = _recipients(ticket, message)
        _emit(ticket, ReplyNotDelivered(message_id=message.id, channel=channel, reason=reason), at=at)
        failed = ReplyFailed(message_id=message.id, channel=channel, reason=reason, recipients=recipients)
        _emit(ticket, failed, at=at)
        answer_failed(ticket, message, at=at)
    if shown is not None:
        raise Permanent(reason)


def _emit(ticket: Ticket, event: ReplyDeliveryEvent, *, at: datetime) -> None:
    """Emit without changing the ticket, so that its version stays the one that a technician's page has."""
    emit(event, ticket.id, client_id=ticket.client_id, at=at)


def _recipients(ticket: Ticket, message: Message) -> Recipients:
    """The assignee, or the team leads if there is none, and the author; by every medium, immediately."""
    assignee = db.session.get(Person, ticket.assignee_id) if ticket.assignee_id else None
    first = "assignee" if assignee is not None and assignee.active else "lead"
    return Recipients((first, f"person:{message.author_id}"), ("console", "chat", "mail"), is_urgent=True)

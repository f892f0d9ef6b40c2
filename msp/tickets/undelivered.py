"""Reopens the SLA targets that an undelivered reply met, until a reply is delivered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.events import StoredEvent
from msp.sla.reply_state import TicketMessage
from msp.sla.undelivered import undo_reply
from msp.tickets import sla_targets
from msp.tickets.actions import change_status
from msp.tickets.events import SlaMet, SlaReopened, TicketStatusChanged, emit_ticket_event
from msp.tickets.models import Message, Ticket
from msp.tickets.states import FINISHED


def answer_failed(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Reopen what a reply met that failed at `at`; its `delivery_state` is already `failed`.

    Emits `sla.reopened` for each reopened target, and `sla.met` for one that another reply met. A ticket that is
    pending client since that very reply is opened again, because the client never received the question.
    """
    changes = _status_changes(ticket)
    _wake(ticket, message, changes, at=at)
    _reopen(ticket, message, changes, at=at)


def answer_undone(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Reopen what a reply met that its author undid; it no longer counts as a message of the conversation."""
    _reopen(ticket, message, _status_changes(ticket), at=at, reason="undone")


def _reopen(
    ticket: Ticket, message: Message, changes: Sequence[StoredEvent], *, at: datetime, reason: str | None = None
) -> None:
    timing = sla_targets.timing_for(ticket)
    affected = undo_reply(
        timing,
        answered_at=message.at,
        conversation=sla_targets.conversation_of(ticket.id),
        finished=[each.at for each in changes if each.data["after"] in FINISHED],
        is_finished=ticket.status in FINISHED,
        at=at,
    )
    for clock in affected:
        if clock.is_open:
            event = SlaReopened(clock=clock.kind, due_at=clock.due_at, message_id=message.id, reason=reason)
            emit_ticket_event(ticket, event, at=at)
        elif clock.state == "met" and clock.met_at != message.at:
            emit_ticket_event(ticket, SlaMet(clock=clock.kind, is_late=clock.breached_at is not None), at=at)
    sla_targets.copy_next_due(ticket, timing.clocks)


def answer_delivered(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """A reply that had failed was delivered at `at`: it meets the reply target now; emits `sla.met`."""
    response = TicketMessage(at, is_by_desk=True, is_by_client=False, is_public=True)
    sla_targets.on_message(ticket, response, actor_id=message.author_id)


def _status_changes(ticket: Ticket) -> list[StoredEvent]:
    """The ticket's changes of status, oldest first."""
    query = select(StoredEvent).where(StoredEvent.subject_id == ticket.id, StoredEvent.kind == TicketStatusChanged.kind)
    return list(db.session.scalars(query.order_by(StoredEvent.seq)))


def _wake(ticket: Ticket, message: Message, changes: Sequence[StoredEvent], *, at: datetime) -> None:
    """Undo «send and wait»: end the pause that began with the reply at its start, and open the ticket."""
    is_its = bool(changes) and changes[-1].data["after"] == "waiting_client" and changes[-1].at == message.at
    if ticket.status != "waiting_client" or not is_its:
        return
    for pause in sla_targets.timing_for(ticket).pauses:
        if pause.ended_at is None and pause.started_at == message.at:
            pause.ended_at = pause.started_at
    db.session.flush()
    change_status(ticket, "open", at=at)

"""What a reply that did not arrive means for its ticket: the answer is owed again until one arrives."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.events import Event
from msp.sla.answers import Said
from msp.sla.undelivered import take_back
from msp.tickets import promises
from msp.tickets.actions import change_status
from msp.tickets.facts import tell
from msp.tickets.models import Message, Ticket
from msp.tickets.states import FINISHED


def answer_failed(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """Take back what a reply met that proved undeliverable at `at`; its `delivery_state` is `failed` by now.

    Emits `sla.reopened` for each promise that is owed again, and `sla.met` for one that another answer met. A ticket
    that waits for the client since that very reply is opened again: the client was never asked.
    """
    changes = _status_changes(ticket)
    _wake(ticket, message, changes, at=at)
    timing = promises.timing_for(ticket)
    affected = take_back(
        timing,
        answered_at=message.at,
        conversation=promises.conversation_of(ticket.id),
        finished=[each.at for each in changes if each.data["after"] in FINISHED],
        is_finished=ticket.status in FINISHED,
        at=at,
    )
    for clock in affected:
        if clock.is_open:
            tell(
                ticket,
                "sla.reopened",
                at=at,
                visibility="internal",
                clock=clock.kind,
                due_at=clock.due_at.isoformat() if clock.due_at else None,
                message_id=str(message.id),
            )
        elif clock.state == "met" and clock.met_at != message.at:
            tell(ticket, "sla.met", at=at, clock=clock.kind, is_late=clock.breached_at is not None)
    promises.show_due(ticket, timing.clocks)


def answer_delivered(ticket: Ticket, message: Message, *, at: datetime) -> None:
    """A reply that had failed arrived at `at`: it meets the promise to answer now; emits `sla.met`."""
    said = Said(at, is_by_desk=True, is_by_client=False, is_public=True)
    promises.hear(ticket, said, actor_id=message.author_id)


def _status_changes(ticket: Ticket) -> list[Event]:
    """The ticket's changes of status, oldest first."""
    query = select(Event).where(Event.subject_id == ticket.id, Event.kind == "ticket.status_changed")
    return list(db.session.scalars(query.order_by(Event.seq)))


def _wake(ticket: Ticket, message: Message, changes: Sequence[Event], *, at: datetime) -> None:
    """Undo «send and wait»: the pause that began with the reply never was."""
    is_its = bool(changes) and changes[-1].data["after"] == "waiting_client" and changes[-1].at == message.at
    if ticket.status != "waiting_client" or not is_its:
        return
    for pause in promises.timing_for(ticket).pauses:
        if pause.ended_at is None and pause.started_at == message.at:
            pause.ended_at = pause.started_at
    db.session.flush()
    change_status(ticket, "open", at=at)

"""Scheduled tickets are opened again when their time comes, and their assignee is notified.

A worker looks each second; what that costs follows what is due (a partial index), not what is scheduled.
"""

from datetime import datetime

from sqlalchemy import select, text

from msp.kernel import clock, jobs
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Invalid
from msp.tickets.actions import change_status
from msp.tickets.events import Recipients, TicketWoken, emit_ticket_event
from msp.tickets.models import Ticket

BATCH = 50
RECIPIENTS = Recipients(("assignee",), ("console", "chat"))  # the team leads where nobody has the ticket
_SCHEDULED = text("ticket.status = 'scheduled'")  # in so many words, so that the partial index serves a prepared plan


def register() -> None:
    """Look each second, as long as this process works the queues."""
    jobs.every_second(open_due)


def open_due() -> None:
    """Open the tickets whose time has come; emits `ticket.status_changed` and `ticket.woken` for each."""
    while _open_some() == BATCH:
        pass


def reschedule(ticket: Ticket, scheduled_for: datetime | None, *, at: datetime) -> None:
    """Move the time at which a scheduled ticket is opened again.

    Raises Invalid for a ticket that is not scheduled (None says nothing about one), and for a time like that.
    """
    if ticket.status == "scheduled":
        change_status(ticket, "scheduled", at=at, scheduled_for=scheduled_for)
    elif scheduled_for is not None:
        raise Invalid(fields={"scheduled_for": ["not_scheduled"]})


def _open_some() -> int:
    at = clock.now()
    query = select(Ticket).where(_SCHEDULED, Ticket.scheduled_for <= at).order_by(Ticket.scheduled_for).limit(BATCH)
    with work(Scope.system()):
        tickets = db.session.scalars(query.with_for_update(skip_locked=True, of=Ticket)).all()
        for ticket in tickets:
            change_status(ticket, "open", at=at)
            emit_ticket_event(ticket, TicketWoken(recipients=RECIPIENTS), at=at)
    return len(tickets)

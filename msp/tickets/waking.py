"""Opens scheduled tickets when their time comes, and notifies their assignee.

A worker looks each second; the cost depends on what is due (a partial index), not on what is scheduled.
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
RECIPIENTS = Recipients(("assignee",), ("console", "chat"))  # the team leads if the ticket has no assignee
_SCHEDULED = text("ticket.status = 'scheduled'")  # a literal, so that a prepared plan can use the partial index


def register() -> None:
    """Look each second, as long as this process is a worker."""
    jobs.every_second(open_due)


def open_due() -> None:
    """Open the tickets whose time has come; emits `ticket.status_changed` and `ticket.woken` for each."""
    while _open_some() == BATCH:
        pass


def reschedule(ticket: Ticket, scheduled_for: datetime | None, *, at: datetime) -> None:
    """Change the time at which a scheduled ticket is opened again.

    Raises Invalid for an invalid time, and for any time if the ticket is not scheduled.
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

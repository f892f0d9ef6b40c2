"""Which ticket continues one that was merged: messages that still arrive for the old one reach it."""

from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.tickets.merge_models import TicketMerge
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket


def surviving_id(ticket_id: UUID) -> UUID:
    """The id of the ticket that continues this one; its own if it was not merged."""
    merged = select(TicketMerge.target_id).where(TicketMerge.undone_at.is_(None))
    while (target := db.session.scalar(merged.where(TicketMerge.source_id == ticket_id))) is not None:
        ticket_id = target
    return ticket_id


def access_surviving(ticket_id: UUID) -> Ticket:
    """The ticket that continues this one, locked for the unit of work; raises NotFound outside the scope.

    The lock is taken before it is known whether it was merged meanwhile: then the next one is taken.
    """
    ticket = access_ticket(surviving_id(ticket_id), lock=True)
    db.session.refresh(ticket)
    while ticket.closed_as == "merged":
        ticket = access_ticket(surviving_id(ticket.id), lock=True)
        db.session.refresh(ticket)
    return ticket

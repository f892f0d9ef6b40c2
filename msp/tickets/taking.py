"""Take next: assigns a technician the most urgent ticket that nobody has, of their tier or below.

Two technicians never get the same ticket, and neither waits for the other: the row is locked, locked rows are skipped.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select

from msp.kernel.db import db
from msp.kernel.errors import Conflict
from msp.people.models import Person
from msp.tickets.actions import MAX_TIER, take
from msp.tickets.models import Ticket
from msp.tickets.states import PRIORITIES
from msp.tickets.ticket_rows import IS_UNFINISHED

WAITING_FOR_US = ("new", "open")  # others wait for somebody else, or for a time
_BY_PRIORITY = case({code: rank for rank, code in enumerate(PRIORITIES)}, value=Ticket.priority)


def take_next(person: Person, *, at: datetime) -> Ticket:
    """Take the unassigned ticket that is due first; without a due date it is the one of the highest priority.

    Only tickets of the person's tier and below count (of all tiers for a person without one), and only those of clients
    in the scope. Raises Conflict `nothing_to_take` if there is none.
    """
    query = _waiting(person.tier or MAX_TIER).limit(1).with_for_update(skip_locked=True, of=Ticket)
    ticket = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if ticket is None:
        raise Conflict("nothing_to_take")
    take(ticket, person, at=at)
    return ticket


def _waiting(tier: int) -> Select[Any]:
    return (
        select(Ticket)
        .where(IS_UNFINISHED, Ticket.assignee_id.is_(None), Ticket.status.in_(WAITING_FOR_US), Ticket.tier <= tier)
        .order_by(Ticket.due_at.asc().nulls_last(), _BY_PRIORITY, Ticket.id)
    )

"""Locks of several tickets, always in the same order, so that two changes never wait for each other."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.tickets.models import Ticket


def lock_tickets(ids: Iterable[UUID]) -> dict[UUID, Ticket]:
    """Lock tickets until the unit of work ends and read them again; raises NotFound if one is not visible."""
    wanted = sorted(set(ids))
    query = select(Ticket).where(Ticket.id.in_(wanted)).order_by(Ticket.id).with_for_update()
    found = {each.id: each for each in db.session.scalars(query.execution_options(populate_existing=True))}
    if len(found) < len(wanted):
        raise NotFound("ticket")
    return found

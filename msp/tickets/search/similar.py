"""Resolved tickets similar to another one, each with its resolution."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Text, Uuid, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.search.marking import Piece, marked, pieces
from msp.tickets.small_talk import is_small_talk
from msp.tickets.ticket_rows import TicketRow, select_tickets

RESOLUTION_WIDTH = 240  # characters


class Alike(NamedTuple):
    """A resolved ticket: its subject with the shared words, and the last message of staff, if any."""

    row: TicketRow
    subject: list[Piece]
    resolution: list[Piece]


def similar_resolved(ticket: Ticket, *, limit: int = 3) -> list[Alike]:
    """Resolved and closed tickets that share rare words with this one (staff only), most shared words first."""
    asked = func.search_similar(ticket.id, limit).table_valued(
        column("found_id", Uuid), "score", column("shared", ARRAY(Text))
    )
    query = select_tickets(is_client=False).join(asked, asked.c.found_id == Ticket.id).add_columns(asked.c.shared)
    found = db.session.execute(query.order_by(asked.c.score.desc(), Ticket.id.desc())).all()
    rows = [(TicketRow(*row[:-1]), row.shared) for row in found]
    resolutions = _resolutions(row.id for row, _shared in rows)
    return [
        Alike(row, marked(row.subject, shared), pieces(resolutions.get(row.id, ""), shared, width=RESOLUTION_WIDTH))
        for row, shared in rows
    ]


def _resolutions(ticket_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The last message of staff on each ticket, except thanks and greetings: a public one, else a note."""
    query = (
        select(Message.ticket_id, Message.body)
        .join(Person, Person.id == Message.author_id)
        .where(Message.ticket_id.in_(list(ticket_ids)), Message.deleted_at.is_(None), Person.client_id.is_(None))
        .order_by(Message.ticket_id, Message.visibility.desc(), Message.at.desc(), Message.id.desc())
    )
    resolutions: dict[UUID, str] = {}
    for ticket_id, body in db.session.execute(query):
        if not is_small_talk(body):
            resolutions.setdefault(ticket_id, body)
    return resolutions

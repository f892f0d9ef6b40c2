"""Solved tickets that are like another one, each with what solved it."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Text, Uuid, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import TicketLine, line_of, line_query
from msp.tickets.search.marking import Piece, marked, pieces
from msp.tickets.small_talk import is_small_talk

RESOLUTION_WIDTH = 240  # characters


class Alike(NamedTuple):
    """A solved ticket: its subject with the words that both share, and the last that staff said on it, if anything."""

    line: TicketLine
    subject: list[Piece]
    resolution: list[Piece]


def similar_resolved(ticket: Ticket, *, limit: int = 3) -> list[Alike]:
    """Resolved and closed tickets that share rare words with this one (staff only): those that share most first."""
    asked = func.search_similar(ticket.id, limit).table_valued(
        column("found_id", Uuid), "score", column("shared", ARRAY(Text))
    )
    query = line_query().join(asked, asked.c.found_id == Ticket.id).add_columns(asked.c.score, asked.c.shared)
    found = db.session.execute(query.order_by(asked.c.score.desc(), Ticket.id.desc())).all()
    lines = [(line_of(*row[:-2]), row[-1]) for row in found]
    said = _resolutions(line.id for line, _shared in lines)
    return [
        Alike(line, marked(line.subject, shared), pieces(said.get(line.id, ""), shared, width=RESOLUTION_WIDTH))
        for line, shared in lines
    ]


def _resolutions(ticket_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The last that staff said on each ticket, thanks and greetings apart: to the client, else in a note."""
    query = (
        select(Message.ticket_id, Message.body)
        .join(Person, Person.id == Message.author_id)
        .where(Message.ticket_id.in_(list(ticket_ids)), Message.deleted_at.is_(None), Person.client_id.is_(None))
        .order_by(Message.ticket_id, Message.visibility.desc(), Message.at.desc(), Message.id.desc())
    )
    said: dict[UUID, str] = {}
    for ticket_id, body in db.session.execute(query):
        if not is_small_talk(body):
            said.setdefault(ticket_id, body)
    return said

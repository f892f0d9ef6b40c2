"""Satisfaction (CSAT): ratings of a period, counted by client, technician or month, or listed.

A rating counts in the month of the first rating, in the client's time zone, for the assignee of that moment. Ratings of
merged and spam tickets do not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, SQLColumnExpression, and_, cast, func, select
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.kernel.db import db
from msp.people.models import Person
from msp.reports.attainment import NONE, ReportQuery
from msp.reports.figures import OTHERS
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.tickets.rating_models import TicketRating

DIMENSIONS = ("client", "technician", "month")


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings of a group; `key` is None for tickets without a technician."""

    key: str | None
    good: int
    bad: int

    @property
    def rated(self) -> int:
        """All ratings."""
        return self.good + self.bad

    @property
    def share(self) -> Decimal | None:
        """The share of good ratings, from 0 to 1, rounded down to a tenth of a per cent; None without ratings."""
        return Decimal(self.good * 1000 // self.rated) / 1000 if self.rated else None


@dataclass(frozen=True, slots=True)
class RatedTicket:
    """A rated ticket behind a figure."""

    ticket_id: UUID
    label: str
    subject: str
    client_id: UUID
    client: str
    technician_id: UUID | None
    technician: str | None
    rating: str
    comment: str | None
    rated_at: datetime


def satisfaction(question: ReportQuery, *, by: str) -> list[Satisfaction]:
    """The ratings by value of a dimension, sorted by key; ids are texts, months `2026-10`."""
    key = _key(by)
    good = func.count().filter(TicketRating.rating == "good")
    bad = func.count().filter(TicketRating.rating == "bad")
    rows = db.session.execute(_narrowed(select(key, good, bad), question).group_by(key))
    found = [Satisfaction(None if row[0] is None else str(row[0]), row[1], row[2]) for row in rows]
    return sorted(found, key=lambda each: (each.key is None, each.key or ""))


def rated_tickets(
    question: ReportQuery, *, rating: str = "", limit: int, offset: int = 0
) -> tuple[list[RatedTicket], int]:
    """The rated tickets behind figures, last rated first, and their total."""
    technician = aliased(Person)
    query = _narrowed(
        select(
            TicketRating, Client.code, Ticket.number, Ticket.subject, Client.name, technician.name,
            func.count().over(),
        ),
        question,
    ).outerjoin(technician, technician.id == TicketRating.technician_id)  # fmt: skip
    if rating:
        query = query.where(TicketRating.rating == rating)
    ordered = query.order_by(TicketRating.rated_at.desc(), TicketRating.ticket_id).limit(limit).offset(offset)
    rows = db.session.execute(ordered).all()
    return [_rated(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def sum_of(rows: Iterable[Satisfaction], *, key: str | None = None) -> Satisfaction:
    """The sum of several groups."""
    found = list(rows)
    return Satisfaction(key, sum(each.good for each in found), sum(each.bad for each in found))


def without_other_technicians(rows: Iterable[Satisfaction], own: str) -> list[Satisfaction]:
    """The own row and that of nobody unchanged, all others summed under the key `others`."""
    found = list(rows)
    others = sum_of((each for each in found if each.key not in (own, None)), key=OTHERS)
    return [each for each in found if each.key in (own, None)] + ([others] if others.rated else [])


def _narrowed(query: Select[*tuple[Any, ...]], question: ReportQuery) -> Select[*tuple[Any, ...]]:
    earliest, latest = question.period.widest()
    day = cast(func.timezone(Client.timezone, TicketRating.rated_at), Date)
    query = (
        query.select_from(TicketRating)
        .join(Client, Client.id == TicketRating.client_id)
        .join(Ticket, and_(Ticket.client_id == TicketRating.client_id, Ticket.id == TicketRating.ticket_id))
        .where(
            TicketRating.rated_at >= earliest,
            TicketRating.rated_at < latest,
            day.between(question.period.first, question.period.last),
            Ticket.closed_as.is_(None),
        )
    )
    for name, value in question.only.items():
        query = query.where(_key(name).is_(None) if value == NONE else _key(name) == value)
    return query


def _key(by: str) -> SQLColumnExpression[Any]:
    return {
        "client": TicketRating.client_id,
        "technician": TicketRating.technician_id,
        "month": func.to_char(func.timezone(Client.timezone, TicketRating.rated_at), "YYYY-MM"),
    }[by]


def _rated(row: TicketRating, code: str, number: int, subject: str, client: str, technician: str | None) -> RatedTicket:
    return RatedTicket(
        ticket_id=row.ticket_id,
        label=str(Label(code, number)),
        subject=subject,
        client_id=row.client_id,
        client=client,
        technician_id=row.technician_id,
        technician=technician,
        rating=row.rating,
        comment=row.comment,
        rated_at=row.rated_at,
    )

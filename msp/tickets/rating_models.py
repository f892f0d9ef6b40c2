"""Ratings of tickets by their requesters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model

RATINGS = ("good", "bad")


class TicketRating(Model):
    """What the requester thinks of a finished ticket. `technician_id` is the assignee at the first rating."""

    __tablename__ = "ticket_rating"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        ForeignKeyConstraint(["client_id", "person_id"], ["person.client_id", "person.id"]),
        CheckConstraint(f"rating in {RATINGS}", name="rating"),
        Index("ix_ticket_rating_rated", "rated_at"),
        {"info": {"access": "tenant"}},
    )
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    person_id: Mapped[UUID]
    technician_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    rating: Mapped[str]
    comment: Mapped[str | None]
    rated_at: Mapped[datetime]
    changed_at: Mapped[datetime]

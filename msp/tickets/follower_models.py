"""People who follow a ticket: staff who watch it, and people of the client in CC."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model


class TicketFollower(Model):
    """A person who follows a ticket without being its requester; of the ticket's client, or staff."""

    __tablename__ = "ticket_follower"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        Index("ix_ticket_follower_person", "person_id", "ticket_id"),
        {"info": {"access": "tenant"}},
    )
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    client_id: Mapped[UUID]
    added_at: Mapped[datetime]
    added_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

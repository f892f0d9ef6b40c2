"""People of clients who are blocked after spam."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model


class BlockedSender(Model):
    """A person whose messages are not stored: they are counted. `ticket_id` is the ticket they were blocked for."""

    __tablename__ = "blocked_sender"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "person_id"], ["person.client_id", "person.id"]),
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        {"info": {"access": "tenant"}},
    )
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID | None]
    blocked_at: Mapped[datetime]
    blocked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    message_count: Mapped[int] = mapped_column(default=0, server_default="0")
    last_at: Mapped[datetime | None]

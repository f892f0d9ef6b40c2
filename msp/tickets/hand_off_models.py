"""Hand-offs of tickets between tiers, with what the last technician tried, found and needs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model


class HandOff(Model):
    """A hand-off; without `handed_at` it can still be undone, or was undone and is kept for the form.

    `accepted_at` is when a technician of the next tier accepted it. A ticket has at most one without `handed_at`.
    """

    __tablename__ = "hand_off"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint("from_tier between 1 and 3 and to_tier between 1 and 3", name="tiers"),
        CheckConstraint("from_tier <> to_tier", name="two_tiers"),
        Index("ix_hand_off_ticket", "ticket_id", "id"),
        Index("uq_hand_off_pending", "ticket_id", unique=True, postgresql_where=text("handed_at is null")),
        {"info": {"access": "tenant_staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    from_tier: Mapped[int] = mapped_column(SmallInteger)
    to_tier: Mapped[int] = mapped_column(SmallInteger)
    tried: Mapped[str]
    found: Mapped[str]
    needed: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime]
    handed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

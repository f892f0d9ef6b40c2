"""What a bulk action did to each ticket."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class BulkChange(Model):
    """A ticket of a bulk action: the fields that changed, before and after, or why it was refused.

    `value` is what the action set. `undone_at` is when the fields were restored; `undo_refusal` is why they were not.
    """

    __tablename__ = "bulk_change"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"], ondelete="CASCADE"),
        Index("ix_bulk_change_ticket", "client_id", "ticket_id"),
        {"info": {"access": "tenant_staff"}},
    )
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str]
    value: Mapped[Json]
    at: Mapped[datetime]
    before: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    refusal: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    undone_at: Mapped[datetime | None]
    undo_refusal: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))

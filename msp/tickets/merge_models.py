"""Merges of tickets: what each one moved, so that it can be undone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class TicketMerge(Model):
    """The ticket `source_id` was merged into `target_id`, until `undone_at` if that is set.

    `moved` has the ids of the moved rows by table, of the followers that were added, and of the chat threads that now
    belong to another person than the requester.
    """

    __tablename__ = "ticket_merge"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "source_id"], ["ticket.client_id", "ticket.id"]),
        ForeignKeyConstraint(["client_id", "target_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint("source_id <> target_id", name="two_tickets"),
        Index("uq_ticket_merge_source", "source_id", unique=True, postgresql_where=text("undone_at is null")),
        Index("ix_ticket_merge_source", "source_id"),
        Index("ix_ticket_merge_target", "target_id"),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    source_id: Mapped[UUID]
    target_id: Mapped[UUID]
    moved: Mapped[Json] = mapped_column(JSONB)
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

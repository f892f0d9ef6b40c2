"""The search index of tickets. Database triggers write it (migrations 0020_search and 0031_search_forms)."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model


class TicketSearch(Model):
    """The words of a ticket, long ones in several parts; only staff may read it, since it contains notes."""

    __tablename__ = "ticket_search"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"], ondelete="cascade"),
        Index("ix_ticket_search_vector", "vector", postgresql_using="gin"),
        {"info": {"access": "tenant_staff"}},
    )
    ticket_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    client_id: Mapped[UUID]
    size: Mapped[int]
    vector: Mapped[str] = mapped_column(TSVECTOR)

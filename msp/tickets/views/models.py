"""The table of saved views."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Json, Model


class TicketView(Model):
    """A view of one person (`owner_id`) or of the team (none); one that selects a client belongs to it."""

    __tablename__ = "ticket_view"
    __table_args__ = (
        Index("ix_ticket_view_owner", "owner_id"),
        Index("ix_ticket_view_client", "client_id"),
        {"info": {"access": "shared_staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    definition: Mapped[Json]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __mapper_args__ = {"version_id_col": version}

    @property
    def is_shared(self) -> bool:
        """Whether the team sees it."""
        return self.owner_id is None

"""Links between tickets of one client."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel.db import Model
from msp.tickets.link_rules import KINDS


class TicketLink(Model):
    """A link: the ticket `from_id` is a `kind` of the ticket `to_id`. Two tickets have at most one."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        ForeignKeyConstraint(["client_id", "from_id"], ["ticket.client_id", "ticket.id"]),
        ForeignKeyConstraint(["client_id", "to_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("from_id <> to_id", name="two_tickets"),
        Index("uq_ticket_link_pair", text("least(from_id, to_id)"), text("greatest(from_id, to_id)"), unique=True),
        Index("uq_ticket_link_parent", "from_id", unique=True, postgresql_where=text("kind = 'child'")),
        Index("ix_ticket_link_from", "from_id"),
        Index("ix_ticket_link_to", "to_id"),
        {"info": {"access": "tenant"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    kind: Mapped[str]
    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

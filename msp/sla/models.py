"""SLA clocks, the pauses of their tickets, and the escalation steps taken."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from msp.contracts.escalation_policy import CLOCK_KINDS
from msp.kernel.db import Model

KINDS = CLOCK_KINDS
OPEN_STATES = ("running", "paused")


class Clock(Model):
    """A clock of an SLA target: a budget of business seconds in a calendar, from a start instant.

    `met_at` is when it stopped (met or cancelled), `taken` the keys of the escalation steps taken, and `next_step_at`
    the instant of the next check by a worker: the next step, or the due date. `next_step` counts the steps taken.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("state in ('running', 'paused', 'met', 'cancelled')", name="state"),
        Index("uq_sla_clock_started", "ticket_id", "kind", "started_at", unique=True),
        Index("ix_sla_clock_began", "started_at"),
        Index(
            "uq_sla_clock_open",
            "ticket_id",
            "kind",
            unique=True,
            postgresql_where=text("state in ('running', 'paused')"),
        ),
        Index(
            "ix_sla_clock_step",
            "next_step_at",
            postgresql_where=text("state = 'running' and next_step_at is not null"),
        ),
        {"info": {"access": "tenant"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(Text, default="running", server_default="running")
    budget_seconds: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    taken: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    next_step: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    next_step_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether the target can still be met."""
        return self.state in OPEN_STATES


class Pause(Model):
    """A period in which a ticket's clocks were paused; open while `ended_at` is null."""

    __tablename__ = "sla_pause"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        Index("ix_sla_pause_ticket", "ticket_id", "started_at"),
        Index(
            "uq_sla_pause_open",
            "ticket_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        {"info": {"access": "tenant"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str]


class TakenEscalationStep(Model):
    """An escalation step that was taken: once for each clock and key; `step` is its position among those taken."""

    __tablename__ = "sla_step"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        Index("uq_sla_step_key", "clock_id", "key", unique=True),
        Index("ix_sla_step_taken", "taken_at"),
        {"info": {"access": "tenant_staff"}},
    )
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("sla_clock.id"), primary_key=True)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    taken_at: Mapped[datetime]
    key: Mapped[str | None]

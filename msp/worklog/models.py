"""Time entries in whole minutes, and running timers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.contracts.models import WORK_TYPES
from msp.kernel.db import Model
from msp.people.models import Person


class TimeEntry(Model):
    """Minutes worked on a ticket; once billed, part of an invoice and unchangeable."""

    __tablename__ = "time_entry"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        CheckConstraint(f"work_type in {WORK_TYPES}", name="work_type"),
        CheckConstraint("minutes between 1 and 1440", name="minutes"),
        CheckConstraint("write_down_minutes between 0 and minutes", name="write_down"),
        CheckConstraint("state in ('draft', 'approved', 'billed')", name="state"),
        Index("ix_time_entry_ticket", "ticket_id", "started_at"),
        Index(
            "ix_time_entry_unbilled",
            "client_id",
            "started_at",
            postgresql_where=text("state <> 'billed'"),
        ),
        Index("ix_time_entry_person", "person_id", "started_at"),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    minutes: Mapped[int]
    work_type: Mapped[str]
    billable: Mapped[bool] = mapped_column(default=True, server_default="true")
    write_down_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    write_down_reason: Mapped[str | None]
    note: Mapped[str]
    state: Mapped[str] = mapped_column(Text, default="approved", server_default="approved")
    created_at: Mapped[datetime]
    person: Mapped[Person] = relationship(viewonly=True)


class Timer(Model):
    """A running timer: one for each person."""

    __tablename__ = "timer"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        {"info": {"access": "tenant_staff"}},
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    client_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    started_at: Mapped[datetime]

"""Tables of contracts: SLA targets, escalation steps, and prices (kind, terms, rate card)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.calendars.models import Calendar
from msp.contracts.escalation_policy import ACTIONS, MOMENTS
from msp.contracts.kinds import KIND_CODES
from msp.contracts.service_level import ANY_TYPE, PRIORITIES, TYPES, USUAL_PAUSING
from msp.kernel.db import Json, Model

WORK_TYPES = ("remote", "onsite", "project", "travel")


def _of_contract() -> ForeignKeyConstraint:
    """Base of the parts of a contract, deleted with it."""
    return ForeignKeyConstraint(["client_id", "contract_id"], ["contract.client_id", "contract.id"], ondelete="cascade")


class Contract(Model):
    """An agreement with one client; money in minor units of `currency`, dates in the client's zone."""

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        CheckConstraint(f"kind in {KIND_CODES}", name="kind"),
        CheckConstraint("ends_on is null or ends_on >= starts_on", name="dates"),
        Index("ix_contract_client", "client_id", "starts_on"),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    name: Mapped[str]
    kind: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id"))
    currency: Mapped[str]
    terms: Mapped[Json]
    po_number: Mapped[str | None]
    pausing: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=lambda: list(USUAL_PAUSING), server_default="{waiting_client,scheduled}"
    )
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    calendar: Mapped[Calendar] = relationship(viewonly=True)
    targets: Mapped[list["SlaTarget"]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    rates: Mapped[list["Rate"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="(Rate.work_type, Rate.valid_from)",
    )
    escalation_policy: Mapped[list["EscalationStep"]] = relationship(
        cascade="all, delete-orphan", order_by="EscalationStep.position"
    )


class ContractTerms(Model):
    """The terms of a contract version and the day from which they apply; append-only.

    On a day the highest version valid by then applies. The newest version is also in the contract itself.
    """

    __tablename__ = "contract_terms"
    __table_args__ = (
        _of_contract(),
        CheckConstraint(f"kind in {KIND_CODES}", name="kind"),
        {"info": {"access": "tenant_read"}},
    )
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    kind: Mapped[str]
    terms: Mapped[Json]
    created_at: Mapped[datetime]


class SlaTarget(Model):
    """An SLA target for one priority, in business minutes of the calendar; `type` is "" for all types."""

    __tablename__ = "sla_target"
    __table_args__ = (
        _of_contract(),
        CheckConstraint(f"priority in {PRIORITIES}", name="priority"),
        CheckConstraint(f"type in {(ANY_TYPE, *TYPES)}", name="type"),
        CheckConstraint("first_response_minutes > 0 and resolution_minutes > 0", name="minutes"),
        CheckConstraint("next_response_minutes > 0 and fulfilment_minutes > 0", name="more_minutes"),
        {"info": {"access": "tenant_read"}},
    )
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    priority: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True, default=ANY_TYPE, server_default=ANY_TYPE)
    first_response_minutes: Mapped[int]
    resolution_minutes: Mapped[int]
    next_response_minutes: Mapped[int | None]
    fulfilment_minutes: Mapped[int | None]


class EscalationStep(Model):
    """A stored escalation step; columns as in escalation_policy.PolicyStep."""

    __tablename__ = "escalation_step"
    __table_args__ = (
        _of_contract(),
        CheckConstraint(f"moment in {MOMENTS}", name="moment"),
        CheckConstraint(f"action in {ACTIONS}", name="action"),
        CheckConstraint("amount > 0", name="amount"),
        {"info": {"access": "tenant_read"}},
    )
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    moment: Mapped[str]
    amount: Mapped[int]
    action: Mapped[str]
    clocks: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    who: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    by: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    is_urgent: Mapped[bool] = mapped_column(default=False, server_default="false")
    webhook_id: Mapped[UUID | None]


class Rate(Model):
    """A line of a rate card: minor units per hour for a work type, from a day on."""

    __tablename__ = "rate"
    __table_args__ = (
        _of_contract(),
        CheckConstraint(f"work_type in {WORK_TYPES}", name="work_type"),
        CheckConstraint("amount >= 0", name="amount"),
        {"info": {"access": "tenant_read"}},
    )
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    work_type: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)

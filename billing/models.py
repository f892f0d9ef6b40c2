"""Tables of billing: invoices (mutable drafts, immutable once issued), records, payments."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.clients.models import Client
from msp.kernel.db import Json, Model

PAYMENT_STATES = (
    "pending", "open", "partly_paid", "paid", "failed", "refunded", "disputed", "cancelled", "void",
)  # fmt: skip
PAYMENT_KINDS = (
    "transfer", "direct_debit", "card", "cash", "other", "stripe", "refund", "refund_failed", "dispute", "dispute_won",
    "dispute_lost", "correction",
)  # fmt: skip


class InvoiceSeries(Model):
    """A series and its last number; its row lock at issue keeps numbers consecutive (RD 1619/2012 art. 6).

    The chain of records has a row of its own with the last huella, because staff restricted to some clients cannot read
    it from another client's record.
    """

    __tablename__ = "invoice_series"
    __table_args__ = ({"info": {"access": "staff"}},)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str]
    last: Mapped[int]
    last_at: Mapped[datetime | None]
    huella: Mapped[str | None]


class InvoiceRun(Model):
    """A billing run of a period: its drafts, and what was left out with the reasons."""

    __tablename__ = "invoice_run"
    __table_args__ = (
        CheckConstraint("period_end >= period_start", name="period"),
        {"info": {"access": "staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    left_out: Mapped[list[Json]]


class Invoice(Model):
    """An invoice or credit note of one client; amounts in minor units of `currency`. A trigger freezes issued ones."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("number"),
        ForeignKeyConstraint(["client_id", "corrects_id"], ["invoice.client_id", "invoice.id"]),
        CheckConstraint("state in ('draft', 'issued')", name="state"),
        CheckConstraint("kind in ('invoice', 'credit_note')", name="kind"),
        CheckConstraint("record_type in ('F1', 'R1', 'R4')", name="record_type"),
        CheckConstraint("(state = 'issued') = (number is not null)", name="number"),
        Index("ix_invoice_client_period", "client_id", "period_start"),
        Index(
            "uq_invoice_draft",
            "client_id",
            "period_start",
            "currency",
            "po_number",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state = 'draft' and kind = 'invoice'"),
        ),
        {"info": {"access": "invoice"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice_run.id"))
    kind: Mapped[str] = mapped_column(Text, default="invoice", server_default="invoice")
    corrects_id: Mapped[UUID | None]
    correction_reason: Mapped[str | None]
    corrects_all: Mapped[bool] = mapped_column(default=False, server_default="false")
    record_type: Mapped[str] = mapped_column(Text, default="F1", server_default="F1")
    state: Mapped[str] = mapped_column(Text, default="draft", server_default="draft")
    series: Mapped[str | None]
    number: Mapped[str | None]
    issued_on: Mapped[date | None]
    issued_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    period_start: Mapped[date]
    period_end: Mapped[date]
    currency: Mapped[str]
    locale: Mapped[str]
    po_number: Mapped[str | None]
    issuer: Mapped[Json]
    customer: Mapped[Json]
    taxes: Mapped[list[Json]]
    legal_mentions: Mapped[list[Json]]
    net: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    withholding: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    payable: Mapped[int] = mapped_column(BigInteger)
    warnings: Mapped[list[Json]]
    held_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    lines: Mapped[list["InvoiceLine"]] = relationship(viewonly=True, lazy="selectin", order_by="InvoiceLine.position")
    client: Mapped[Client] = relationship(viewonly=True)


class InvoiceLine(Model):
    """A line: description, quantity, price, and the reason of its price."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["invoice.client_id", "invoice.id"],
            ondelete="cascade",
        ),
        UniqueConstraint("client_id", "id"),
        Index("uq_invoice_line_position", "invoice_id", "position", unique=True),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    corrects_line_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    contract_name: Mapped[str | None]
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    description: Mapped[Json]
    minutes: Mapped[int | None]
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    unit: Mapped[str]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    net: Mapped[int] = mapped_column(BigInteger)
    tax_category: Mapped[str]
    tax_name: Mapped[str]
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    reasons: Mapped[list[Json]]
    entries: Mapped[list["InvoiceLineEntry"]] = relationship(viewonly=True, lazy="selectin")


class InvoiceLineEntry(Model):
    """The share of a time entry that a line bills. An entry can be on one invoice only.

    A deleted entry is removed from its draft, which then has to be rebuilt before it is issued; entries on issued lines
    cannot be deleted.
    """

    __tablename__ = "invoice_line_entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["client_id", "line_id"],
            ["invoice_line.client_id", "invoice_line.id"],
            ondelete="cascade",
        ),
        ForeignKeyConstraint(
            ["client_id", "entry_id"],
            ["time_entry.client_id", "time_entry.id"],
            ondelete="cascade",
        ),
        Index("ix_invoice_line_entry_entry", "entry_id"),
        {"info": {"access": "tenant_read"}},
    )
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    worked_minutes: Mapped[int]
    billable_minutes: Mapped[int]
    billed_minutes: Mapped[int]


class BilledEntry(Model):
    """The claim that keeps a time entry on one invoice."""

    __tablename__ = "billed_entry"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "entry_id"], ["time_entry.client_id", "time_entry.id"]),
        ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["invoice.client_id", "invoice.id"],
            ondelete="cascade",
        ),
        Index("ix_billed_entry_invoice", "invoice_id"),
        {"info": {"access": "tenant_staff"}},
    )
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]


class BlockMovement(Model):
    """What an entry drew from a block (negative), or a credit note returned; written when an invoice is issued.

    `units` are minutes, or minor units of the currency for a retainer. A block's balance is what the contract's terms
    grant plus the sum.
    """

    __tablename__ = "block_movement"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "contract_id"], ["contract.client_id", "contract.id"]),
        ForeignKeyConstraint(["client_id", "invoice_id"], ["invoice.client_id", "invoice.id"]),
        Index("ix_block_movement_contract", "contract_id", "on_day"),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    contract_id: Mapped[UUID]
    invoice_id: Mapped[UUID | None]
    entry_id: Mapped[UUID | None]
    block: Mapped[str]
    on_day: Mapped[date]
    units: Mapped[int]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class InvoiceRecord(Model):
    """The VERI*FACTU record of an issued invoice, chained by huella to the previous one (RD 1007/2023)."""

    __tablename__ = "invoice_record"
    __table_args__ = (
        UniqueConstraint("position"),
        ForeignKeyConstraint(["client_id", "invoice_id"], ["invoice.client_id", "invoice.id"]),
        {"info": {"access": "tenant_staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(unique=True)
    position: Mapped[int]
    kind: Mapped[str]
    fields: Mapped[Json]
    previous: Mapped[str]
    huella: Mapped[str]
    qr_url: Mapped[str]
    created_at: Mapped[datetime]


class InvoiceDocument(Model):
    """The issued PDF with its SHA-256."""

    __tablename__ = "invoice_document"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "invoice_id"], ["invoice.client_id", "invoice.id"]),
        {"info": {"access": "tenant_read"}},
    )
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]


class Payment(Model):
    """The collection of an issued invoice: `state` follows from ledger and credit notes (billing/payments.py).

    `request` is the state of the request at Stripe; `amount_paid` is the sum of the ledger.
    """

    __tablename__ = "payment"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "invoice_id"], ["invoice.client_id", "invoice.id"]),
        CheckConstraint(f"state in {PAYMENT_STATES}", name="state"),
        CheckConstraint("request in ('pending', 'open', 'failed', 'cancelled')", name="request"),
        UniqueConstraint("stripe_invoice_id"),
        {"info": {"access": "tenant_read"}},
    )
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    request: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    stripe_invoice_id: Mapped[str | None]
    hosted_url: Mapped[str | None]
    amount_paid: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    reason: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class PaymentEntry(Model):
    """An append-only entry of an invoice's ledger: minor units, positive if received.

    `method` is set if a person recorded it, `external_id` if Stripe reported it; `takes_back_id` names the entry it
    reverses.
    """

    __tablename__ = "payment_entry"
    __table_args__ = (
        ForeignKeyConstraint(["client_id", "invoice_id"], ["invoice.client_id", "invoice.id"]),
        ForeignKeyConstraint(["client_id", "takes_back_id"], ["payment_entry.client_id", "payment_entry.id"]),
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("external_id"),
        UniqueConstraint("takes_back_id"),
        CheckConstraint(f"kind in {PAYMENT_KINDS}", name="kind"),
        Index("ix_payment_entry_invoice", "invoice_id"),
        {"info": {"access": "tenant_read"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    kind: Mapped[str]
    method: Mapped[str | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    on_day: Mapped[date]
    external_id: Mapped[str | None]
    note: Mapped[str | None]
    takes_back_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class StripeCustomer(Model):
    """A client's customer at Stripe."""

    __tablename__ = "stripe_customer"
    __table_args__ = ({"info": {"access": "tenant_staff"}},)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), primary_key=True)
    customer_id: Mapped[str]
    created_at: Mapped[datetime]

"""A ledger of payments and refunds, and states that distinguish a credit note from a cancelled payment request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, protect
from migrations.money_guards import guard_added_only

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

STATES = "'pending', 'open', 'partly_paid', 'paid', 'failed', 'refunded', 'disputed', 'cancelled', 'void'"
KINDS = (
    "'transfer', 'direct_debit', 'card', 'cash', 'other', 'stripe', 'refund', 'refund_failed', 'dispute',"
    " 'dispute_won', 'dispute_lost', 'correction'"
)
UUID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    """Add a table and a column with a constant default; existing payments get their ledger line and their state."""
    op.execute("alter table payment add column request text not null default 'pending'")
    op.execute("alter table payment drop constraint ck_payment_state")
    op.execute(f"alter table payment add constraint ck_payment_state check (state in ({STATES}))")
    op.execute(
        "alter table payment add constraint ck_payment_request"
        " check (request in ('pending', 'open', 'failed', 'cancelled'))"
    )
    _ledger()
    op.execute("set local role msp_system")  # forced policies hide all rows from the owner
    op.execute(
        "insert into payment_entry (id, client_id, invoice_id, kind, amount, on_day, external_id, created_at)"
        " select gen_random_uuid(), client_id, invoice_id, 'stripe', amount_paid, coalesce(paid_at, updated_at)::date,"
        " stripe_invoice_id || ':' || amount_paid, coalesce(paid_at, updated_at) from payment where amount_paid > 0"
    )
    op.execute(
        "update payment set request = case when state in ('open', 'failed') then state when hosted_url is not null"
        " then 'open' else 'pending' end"
    )
    op.execute(
        "update payment p set state = case when exists (select from invoice n where n.client_id = p.client_id"
        " and n.corrects_id = p.invoice_id and n.corrects_all) then 'void' else 'cancelled' end,"
        " request = case when p.state = 'void' then 'cancelled' else p.request end"
        " where p.state = 'void' or (p.state = 'paid' and p.amount_paid = 0 and exists (select from invoice n"
        " where n.client_id = p.client_id and n.corrects_id = p.invoice_id and n.corrects_all))"
    )
    op.execute("reset role")


def _ledger() -> None:
    op.create_table(
        "payment_entry",
        sa.Column("id", UUID, nullable=False),
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("invoice_id", UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("takes_back_id", UUID, nullable=True),
        sa.Column("person_id", UUID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind in ({KINDS})", name=op.f("ck_payment_entry_kind")),
        sa.ForeignKeyConstraint(
            ["client_id", "invoice_id"],
            ["invoice.client_id", "invoice.id"],
            name=op.f("fk_payment_entry_client_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "takes_back_id"],
            ["payment_entry.client_id", "payment_entry.id"],
            name=op.f("fk_payment_entry_client_id_payment_entry"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_payment_entry_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_entry")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_payment_entry_client_id_id")),
        sa.UniqueConstraint("external_id", name=op.f("uq_payment_entry_external_id")),
        sa.UniqueConstraint("takes_back_id", name=op.f("uq_payment_entry_takes_back_id")),
    )
    op.create_index("ix_payment_entry_invoice", "payment_entry", ["invoice_id"])
    protect("payment_entry", "tenant_read")
    append_only("payment_entry")
    guard_added_only("payment_entry")

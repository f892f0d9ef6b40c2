"""Dated contract terms: a change of a contract's price affects no day before it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KINDS = "'time_and_materials', 'block_hours', 'retainer', 'flat_fee', 'per_seat', 'per_ticket', 'fixed_price'"
UUID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    """Add a table; the current terms of contracts are taken as valid from their beginning."""
    op.create_table(
        "contract_terms",
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("contract_id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind in ({KINDS})", name=op.f("ck_contract_terms_kind")),
        sa.ForeignKeyConstraint(
            ["client_id", "contract_id"],
            ["contract.client_id", "contract.id"],
            name=op.f("fk_contract_terms_client_id_contract"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("client_id", "contract_id", "version", name=op.f("pk_contract_terms")),
    )
    protect("contract_terms", "tenant_read")
    append_only("contract_terms")
    op.execute("set local role msp_system")  # forced policies hide all rows from the owner
    op.execute(
        "insert into contract_terms (client_id, contract_id, version, valid_from, kind, terms, created_at)"
        " select client_id, id, version, starts_on, kind, terms, created_at from contract"
    )
    op.execute("reset role")

"""What bulk actions did to each ticket, so that they can be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from migrations.helpers import protect

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bulk_change",
        sa.Column("batch_id", UUID(as_uuid=True), nullable=False),
        sa.Column("ticket_id", UUID(as_uuid=True), nullable=False),
        sa.Column("client_id", UUID(as_uuid=True), nullable=False),
        sa.Column("person_id", UUID(as_uuid=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", JSONB()),
        sa.Column("after", JSONB()),
        sa.Column("refusal", JSONB()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undo_refusal", JSONB()),
        sa.PrimaryKeyConstraint("batch_id", "ticket_id", name="pk_bulk_change"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_bulk_change_person_id_person"),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"],
            ["ticket.client_id", "ticket.id"],
            name="fk_bulk_change_client_id_ticket_id_ticket",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_bulk_change_ticket", "bulk_change", ["client_id", "ticket_id"])
    protect("bulk_change", "tenant_staff")


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("bulk_change")

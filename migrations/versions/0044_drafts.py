"""Drafts of replies and notes, by person and ticket."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import protect

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; clients see nothing of it."""
    op.create_table(
        "draft",
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("ticket_id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"]),
        sa.CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
    )
    op.create_index("ix_draft_ticket", "draft", ["ticket_id"])
    protect("draft", "tenant_staff")


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("draft")

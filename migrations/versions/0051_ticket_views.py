"""Saved views of tickets, and the indexes of their orders and tags."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import build_index, protect

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_OPEN = "status not in ('resolved', 'closed')"


def upgrade() -> None:
    """Create the table; a view of the team has no owner. The indexes are built without blocking writers."""
    op.create_table(
        "ticket_view",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id")),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("person.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_ticket_view_owner", "ticket_view", ["owner_id"])
    op.create_index("ix_ticket_view_client", "ticket_view", ["client_id"])
    protect("ticket_view", "shared_staff")
    build_index("ix_ticket_open_updated", "ticket", "updated_at, id", where=_OPEN)
    build_index("ix_ticket_tags", "ticket", "tags", method="gin")


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_ticket_tags", "ticket")
    op.drop_index("ix_ticket_open_updated", "ticket")
    op.drop_table("ticket_view")

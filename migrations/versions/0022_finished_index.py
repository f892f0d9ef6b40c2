"""Index of finished tickets by time of resolution, for the console's list."""

from alembic import op

from migrations.helpers import build_index

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FINISHED = "status in ('resolved', 'closed')"


def upgrade() -> None:
    """Build the index concurrently."""
    build_index("ix_ticket_finished", "ticket", "(coalesce(resolved_at, updated_at)), id", where=FINISHED)


def downgrade() -> None:
    """Drop the index: the list becomes slower."""
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_finished")

"""Finished tickets by when they were resolved: what the console's list of them reads."""

from alembic import op

from migrations.helpers import build_index

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FINISHED = "status in ('resolved', 'closed')"


def upgrade() -> None:
    """Built beside a desk that serves."""
    build_index("ix_ticket_finished", "ticket", "(coalesce(resolved_at, updated_at)), id", where=FINISHED)


def downgrade() -> None:
    """The list is slower without it, and right."""
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_finished")

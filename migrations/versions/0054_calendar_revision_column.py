"""Rename a column by the glossary: calendar_revision.said to working_calendar."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename only; rows stay."""
    op.alter_column("calendar_revision", "said", new_column_name="working_calendar")


def downgrade() -> None:
    """Restore the previous name."""
    op.alter_column("calendar_revision", "working_calendar", new_column_name="said")

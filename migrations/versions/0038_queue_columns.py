"""Rename columns of inbox and outbox by the glossary: priority, crash_count, consecutive_failures."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_COLUMNS = (("lane", "priority"), ("cut_off", "crash_count"), ("in_a_row", "consecutive_failures"))
_TABLES = ("inbound", "delivery")


def upgrade() -> None:
    """Rename only; rows stay."""
    for table in _TABLES:
        for old, new in _COLUMNS:
            op.alter_column(table, old, new_column_name=new)
        op.execute(f"alter index ix_{table}_lane rename to ix_{table}_priority")


def downgrade() -> None:
    """Restore the previous names."""
    for table in _TABLES:
        for old, new in _COLUMNS:
            op.alter_column(table, new, new_column_name=old)
        op.execute(f"alter index ix_{table}_priority rename to ix_{table}_lane")

"""Count failures of one kind in a row: many tries that the outside refused must not make one fault of ours the last."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns that cost no rewrite."""
    for table in ("inbound", "delivery"):
        op.execute(f"alter table {table} add column if not exists failure text")
        op.execute(f"alter table {table} add column if not exists in_a_row smallint not null default 0")

"""Count consecutive failures of one kind: many external refusals must not make one internal fault the last try."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns without a table rewrite."""
    for table in ("inbound", "delivery"):
        op.execute(f"alter table {table} add column if not exists failure text")
        op.execute(f"alter table {table} add column if not exists in_a_row smallint not null default 0")

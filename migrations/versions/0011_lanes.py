"""Priority of rows in inbox and outbox: under load, urgent rows come first."""

from alembic import op

from migrations.helpers import build_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column without a table rewrite, then build its index concurrently."""
    for table in ("inbound", "delivery"):
        op.execute(f"alter table {table} add column if not exists lane smallint not null default 1")
        build_index(f"ix_{table}_lane", table, "lane, due_at, id", where="state = 'pending'")

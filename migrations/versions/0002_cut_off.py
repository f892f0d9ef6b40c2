"""Count consecutive tries that ended with a crash of the worker, so that no row crashes workers indefinitely."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to both queues; a constant default rewrites no table."""
    for table in ("inbound", "delivery"):
        op.add_column(table, sa.Column("cut_off", sa.SmallInteger(), server_default="0", nullable=False))

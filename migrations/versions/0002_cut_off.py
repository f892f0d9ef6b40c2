"""Count the tries of a waiting row that ended with its worker's death, so that no row can kill workers for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count to both queues; a constant default rewrites no table."""
    for table in ("inbound", "delivery"):
        op.add_column(table, sa.Column("cut_off", sa.SmallInteger(), server_default="0", nullable=False))

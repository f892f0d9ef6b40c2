"""Indexes of discarded rows of inbox and outbox."""

from migrations.helpers import build_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the discarded rows of both queues."""
    for table in ("inbound", "delivery"):
        build_index(f"ix_{table}_discarded", table, "id", where="state = 'discarded'")

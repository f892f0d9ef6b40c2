"""Find what people gave up in inbox and outbox without reading all of both."""

from migrations.helpers import build_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the discarded rows of both queues."""
    for table in ("inbound", "delivery"):
        build_index(f"ix_{table}_discarded", table, "id", where="state = 'discarded'")

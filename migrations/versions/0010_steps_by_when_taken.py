"""Index of escalation steps by time taken: metrics read how late those of the last minutes were."""

from migrations.helpers import build_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index concurrently."""
    build_index("ix_sla_step_taken", "sla_step", "taken_at")

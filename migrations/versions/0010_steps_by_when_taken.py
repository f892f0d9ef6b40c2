"""Find the escalation steps of the last minutes without reading those of years: metrics ask how late they were."""

from migrations.helpers import build_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index beside whoever writes."""
    build_index("ix_sla_step_taken", "sla_step", "taken_at")

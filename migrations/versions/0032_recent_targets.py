"""Index of SLA targets by start time, for the forecast."""

from alembic import op

from migrations.helpers import build_index

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index concurrently."""
    build_index("ix_sla_clock_began", "sla_clock", "started_at")


def downgrade() -> None:
    """Drop the index: the forecast becomes slower."""
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_sla_clock_began")

"""SLA targets by when they began: what the forecast learns from."""

from alembic import op

from migrations.helpers import build_index

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Built beside a desk that serves."""
    build_index("ix_sla_clock_began", "sla_clock", "started_at")


def downgrade() -> None:
    """The forecast is slower without it, and right."""
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_sla_clock_began")

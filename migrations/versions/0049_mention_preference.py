"""A preference for notifications about mentions."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Mentions are sent to everybody who has not chosen otherwise."""
    op.add_column(
        "notification_preferences", sa.Column("by_mention", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("notification_preferences", "by_mention")

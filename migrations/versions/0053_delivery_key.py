"""The key of the delivery that sent a reply, by which its posts are found when it is edited or retracted."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replies sent before have none: they cannot be changed in chat."""
    op.execute("alter table message add column if not exists delivery_key text")


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("message", "delivery_key")

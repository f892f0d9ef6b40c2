"""When a scheduled ticket is opened again. Tickets scheduled without a time stay so until a person sets one."""

from alembic import op

from migrations.helpers import build_index

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column without a default, which takes no time; build the index concurrently."""
    op.execute("alter table ticket add column scheduled_for timestamptz")
    build_index("ix_ticket_scheduled", "ticket", "scheduled_for", where="status = 'scheduled'")


def downgrade() -> None:
    """The times are lost."""
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_scheduled")
    op.execute("alter table ticket drop column scheduled_for")

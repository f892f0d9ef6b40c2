"""Files of internal notes are invisible to the client's role; an index for the upload quota."""

from alembic import op

from migrations.helpers import OF_MESSAGE, OWN, build_index

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the policy of the client's role, and build the index concurrently."""
    op.execute(f"alter policy msp_client on attachment using ({OF_MESSAGE}) with check ({OF_MESSAGE})")
    build_index("ix_attachment_stored", "attachment", "client_id, created_at", where="state = 'stored'")


def downgrade() -> None:
    """Restore the policy; the quota is counted without an index."""
    op.execute(f"alter policy msp_client on attachment using ({OWN}) with check ({OWN})")
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_attachment_stored")

"""Replies that can still be undone: the state `delayed`, in which the client does not see them."""

from alembic import op

from migrations.helpers import OWN

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_PUBLIC = f"{OWN} and visibility = 'public'"


def upgrade() -> None:
    """Allow the state, checking rows without blocking writers; hide it from clients."""
    op.execute("alter table message drop constraint ck_message_delivery_state")
    op.execute(
        "alter table message add constraint ck_message_delivery_state"
        " check (delivery_state in ('none', 'delayed', 'pending', 'sent', 'failed')) not valid"
    )
    op.execute(f"alter policy msp_client on message using ({_PUBLIC} and delivery_state <> 'delayed')")
    _validate()


def downgrade() -> None:
    """Hide nothing; replies that were undone stay deleted, those that wait fail and can be sent again."""
    op.execute(f"alter policy msp_client on message using ({_PUBLIC})")
    op.execute(
        "update message set delivery_state = case when deleted_at is null then 'failed' else 'none' end"
        " where delivery_state = 'delayed'"
    )
    op.execute("alter table message drop constraint ck_message_delivery_state")
    op.execute(
        "alter table message add constraint ck_message_delivery_state"
        " check (delivery_state in ('none', 'pending', 'sent', 'failed')) not valid"
    )
    _validate()


def _validate() -> None:
    with op.get_context().autocommit_block():
        op.execute("alter table message validate constraint ck_message_delivery_state")

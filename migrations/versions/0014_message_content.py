"""Rich text and delivery channel of messages, the current ticket of a personal chat, guests."""

from alembic import op

from migrations.helpers import backfill, build_index

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns without a table rewrite, and build an index concurrently."""
    op.execute("alter table message add column if not exists content jsonb")
    op.execute("alter table message add column if not exists delivery_channel text")
    op.execute("alter table conversation add column if not exists opening_id text")
    op.execute("alter table conversation add column if not exists current_at timestamptz")
    op.execute("alter table chat_post add column if not exists conversation_id uuid")
    op.execute("alter table person add column if not exists is_guest boolean not null default false")
    op.execute("alter table client add column if not exists guest_policy text not null default 'accept'")
    op.execute("alter table client drop constraint if exists ck_client_guest_policy")
    op.execute("alter table client add constraint ck_client_guest_policy check (guest_policy in ('accept', 'refuse'))")
    current = "is_personal and current_at is null and not jsonb_exists(reference, 'is_left')"
    backfill("conversation", "current_at = created_at", where=current)
    build_index("ix_chat_post_external", "chat_post", "external_id", where="external_id is not null")

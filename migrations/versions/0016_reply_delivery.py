"""Delivery of replies: when they were delivered or failed, each channel's attempts, and what was read in the portal.

Replies waiting for the subscriber `chat` are moved to `replies`, in one order with the rest of their ticket.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns without a table rewrite, and two tables."""
    op.execute("alter table message add column if not exists delivered_at timestamptz")
    op.execute("alter table message add column if not exists failed_at timestamptz")
    op.create_table(
        "reply_attempt",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("client_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("message_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_connection", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_in_doubt", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("faults", sa.SmallInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "message_id"],
            ["message.client_id", "message.id"],
            name=op.f("fk_reply_attempt_client_id_message"),
        ),
        sa.PrimaryKeyConstraint("key", "channel", name=op.f("pk_reply_attempt")),
    )
    op.create_index("ix_reply_attempt_message", "reply_attempt", ["message_id"])
    protect("reply_attempt", "system")
    op.create_table(
        "ticket_read",
        sa.Column("person_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("ticket_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("client_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_read_person_id_person")),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"], ["ticket.client_id", "ticket.id"], name=op.f("fk_ticket_read_client_id_ticket")
        ),
        sa.PrimaryKeyConstraint("person_id", "ticket_id", name=op.f("pk_ticket_read")),
    )
    protect("ticket_read", "tenant")
    op.execute("set local role msp_system")  # forced policies hide all rows from the owner
    op.execute(
        "update delivery d set key = 'ticket' || substr(d.key, 5),"
        " subscriber = case when e.kind = 'ticket.replied' then 'replies' else d.subscriber end"
        " from event e where e.id = d.event_id and d.state = 'pending' and d.subscriber = 'chat' and d.key like 'chat:%'"
    )
    op.execute("reset role")

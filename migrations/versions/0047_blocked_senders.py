"""People of clients whose messages open no ticket, with how many they have sent since."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "blocked_sender",
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_by_id", _ID, nullable=True),
        sa.Column("message_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id", "person_id"],
            ["person.client_id", "person.id"],
            name=op.f("fk_blocked_sender_client_id_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"],
            ["ticket.client_id", "ticket.id"],
            name=op.f("fk_blocked_sender_client_id_ticket_id_ticket"),
        ),
        sa.ForeignKeyConstraint(["blocked_by_id"], ["person.id"], name=op.f("fk_blocked_sender_blocked_by_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_blocked_sender")),
    )
    protect("blocked_sender", "tenant")


def downgrade() -> None:
    """The list is lost."""
    op.drop_table("blocked_sender")

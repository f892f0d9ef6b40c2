"""Links between tickets of a client: related, duplicate, child, split, follow-up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)


def _ticket(column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_ticket_link_client_id_{column}_ticket")
    return sa.ForeignKeyConstraint(["client_id", column], ["ticket.client_id", "ticket.id"], name=name)


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "ticket_link",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("to_id", _ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", _ID, nullable=True),
        sa.CheckConstraint(
            "kind in ('related', 'duplicate', 'child', 'split', 'follow_up')", name=op.f("ck_ticket_link_kind")
        ),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_ticket_link_two_tickets")),
        _ticket("from_id"),
        _ticket("to_id"),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_ticket_link_created_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_link")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_ticket_link_client_id_id")),
    )
    pair = [sa.text("least(from_id, to_id)"), sa.text("greatest(from_id, to_id)")]
    op.create_index("uq_ticket_link_pair", "ticket_link", pair, unique=True)
    is_child = sa.text("kind = 'child'")
    op.create_index("uq_ticket_link_parent", "ticket_link", ["from_id"], unique=True, postgresql_where=is_child)
    op.create_index("ix_ticket_link_from", "ticket_link", ["from_id"])
    op.create_index("ix_ticket_link_to", "ticket_link", ["to_id"])
    protect("ticket_link", "tenant")


def downgrade() -> None:
    """The links are lost."""
    op.drop_table("ticket_link")

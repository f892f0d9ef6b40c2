"""Merged tickets and spam: how a ticket was closed, and what a merge moved, so that it can be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)


def _ticket(column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_ticket_merge_client_id_{column}_ticket")
    return sa.ForeignKeyConstraint(["client_id", column], ["ticket.client_id", "ticket.id"], name=name)


def _person(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_ticket_merge_{column}_person"))


def upgrade() -> None:
    """A column without a default, whose check is validated without blocking writers; a new table."""
    op.execute("alter table ticket add column closed_as text, add column closed_state jsonb")
    op.execute(
        "alter table ticket add constraint ck_ticket_closed_as check"
        " (closed_as is null or (closed_as in ('merged', 'spam') and status = 'closed')) not valid"
    )
    op.execute("alter table ticket validate constraint ck_ticket_closed_as")
    op.create_table(
        "ticket_merge",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("target_id", _ID, nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", _ID, nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", _ID, nullable=True),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_ticket_merge_two_tickets")),
        _ticket("source_id"),
        _ticket("target_id"),
        _person("merged_by_id"),
        _person("undone_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_merge")),
    )
    in_force = sa.text("undone_at is null")
    op.create_index("uq_ticket_merge_source", "ticket_merge", ["source_id"], unique=True, postgresql_where=in_force)
    op.create_index("ix_ticket_merge_source", "ticket_merge", ["source_id"])
    op.create_index("ix_ticket_merge_target", "ticket_merge", ["target_id"])
    protect("ticket_merge", "tenant_read")


def downgrade() -> None:
    """Merged tickets stay closed; what was moved stays where it is."""
    op.drop_table("ticket_merge")
    op.execute("alter table ticket drop column closed_as, drop column closed_state")

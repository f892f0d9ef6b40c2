"""Ratings of tickets by their requesters, and the setting that turns them off for a client."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    """A new table, and a column whose constant default rewrites nothing."""
    op.create_table(
        "ticket_rating",
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("technician_id", _ID, nullable=True),
        sa.Column("rating", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rating in ('good', 'bad')", name=op.f("ck_ticket_rating_rating")),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"],
            ["ticket.client_id", "ticket.id"],
            name=op.f("fk_ticket_rating_client_id_ticket_id_ticket"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "person_id"],
            ["person.client_id", "person.id"],
            name=op.f("fk_ticket_rating_client_id_person_id_person"),
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["person.id"], name=op.f("fk_ticket_rating_technician_id_person")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_rating")),
    )
    op.create_index("ix_ticket_rating_rated", "ticket_rating", ["rated_at"])
    protect("ticket_rating", "tenant")
    op.execute("alter table client add column asks_rating boolean not null default true")


def downgrade() -> None:
    """The ratings are lost."""
    op.execute("alter table client drop column asks_rating")
    op.drop_table("ticket_rating")

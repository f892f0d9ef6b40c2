"""Followers of tickets, and the person of a chat thread that is not the requester's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    """A new table; a column without a default, whose foreign key is checked without blocking writers."""
    op.create_table(
        "ticket_follower",
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"],
            ["ticket.client_id", "ticket.id"],
            name=op.f("fk_ticket_follower_client_id_ticket_id_ticket"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_follower_person_id_person")),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_ticket_follower_added_by_id_person")),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_ticket_follower")),
    )
    op.create_index("ix_ticket_follower_person", "ticket_follower", ["person_id", "ticket_id"])
    protect("ticket_follower", "tenant")
    op.execute("alter table conversation add column person_id uuid")
    op.execute(
        "alter table conversation add constraint fk_conversation_client_id_person_id_person"
        " foreign key (client_id, person_id) references person (client_id, id) not valid"
    )
    op.execute("alter table conversation validate constraint fk_conversation_client_id_person_id_person")


def downgrade() -> None:
    """The followers are lost."""
    op.execute("alter table conversation drop column person_id")
    op.drop_table("ticket_follower")

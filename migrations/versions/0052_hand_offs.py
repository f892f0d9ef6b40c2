"""Hand-offs of tickets between tiers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "hand_off",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("from_tier", sa.SmallInteger(), nullable=False),
        sa.Column("to_tier", sa.SmallInteger(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("needed", sa.Text(), nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("written_at", _TIME, nullable=False),
        sa.Column("handed_at", _TIME, nullable=True),
        sa.Column("accepted_at", _TIME, nullable=True),
        sa.Column("accepted_by_id", _ID, nullable=True),
        sa.CheckConstraint("from_tier between 1 and 3 and to_tier between 1 and 3", name=op.f("ck_hand_off_tiers")),
        sa.CheckConstraint("from_tier <> to_tier", name=op.f("ck_hand_off_two_tiers")),
        sa.ForeignKeyConstraint(
            ["client_id", "ticket_id"],
            ["ticket.client_id", "ticket.id"],
            name=op.f("fk_hand_off_client_id_ticket_id_ticket"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hand_off_person_id_person")),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["person.id"], name=op.f("fk_hand_off_accepted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_off")),
    )
    op.create_index("ix_hand_off_ticket", "hand_off", ["ticket_id", "id"])
    pending = sa.text("handed_at is null")
    op.create_index("uq_hand_off_pending", "hand_off", ["ticket_id"], unique=True, postgresql_where=pending)
    protect("hand_off", "tenant_staff")


def downgrade() -> None:
    """The forms are lost."""
    op.drop_table("hand_off")

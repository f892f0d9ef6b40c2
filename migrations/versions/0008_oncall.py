"""The on-call schedule: layers, their people in order, swaps, absences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "oncall_layer",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("every_days", sa.SmallInteger(), nullable=False),
        sa.Column("handover_minute", sa.SmallInteger(), nullable=False),
        sa.Column("windows", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("every_days between 1 and 366", name=op.f("ck_oncall_layer_every_days")),
        sa.CheckConstraint("handover_minute between 0 and 1439", name=op.f("ck_oncall_layer_handover")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_layer")),
    )
    op.create_table(
        "oncall_member",
        sa.Column("layer_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["layer_id"], ["oncall_layer.id"], name=op.f("fk_oncall_member_layer_id_oncall_layer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_oncall_member_person_id_person")),
        sa.PrimaryKeyConstraint("layer_id", "position", name=op.f("pk_oncall_member")),
    )
    op.create_table(
        "oncall_swap",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("layer_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_oncall_swap_order")),
        sa.ForeignKeyConstraint(["layer_id"], ["oncall_layer.id"], name=op.f("fk_oncall_swap_layer_id_oncall_layer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_oncall_swap_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_swap")),
    )
    op.create_index("ix_oncall_swap_ends", "oncall_swap", ["ends_at"])
    op.create_table(
        "oncall_absence",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_oncall_absence_order")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_oncall_absence_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_absence")),
    )
    op.create_index("ix_oncall_absence_ends", "oncall_absence", ["ends_at"])
    for table in ("oncall_layer", "oncall_member", "oncall_swap", "oncall_absence"):
        protect(table, "staff")

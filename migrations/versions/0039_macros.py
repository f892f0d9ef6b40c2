"""Macros: a prepared reply or note, changes of fields and time, applied in one step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import protect

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_STATUSES = "'new', 'open', 'waiting_client', 'waiting_third_party', 'scheduled', 'resolved', 'closed'"


def upgrade() -> None:
    """Create the table; a macro of the team has neither owner nor client."""
    op.create_table(
        "macro",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id")),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("person.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False, server_default="public"),
        sa.Column("text_es", sa.Text(), nullable=False, server_default=""),
        sa.Column("text_en", sa.Text(), nullable=False, server_default=""),
        sa.Column("status", sa.Text()),
        sa.Column("priority", sa.Text()),
        sa.Column("tier", sa.SmallInteger()),
        sa.Column("assigns_to_self", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("assignee_id", sa.Uuid(), sa.ForeignKey("person.id")),
        sa.Column("tags", pg.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("minutes", sa.SmallInteger()),
        sa.Column("work_type", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("owner_id is null or client_id is null", name="scope"),
        sa.CheckConstraint("visibility in ('public', 'internal')", name="visibility"),
        sa.CheckConstraint(f"status in ({_STATUSES})", name="status"),
        sa.CheckConstraint("priority in ('urgent', 'high', 'normal', 'low')", name="priority"),
        sa.CheckConstraint("tier between 1 and 3", name="tier"),
        sa.CheckConstraint("work_type in ('remote', 'onsite', 'project', 'travel')", name="work_type"),
        sa.CheckConstraint("minutes between 1 and 1440", name="minutes"),
    )
    op.create_index("ix_macro_owner", "macro", ["owner_id"])
    op.create_index("ix_macro_client", "macro", ["client_id"])
    protect("macro", "shared_staff")


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("macro")

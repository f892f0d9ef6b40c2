"""Notification preferences, queued notifications, and sent mails."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "hearing",
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID()),
        sa.Column("by_chat", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("lets_urgent_through", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger()),
        sa.Column("quiet_until", sa.SmallInteger()),
        sa.Column("quiet_days", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quiet_from between 0 and 1439 and quiet_until between 0 and 1439", name=op.f("ck_hearing_minutes")
        ),
        sa.CheckConstraint("(quiet_from is null) = (quiet_until is null)", name=op.f("ck_hearing_night")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_hearing_client_id_client")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hearing_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_hearing")),
    )
    protect("hearing", "shared")
    op.create_table(
        "nudge",
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("notification_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("is_let_through", sa.Boolean(), nullable=False),
        sa.Column("bundle", sa.BigInteger()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_nudge_client_id_client")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_nudge_person_id_person")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_nudge")),
        sa.UniqueConstraint("notification_id", "channel", name=op.f("uq_nudge_notification_id_channel")),
    )
    op.create_index("ix_nudge_bundle", "nudge", ["bundle"])
    op.create_index("ix_nudge_waiting", "nudge", ["queue", "delivery_id"], postgresql_where=sa.text("bundle is null"))
    protect("nudge", "tenant_staff")
    op.create_table(
        "mail_post",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state in ('waiting', 'trying', 'sent')", name=op.f("ck_mail_post_state")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_mail_post")),
    )
    protect("mail_post", "system")

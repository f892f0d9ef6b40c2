"""SLA targets by type, next response, fulfilment; pausing statuses; escalation policy; successive clocks of a kind."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "('first_response', 'next_response', 'resolution', 'fulfilment')"


def upgrade() -> None:
    _targets()
    _ladder()
    _clocks()


def _targets() -> None:
    pausing: sa.Column[list[str]] = sa.Column(
        "pausing", postgresql.ARRAY(sa.Text()), server_default="{waiting_client,scheduled}", nullable=False
    )
    op.add_column("contract", pausing)
    op.add_column("sla_target", sa.Column("type", sa.Text(), server_default="", nullable=False))
    op.add_column("sla_target", sa.Column("next_response_minutes", sa.Integer(), nullable=True))
    op.add_column("sla_target", sa.Column("fulfilment_minutes", sa.Integer(), nullable=True))
    op.create_check_constraint("type", "sla_target", "type in ('', 'incident', 'request')")
    op.create_check_constraint("more_minutes", "sla_target", "next_response_minutes > 0 and fulfilment_minutes > 0")
    op.drop_constraint(op.f("pk_sla_target"), "sla_target")
    op.create_primary_key(op.f("pk_sla_target"), "sla_target", ["client_id", "contract_id", "priority", "type"])


def _list(name: str) -> "sa.Column[list[str]]":
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)


def _ladder() -> None:
    op.create_table(
        "escalation_step",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        _list("clocks"),
        _list("who"),
        _list("by"),
        sa.Column("is_urgent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("webhook_id", sa.UUID(), nullable=True),
        sa.CheckConstraint("moment in ('share', 'before', 'after')", name=op.f("ck_escalation_step_moment")),
        sa.CheckConstraint(
            "action in ('notify', 'assign', 'raise_priority', 'next_tier', 'webhook')",
            name=op.f("ck_escalation_step_action"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_escalation_step_amount")),
        sa.ForeignKeyConstraint(
            ["client_id", "contract_id"],
            ["contract.client_id", "contract.id"],
            name=op.f("fk_escalation_step_client_id_contract_id_contract"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("client_id", "contract_id", "position", name=op.f("pk_escalation_step")),
    )
    protect("escalation_step", "tenant_read")


def _clocks() -> None:
    op.add_column("sla_clock", _list("taken"))
    op.drop_constraint(op.f("ck_sla_clock_kind"), "sla_clock")
    op.create_check_constraint("kind", "sla_clock", f"kind in {KINDS}", postgresql_not_valid=True)
    op.add_column("sla_step", sa.Column("key", sa.Text(), nullable=True))

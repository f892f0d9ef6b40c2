"""Unique indexes, built concurrently: one open clock of a kind, each escalation step of a clock once."""

from alembic import op

from migrations.helpers import backfill, build_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = "state in ('running', 'paused')"
TAKEN = """taken = case when next_step = 1 then array['share:75:notify']
    else array['share:75:notify', 'share:100:notify', 'share:100:next_tier'] end"""


def upgrade() -> None:
    """Open clocks keep the steps they have taken, with the keys of the default policy, until now the only one."""
    with op.get_context().autocommit_block():
        op.execute("alter table sla_clock validate constraint ck_sla_clock_kind")
    backfill("sla_clock", TAKEN, where=f"{OPEN} and next_step > 0 and taken = '{{}}'")
    build_index("uq_sla_clock_started", "sla_clock", "ticket_id, kind, started_at", is_unique=True)
    build_index("uq_sla_clock_open", "sla_clock", "ticket_id, kind", is_unique=True, where=OPEN)
    build_index("uq_sla_step_key", "sla_step", "clock_id, key", is_unique=True)
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists uq_sla_clock_ticket")

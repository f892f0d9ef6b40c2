"""Remove people's text from events and notifications: events name changed fields, notifications read the ticket."""

from alembic import op

from migrations.helpers import backfill

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FIELDS = "(select jsonb_agg(name order by name) from jsonb_object_keys(data -> 'changes') as name)"
_WAS_DELETED = (
    "body <> '' and exists (select from message m where m.ticket_id = ticket.id and m.client_id = ticket.client_id"
    " and m.deleted_at is not null and m.body = ticket.body)"
)


def upgrade() -> None:
    """Update rows in batches; events, which are append-only, under a right that lasts for the migration."""
    backfill("notification", "data = data - 'subject' - 'label' - 'client'", where="jsonb_exists(data, 'subject')")
    backfill("ticket", "body = ''", where=_WAS_DELETED)
    backfill("message", "body = '', content = null", where="deleted_at is not null and body <> ''")
    op.execute("grant update on event to msp_system")
    backfill(
        "event",
        f"data = (data - 'changes') || jsonb_build_object('fields', coalesce({_FIELDS}, '[]'))",
        where="kind = 'ticket.edited' and jsonb_exists(data, 'changes')",
    )
    op.execute("revoke update on event from msp_system")

"""Rename stored codes by the glossary: subscribers, keys of event and notification data, a failure reason."""

from alembic import op

from migrations.helpers import backfill

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_SUBSCRIBERS = (("nudge", "notify_schedule"), ("nudge_out", "notify_send"), ("promises", "sla_recompute"))
_PREFIXES = (
    ("queued_notification", "queue", "nudge:", "notify_send:"),
    ("chat_post", "key", "nudge.", "notification."),
)
_DATA_KEYS = (("event", "hear", "recipients"), ("notification", "hear", "delivery"))
_REASON = ("cut_off", "crashed")


def upgrade() -> None:
    """Rename in batches; rows stay."""
    _rename(is_back=False)


def downgrade() -> None:
    """Restore the previous codes."""
    _rename(is_back=True)


def _rename(*, is_back: bool) -> None:
    op.execute("grant update on event to msp_system")
    for subscriber, new_subscriber in _SUBSCRIBERS:
        old, new = _ordered(subscriber, new_subscriber, is_back=is_back)
        key = f"key = regexp_replace(key, '^[a-z_]+', '{new}')"  # a key begins with the name of its subscriber
        backfill("delivery", f"subscriber = '{new}', {key}", where=f"subscriber = '{old}'")
    for table, column, prefix, new_prefix in _PREFIXES:
        old, new = _ordered(prefix, new_prefix, is_back=is_back)
        renamed = f"{column} = '{new}' || substr({column}, {len(old) + 1})"
        backfill(table, renamed, where=f"starts_with({column}, '{old}')")
    for table, name, new_name in _DATA_KEYS:
        old, new = _ordered(name, new_name, is_back=is_back)
        data = f"data = (data - '{old}') || jsonb_build_object('{new}', data -> '{old}')"
        backfill(table, data, where=f"jsonb_exists(data, '{old}')")
    for table in ("inbound", "delivery"):
        old, new = _ordered(*_REASON, is_back=is_back)
        backfill(table, f"reason = '{new}'", where=f"reason = '{old}'")
    op.execute("revoke update on event from msp_system")


def _ordered(old: str, new: str, *, is_back: bool) -> tuple[str, str]:
    return (new, old) if is_back else (old, new)

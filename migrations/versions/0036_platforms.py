"""Platforms are registered by their plug-ins, so the database lists none of them."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_PLATFORMS = "('slack', 'teams')"
_CHANNELS = "('slack', 'teams', 'portal', 'console', 'email', 'phone', 'api')"
_CHECKS = (
    ("connection", "kind", _PLATFORMS),
    ("chat_identity", "platform", _PLATFORMS),
    ("ticket", "source", _CHANNELS),
    ("message", "channel", _CHANNELS),
)


def upgrade() -> None:
    """Drop the lists; `connect`, `open_ticket` and `receive` check against the registered platforms."""
    for table, column, _ in _CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")


def downgrade() -> None:
    """Restore the lists."""
    for table, column, names in _CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} in {names}")

"""Triggers protect dated terms and payments from every role: earlier months' prices, how invoices are collected."""

from migrations.money_guards import guard_added_only, guard_never_deleted

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create triggers; no row is changed."""
    guard_added_only("contract_terms")
    guard_never_deleted("payment")

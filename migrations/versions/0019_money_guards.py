"""Triggers protect billed and issued rows from every role, the database owner included, also from TRUNCATE."""

from migrations.money_guards import guard_added_only, guard_billed_entries, guard_claims, guard_series, guard_truncate

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create functions and triggers; no row is changed."""
    for table in ("invoice_record", "invoice_document", "block_movement"):
        guard_added_only(table)
    guard_series()
    guard_claims()
    guard_billed_entries()
    for table in ("invoice", "invoice_line", "invoice_line_entry", "invoice_series", "billed_entry", "time_entry"):
        guard_truncate(table)

"""API tokens may expire."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column without a table rewrite, and an index for the tokens of a person."""
    op.execute("alter table api_token add column if not exists expires_at timestamptz")
    op.create_index("ix_api_token_person", "api_token", ["person_id"])

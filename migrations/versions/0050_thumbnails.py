"""Thumbnails of images: the key of the re-encoded picture in the file store."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; files stored earlier have no thumbnail."""
    op.add_column("attachment", sa.Column("thumbnail_key", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column; the pictures remain in the file store until it is cleaned."""
    op.drop_column("attachment", "thumbnail_key")

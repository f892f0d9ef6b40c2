"""Index of mails that may have been sent more than once."""

from migrations.helpers import build_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the index concurrently."""
    build_index("ix_mail_post_in_doubt", "mail_post", "tried_at", where="doubts > 0 or state = 'trying'")

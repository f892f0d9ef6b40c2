"""Search: enough memory that common beginnings of words stay exact in the index, which is read whatever it seems to cost.

With 8 MB PostgreSQL forgets which tickets of a page fit once two terms of 100,000 tickets each meet, and reads them all.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Settings of two functions; holds for their statements alone."""
    for function in ("search_tickets(jsonb, uuid, integer)", "search_similar(uuid, integer)"):
        op.execute(f"alter function {function} set work_mem = '48MB'")
        op.execute(f"alter function {function} set enable_seqscan = off")

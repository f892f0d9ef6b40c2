"""Search: a fast check whether a text may contain a word, and enough memory to keep common prefixes exact.

The index is used whatever its estimated cost. With 8 MB PostgreSQL loses which tickets of a page match once two terms
of 100,000 tickets each are combined, and reads all of them.
"""

from alembic import op
from sqlalchemy import text

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


# A third of the work of search_fold, for the many messages that contain none of the words.
_MAY_HOLD = """
create function search_may_hold(said text, words text[]) returns boolean stable parallel safe language sql as $$
    select lower({schema}.unaccent('{schema}.unaccent'::regdictionary,
        case when said is nfkc normalized then said else normalize(said, NFKC) end)) like any (words)
$$
"""


def upgrade() -> None:
    """Add one function, and settings of two, which apply to their statements only."""
    schema = text("select extnamespace::regnamespace::text from pg_extension where extname = 'unaccent'")
    op.execute(_MAY_HOLD.format(schema=op.get_bind().execute(schema).scalar_one()))
    for function in ("search_tickets(jsonb, uuid, integer)", "search_similar(uuid, integer)"):
        op.execute(f"alter function {function} set work_mem = '48MB'")
        op.execute(f"alter function {function} set enable_seqscan = off")

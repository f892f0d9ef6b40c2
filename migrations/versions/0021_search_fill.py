"""Search: existing tickets are indexed, and the indexes are built concurrently."""

from alembic import op
from sqlalchemy import text

from migrations.helpers import build_index

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BATCH = 100  # tickets; each holds a lock until its batch is committed


def upgrade() -> None:
    """Index tickets in batches committed separately, resuming after an interruption; then build the indexes."""
    taken = text(
        "select max(taken.id::text), count(*) filter (where search_rebuild(taken.id) is not null) from ("
        "select id from ticket t where id > :after and not exists (select from ticket_search where ticket_id = t.id)"
        " order by id limit :batch) taken"
    )
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.execute(text("set role msp_system"))  # forced policies hide all rows from the owner
        try:
            after: str | None = "00000000-0000-0000-0000-000000000000"
            while after is not None:
                after = connection.execute(taken, {"after": after, "batch": BATCH}).scalar()
        finally:
            connection.execute(text("reset role"))
    build_index("ix_ticket_search_vector", "ticket_search", "vector", method="gin")
    schema = text("select extnamespace::regnamespace::text from pg_extension where extname = 'pg_trgm'")
    operators = f"{op.get_bind().execute(schema).scalar_one()}.gin_trgm_ops"
    build_index("ix_person_search", "person", f"search_fold(name) {operators}", method="gin")
    names = f"search_fold(name || ' ' || coalesce(legal_name, '') || ' ' || code) {operators}"
    build_index("ix_client_search", "client", names, method="gin")

"""Search: more words without information about a ticket, so that tickets are not similar because of them."""

from alembic import op
from sqlalchemy import text

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MORE = (
    "urgente,urgentemente,urgent,urgently,asap,problema,problemas,problem,problems,issue,funciona,funcionan,funcionar,"
    "funcionando,funcionaba,working,works,work,hoy,ayer,today,yesterday,ahora,now,momento,equipo,team,alguien,somebody"
)


def upgrade() -> None:
    """Extend the list of words that search_similar ignores; the rest of it is unchanged."""
    definition = str(
        op.get_bind().scalar(text("select pg_get_functiondef('search_similar(uuid, integer)'::regprocedure)"))
    )
    longer = definition.replace("'{hola,", f"'{{{MORE},hola,", 1)
    if longer == definition:
        raise RuntimeError("search_similar has no list of words to leave out")
    op.get_bind().exec_driver_sql(longer.replace("%", "%%"))

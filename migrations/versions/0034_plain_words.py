"""Search: more words that say nothing of what a ticket is about, so that no tickets are alike because of them."""

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
    """The list that search_similar leaves out is longer; everything else of it stays."""
    definition = str(
        op.get_bind().scalar(text("select pg_get_functiondef('search_similar(uuid, integer)'::regprocedure)"))
    )
    longer = definition.replace("'{hola,", f"'{{{MORE},hola,", 1)
    if longer == definition:
        raise RuntimeError("search_similar has no list of words to leave out")
    op.get_bind().exec_driver_sql(longer.replace("%", "%%"))

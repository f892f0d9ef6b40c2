"""Alembic's entry: works on the connection it is given, with limits so that it cannot hold up a desk that serves.

Each step is a transaction of its own. A statement that waits for a lock has every request of its table waiting behind
it: after LOCK_TIMEOUT it gives way, and msp/kernel/migrate.py takes the step again (docs/operations, «Upgrade»). Both
limits lie below the second after which PostgreSQL looks whether a request waits in a ring and ends it: the step, which
is taken again, is who gives way, not the request.
"""

from alembic import context
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import billing.models  # noqa: F401
import integrations.channels.models  # noqa: F401
import msp.models  # noqa: F401
from msp.kernel.db import Model

LOCK_TIMEOUT = "500ms"
DEADLOCK_TIMEOUT = "50ms"  # where the owner may set it: a superuser, or whom `grant set on parameter` allows
STATEMENT_TIMEOUT = "15min"

connection = context.config.attributes["connection"]
for name, limit in (("lock_timeout", LOCK_TIMEOUT), ("statement_timeout", STATEMENT_TIMEOUT)):
    connection.execute(text(f"set {name} = '{limit}'"))
connection.commit()
try:
    connection.execute(text(f"set deadlock_timeout = '{DEADLOCK_TIMEOUT}'"))
except ProgrammingError:
    connection.rollback()
connection.commit()  # in an open transaction Alembic would take all steps as one, and build no index concurrently
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()

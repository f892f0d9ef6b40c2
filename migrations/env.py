"""Alembic's entry: works on the connection it is given, with limits so that it cannot hold up a desk that serves."""

from alembic import context
from sqlalchemy import text

import billing.models  # noqa: F401
import integrations.chat.models  # noqa: F401
import msp.models  # noqa: F401
from msp.kernel.db import Model

connection = context.config.attributes["connection"]
connection.execute(text("set lock_timeout = '5s'"))
connection.execute(text("set statement_timeout = '15min'"))
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()

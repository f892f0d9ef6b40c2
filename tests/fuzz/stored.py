"""Rows stored by requests, recorded by triggers in the test database only: rolled back with their changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from msp.config import Settings, libpq_url
from msp.kernel.db import Model

SCHEMA = """
drop schema if exists fuzz cascade;
create schema fuzz;
create unlogged table fuzz.written (id bigserial primary key, change text not null);
create function fuzz.note() returns trigger language plpgsql security definer set search_path = fuzz as $$
begin
    insert into fuzz.written (change) values (tg_op || ' ' || tg_table_name);
    return null;
end $$;
"""
TRIGGER = 'create trigger fuzz_note after insert or update or delete on "{}" for each row execute function fuzz.note();'
# Updated however the request ends: the time of a token's last use, the number of a blocked sender's messages.
COUNTED = {"UPDATE api_token", "UPDATE blocked_sender"}


class StoredRows:
    """The changes committed since the last call."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self._connection = connection
        self._seen = 0

    def since_last(self) -> set[str]:
        """Kinds of change ("INSERT ticket") since the last call, without those made however a request ends."""
        sql = "select id, change from fuzz.written where id > %s"
        rows = self._connection.execute(sql, [self._seen]).fetchall()
        self._seen = max((row[0] for row in rows), default=self._seen)
        return {row[1] for row in rows} - COUNTED

    def forget(self) -> None:
        """Start again, so that later calls stay cheap."""
        self._connection.execute("truncate fuzz.written")


@contextmanager
def stored_rows(settings: Settings) -> Iterator[StoredRows]:
    """Record the changes of every table within a context."""
    triggers = "".join(TRIGGER.format(table.name) for table in Model.metadata.sorted_tables)
    with psycopg.connect(libpq_url(settings.database_url), autocommit=True) as owner:
        owner.execute((SCHEMA + triggers).encode())
        try:
            yield StoredRows(owner)
        finally:
            owner.execute("drop schema fuzz cascade")

"""The cast of the tests as rows to copy: making it by the domain functions takes ten times as long as restoring it."""

import pickle

import psycopg

from msp.calendars import queries as calendars
from msp.config import Settings
from msp.contracts import queries as contracts
from msp.kernel import clock
from msp.kernel.db import Model, Scope, work
from tests.world import World, build_world

SCHEMA = "world_snapshot"


class WorldSnapshot:
    """The rows of `build_world` in a schema of their own, and its objects, detached, as they were after the commit."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url.replace("+psycopg", "")
        self._objects = b""
        self._restore = ""

    def restore(self) -> World:
        """Fill the empty database with the cast; returns objects that no other test has touched."""
        if not self._objects:
            return self._make()
        calendars._known.clear()  # kept by id and version, and the ids of the cast are those of the test before
        contracts._known.clear()
        with psycopg.connect(self._url, autocommit=True) as owner:
            owner.execute(self._restore.encode())
        world: World = pickle.loads(self._objects)
        return world

    def _make(self) -> World:
        with work(Scope.system()):
            world = build_world(at=clock.now())
        copies = [f"drop schema if exists {SCHEMA} cascade", f"create schema {SCHEMA}"]
        inserts = ["set session_replication_role = replica"]
        for table in Model.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)
            copies.append(f'create table {SCHEMA}."{table.name}" as select {columns} from "{table.name}"')
            inserts.append(f'insert into "{table.name}" ({columns}) select {columns} from {SCHEMA}."{table.name}"')
        with psycopg.connect(self._url, autocommit=True) as owner:
            owner.execute("; ".join(copies).encode())
            filled = [table for table in Model.metadata.sorted_tables if _has_rows(owner, table.name)]
        names = {table.name for table in filled}
        self._restore = "; ".join([inserts[0], *(i for i in inserts[1:] if i.split('"')[1] in names)])
        self._objects = pickle.dumps(world)
        return world


def _has_rows(owner: "psycopg.Connection[tuple[object, ...]]", table: str) -> bool:
    return owner.execute(f'select 1 from {SCHEMA}."{table}" limit 1'.encode()).fetchone() is not None

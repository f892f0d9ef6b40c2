"""The fixtures as rows to copy: making them with the domain functions takes ten times as long as restoring them."""

import pickle

import psycopg
from sqlalchemy import Table

from msp.calendars import queries as calendars
from msp.config import Settings
from msp.contracts import queries as contracts
from msp.kernel import clock
from msp.kernel.db import Model, Scope, work
from tests.databases import Statement, as_owner, execute_as_owner
from tests.world import World, build_world

Owner = psycopg.Connection[tuple[str | None]]


class WorldSnapshot:
    """The rows of `build_world` as statements, and its objects, detached, as they were after the commit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._objects = b""
        self._inserts: list[Statement] = []

    def restore(self) -> World:
        """Fill the empty database with the fixtures; returns objects that no other test has used."""
        if not self._objects:
            return self._make()
        calendars._known.clear()  # cached by id and version, and the fixtures' ids are those of the test before
        contracts._known.clear()
        execute_as_owner(self._settings, self._inserts)
        world: World = pickle.loads(self._objects)
        return world

    def _make(self) -> World:
        with work(Scope.system()):
            world = build_world(at=clock.now())
        with as_owner(self._settings) as owner:
            inserts = [_insert(owner, table) for table in Model.metadata.sorted_tables]
        self._inserts = [each for each in inserts if each is not None]
        self._objects = pickle.dumps(world)
        return world


def _insert(owner: Owner, table: Table) -> Statement | None:
    """The statement that restores a table's rows; None if there are none."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)
    query = f'select json_agg(r)::text from (select {columns} from "{table.name}") r'
    found = owner.execute(query.encode()).fetchone()
    if not found or found[0] is None:
        return None
    rows = f'json_populate_recordset(null::"{table.name}", %s)'
    return f'insert into "{table.name}" ({columns}) select {columns} from {rows}', (found[0],)

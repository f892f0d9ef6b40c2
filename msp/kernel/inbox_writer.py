"""Group commit for the inbox: rows that arrive while a group is written are written together as the next group.

The threads of a process share a few connections with the system role. A thread that finds one free writes all waiting
rows including its own; the others wait until one is free or another thread has written their row.
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from msp.kernel.db import Json, db

MOST_AT_ONCE = 100
LINES = 4  # groups committed concurrently


@dataclass(frozen=True, slots=True)
class Sought:
    """A value computed by the inserting statement: SQL in which `{0}`, `{1}` … are the `values` as text."""

    sql: str
    values: tuple[str | None, ...] = ()


@dataclass(slots=True)
class InboxRow:
    """A row to write; with `only_if`, if that holds or something waits under the same key."""

    values: Json
    payload: str  # JSON, encoded in the caller's thread so that invalid data fail alone
    priority: Sought | None = None
    only_if: Sought | None = None
    is_new: bool = False
    is_taken: bool = False
    is_written: bool = False
    fault: BaseException | None = None

    @property
    def name(self) -> tuple[str, str]:
        """The row's unique key, for duplicates."""
        return self.values["source"], self.values["external_id"]

    @property
    def shape(self) -> tuple[str, str]:
        """Rows of the same shape share a statement."""
        return self.priority.sql if self.priority else "", self.only_if.sql if self.only_if else ""


class InboxWriter:
    """Writes rows for all threads of this process."""

    def __init__(self, engine: Engine) -> None:
        self._waiting: list[InboxRow] = []
        self._free = [_Line(engine) for _ in range(LINES)]
        self._lines = tuple(self._free)
        self._changed = threading.Condition()

    def write(self, row: InboxRow) -> bool:
        """Write a row durably and return whether it is new; raises the database's errors."""
        with self._changed:
            self._waiting.append(row)
        while not row.is_written:
            taken = self._take(row)
            if taken is not None:
                self._write(*taken)
        if row.fault is not None:
            raise row.fault
        return row.is_new

    def close(self) -> None:
        """Close the connections; the next row opens a new one."""
        for line in self._lines:
            line.hang_up()

    def _take(self, row: InboxRow) -> tuple[_Line, list[InboxRow]] | None:
        """The waiting rows and a free connection; None once another thread has written this row."""
        with self._changed:
            while not row.is_written and (row.is_taken or not self._free):
                self._changed.wait()
            if row.is_written:
                return None
            rows, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            for each in rows:
                each.is_taken = True
            return self._free.pop(), rows

    def _write(self, line: _Line, rows: list[InboxRow]) -> None:
        fault: BaseException | None = None
        try:
            line.write(rows)
        except BaseException as raised:
            fault = raised
            raise
        finally:
            with self._changed:
                self._free.append(line)
                for row in rows:
                    row.fault = row.fault or fault
                    row.is_written = True
                self._changed.notify_all()


class _Line:
    """One connection, opened on demand."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None

    def write(self, rows: list[InboxRow]) -> None:
        """Write rows together, or one by one if one fails; a failed row has its `fault`."""
        try:
            self._write_together(rows)
        except psycopg.Error as fault:
            for row in rows:
                self._write_alone(row, fault, is_only=len(rows) == 1)

    def hang_up(self) -> None:
        """Close the connection, if open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write_together(self, rows: Sequence[InboxRow]) -> None:
        """Write all or none; retries once over a new connection if the old one was closed."""
        is_kept = self._connection is not None
        try:
            self._insert(self._connected(), rows)
        except psycopg.OperationalError as fault:
            was_ended = self._connection is not None and self._connection.closed
            if not _is_away(fault):
                raise
            self.hang_up()
            if not (is_kept and was_ended):
                raise
            self._insert(self._connected(), rows)

    def _write_alone(self, row: InboxRow, fault: psycopg.Error, *, is_only: bool) -> None:
        if is_only or _is_away(fault):
            row.fault = fault
            return
        try:
            self._write_together([row])
        except psycopg.Error as own:
            row.fault = own

    def _insert(self, connection: psycopg.Connection[Any], rows: Sequence[InboxRow]) -> None:
        groups = [list(group) for _shape, group in groupby(rows, key=lambda row: row.shape)]
        if len(groups) == 1:
            written = set(_run(connection, groups[0]))
        else:
            with connection.transaction():
                written = {name for group in groups for name in _run(connection, group)}
        for row in rows:
            row.is_new = row.name in written
            written.discard(row.name)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            kept = self._engine.raw_connection()
            driver = kept.driver_connection
            assert isinstance(driver, psycopg.Connection)
            kept.detach()
            driver.autocommit = True
            driver.execute("set role msp_system")
            self._connection = driver
        return self._connection


def _is_away(fault: psycopg.Error) -> bool:
    """Whether the error is an outage, not caused by a row (SQLSTATE classes 08, 53, 57; none without a connection)."""
    return isinstance(fault, psycopg.OperationalError) and (fault.sqlstate or "08")[:2] in ("08", "53", "57")


_writers: dict[Engine, InboxWriter] = {}
_making = threading.Lock()


def writer() -> InboxWriter:
    """The current application's writer in this process."""
    engine = db.engine
    found = _writers.get(engine)
    if found is None:
        with _making:
            if engine not in _writers:
                _writers[engine] = InboxWriter(engine)
                event.listen(engine, "engine_disposed", _forget, once=True)
            found = _writers[engine]
    return found


def _forget(engine: Engine) -> None:
    """Close the connections of a disposed engine."""
    if found := _writers.pop(engine, None):
        found.close()


@atexit.register
def _close_all() -> None:
    for each in list(_writers.values()):
        each.close()


def _run(connection: psycopg.Connection[Any], rows: list[InboxRow]) -> Iterator[tuple[str, str]]:
    """Insert rows of one shape in order; returns which are new."""
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(_statement(*rows[0].shape), [f"[{','.join(_json_rows(rows))}]"])
        return iter(cursor.fetchall())


def _json_rows(rows: list[InboxRow]) -> Iterator[str]:
    waiting: set[str] = set()  # keys of earlier rows of this statement, which it cannot see
    for number, row in enumerate(rows):
        key = row.values["key"]
        columns = row.values | {
            "number": number,
            "priority_values": row.priority.values if row.priority else (),
            "if_values": row.only_if.values if row.only_if else (),
            "behind": key in waiting,
        }
        yield f'{written(columns)[:-1]},"payload":{row.payload}}}'
        if row.only_if is None:
            waiting.add(key)


def written(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, default=str, separators=(",", ":"))


@cache
def _statement(priority: str, only_if: str) -> str:
    priority_sql = _filled(priority, "priority_values") if priority else "r.priority"
    waits = "exists (select 1 from inbound w where w.key = r.key and w.state = 'pending')"
    where = f" where r.behind or ({_filled(only_if, 'if_values')}) or {waits}" if only_if else ""
    return (
        "insert into inbound (source, external_id, payload, key, priority, client_id, due_at, created_at)"  # noqa: S608
        f" select r.source, r.external_id, r.payload, r.key, {priority_sql}, r.client_id, r.at, r.at"
        " from jsonb_to_recordset($1::jsonb) as r(number int, source text, external_id text, payload jsonb, key text,"
        " priority smallint, client_id uuid, at timestamptz, priority_values jsonb, if_values jsonb, behind boolean)"
        f"{where} order by r.number"
        " on conflict on constraint uq_inbound_source do nothing returning source, external_id"
    )


def _filled(sql: str, column: str) -> str:
    places = [f"(r.{column} ->> {number})" for number in range(8)]
    return sql.format(*places)

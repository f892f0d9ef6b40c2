"""Inserts all new rows of a unit of work in one statement.

The session would insert table by table and compile each statement: half of the time for a ticket with its message,
clocks and events. Here the statement is compiled once per sequence of tables. Foreign keys are checked at its end,
whatever the order; row-level security applies.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import Table, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from msp.kernel.db import Model, db, execute_raw


class _Column(NamedTuple):
    """A column that is written: its attribute, its default, whether it is JSON."""

    name: str
    key: str
    default: Any
    is_json: bool


class _Shape(NamedTuple):
    """How rows of a model are written, and whether the session tracks them afterwards.

    It does not if nobody changes them (events), or if the database generates their key.
    """

    table: Table
    columns: tuple[_Column, ...]
    stays: bool


def insert_pending() -> None:
    """Insert every new object of the current session; changed and deleted ones are left to the flush."""
    session = db.session()
    rows = list(session.new)
    if not rows:
        return
    by_model: dict[type[Model], list[Any]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    values = [
        _value(row, column) for model, those in by_model.items() for row in those for column in _shape(model).columns
    ]
    for row in rows:
        session.expunge(row)
    execute_raw(
        session.connection(), _statement(tuple((model, len(those)) for model, those in by_model.items())), values
    )
    for model, those in by_model.items():
        for row in those if _shape(model).stays else ():
            make_transient_to_detached(row)
            session.add(row)


def _value(row: Any, column: _Column) -> Any:
    held = row.__dict__
    if column.key not in held:
        default = column.default(None) if callable(column.default) else column.default
        set_committed_value(row, column.key, default)
    value = held[column.key]
    return Jsonb(value) if column.is_json and value is not None else value


@lru_cache(maxsize=256)
def _statement(counts: tuple[tuple[type[Model], int], ...]) -> str:
    number = count(1)
    parts = [_insert(_shape(model), many, number) for model, many in counts]
    named = ", ".join(f"w{place} as ({part})" for place, part in enumerate(parts[:-1]))
    return f"with {named} {parts[-1]}" if named else parts[-1]


def _insert(shape: _Shape, many: int, number: Iterator[int]) -> str:
    """Rows of one table are in one list, because only then does the database number them in order."""
    names = ", ".join(column.name for column in shape.columns)
    rows = ", ".join("(" + ", ".join(f"${next(number)}" for _ in shape.columns) + ")" for _ in range(many))
    return f"insert into {shape.table.name} ({names}) values {rows}"  # noqa: S608 (names of ours)


@lru_cache(maxsize=256)
def _shape(model: type[Model]) -> _Shape:
    mapper: Mapper[Any] = inspect(model)
    table = mapper.local_table
    assert isinstance(table, Table)
    written = [column for column in table.columns if column.identity is None and column.computed is None]
    columns = []
    for column in written:
        default = column.default.arg if column.default is not None else None
        assert default is not None or column.server_default is None, f"{column} has a default in the database only"
        key = mapper.get_property_by_column(column).key
        columns.append(_Column(column.name, key, default, isinstance(column.type, JSONB)))
    has_key = all(column in written for column in table.primary_key)
    return _Shape(table, tuple(columns), has_key and table.info["access"] != "event")

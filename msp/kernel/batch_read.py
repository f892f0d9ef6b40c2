"""Several reads in one statement: a page asks the database once, however many rooms it shows.

Each room says what it reads (`Read`); a page puts them together once, when it is imported, and asks with `read`.
Row-level security holds as for any statement. What comes back are plain values, never rows that somebody could change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import CompoundSelect, Date, DateTime, Select, Uuid, func, select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as numbered
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from msp.kernel.db import db, execute_raw

_NUMBERED = numbered()  # type: ignore[no-untyped-call]  # writes $1 for a parameter, as the server does
Row = TypeVar("Row")
Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class RowQuery(Generic[Row]):
    """One read: a query whose columns `make` takes in their order, by position.

    Columns are text, numbers without a fraction, booleans, ids, days, instants and JSON.
    """

    def __init__(self, make: Callable[..., Row], query: Query) -> None:
        self.make = make
        self.query = query


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was put together once."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]

    def ask(self, values: dict[str, object]) -> list[tuple[Any, ...]]:
        """The rows for these values; what was changed in this unit of work counts."""
        session = db.session()
        session.flush()
        given = self.constants | values
        return execute_raw(session.connection(), self.sql, [given[name] for name in self.names])


class SingleQuery(Generic[Row]):
    """One read by itself, put together once; for lists, whose rows come fastest as the driver brings them."""

    def __init__(self, read: RowQuery[Row]) -> None:
        self._read = read

    def rows(self, **values: object) -> list[Row]:
        """The rows for the values of the parameters; what was changed in this unit of work counts."""
        make = self._read.make
        return [make(*row) for row in self._statement.ask(values)]

    @cached_property
    def _statement(self) -> Statement:
        return _made(self._read.query)


class BatchResult:
    """What a page read, by what it asked."""

    def __init__(self, rows: dict[int, list[Any]]) -> None:
        self._rows = rows

    def all(self, read: RowQuery[Row]) -> list[Row]:
        """The rows of one of the reads, in the order of its query."""
        return self._rows[id(read)]

    def first(self, read: RowQuery[Row]) -> Row | None:
        """The first row of one of the reads, or None."""
        rows: list[Row] = self._rows[id(read)]
        return rows[0] if rows else None


class BatchQuery:
    """Reads that a page makes as one statement, put together once."""

    def __init__(self, *reads: RowQuery[Any]) -> None:
        self._reads = reads

    def read(self, **values: object) -> BatchResult:
        """Ask with the values of the parameters; what was changed in this unit of work counts."""
        [row] = self._statement.ask(values)
        return BatchResult(
            {
                id(read): [make(*(part(value) for part, value in zip(parts, each, strict=True))) for each in found]
                for (read, make, parts), found in zip(self._shapes, row, strict=True)
            }
        )

    @cached_property
    def _statement(self) -> Statement:
        return _made(select(*(_as_json(read.query) for read in self._reads)))

    @cached_property
    def _shapes(self) -> list[tuple[RowQuery[Any], Callable[..., Any], list[Callable[[Any], Any]]]]:
        return [(read, read.make, _parts(read.query.subquery().c)) for read in self._reads]


def _made(query: Query) -> Statement:
    """A statement as the server takes it, the names of its parameters in order, and those that are constant."""
    made = query.compile(dialect=_NUMBERED, compile_kwargs={"render_postcompile": True})
    assert isinstance(made, SQLCompiler)
    return Statement(str(made), tuple(made.positiontup or ()), dict(made.params))


def _as_json(query: Query) -> Any:
    rows = query.subquery()
    row = func.json_build_array(*rows.c)
    return select(func.coalesce(func.json_agg(row), text("'[]'"))).select_from(rows).scalar_subquery()


def _parts(columns: ReadOnlyColumnCollection[str, Any]) -> list[Callable[[Any], Any]]:
    return [_part(column.type) for column in columns]


def _part(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    if isinstance(kind, Uuid):
        return _id
    if isinstance(kind, DateTime):
        return _instant
    return _day if isinstance(kind, Date) else _plain


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value else None


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _plain(value: Any) -> Any:
    return value

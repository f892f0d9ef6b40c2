"""Batch queries: several SELECTs of a page sent as one statement.

A package defines a `RowQuery` for each thing that it shows; a page combines them in a `BatchQuery` at import and runs
it with `read`. Rows are immutable values, not objects of the session. Row-level security applies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import zip_longest
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from sqlalchemy import JSON, CompoundSelect, Date, DateTime, Select, Uuid, func, select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as numbered
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from msp.kernel.db import db, execute_raw

_NUMBERED = numbered()  # type: ignore[no-untyped-call]  # writes $1 for a parameter, as the server does
Row = TypeVar("Row")
_LOADABLE = {str, int, bool, UUID, date, datetime, list}
Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class RowQuery(Generic[Row]):
    """A query whose rows come back as `row_type`, a NamedTuple with a field for each column, in their order.

    Fields with a default have no column. Raises TypeError, when the query is defined, where columns and fields differ
    in name, order or type. Types are text, whole numbers, booleans, ids, days, instants, arrays and JSON.
    """

    def __init__(self, row_type: type[Row], query: Query) -> None:
        _check_columns(row_type, query)
        self.make = cast("Callable[..., Row]", row_type)
        self.query = query


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled statement: its text, the names of its parameters in order, and the values that are constant."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]

    def run(self, values: dict[str, object]) -> list[tuple[Any, ...]]:
        """The rows for these values; flushes the session first."""
        session = db.session()
        session.flush()
        given = self.constants | values
        return execute_raw(session.connection(), self.sql, [given[name] for name in self.names])


class SingleQuery(Generic[Row]):
    """One query, compiled once: for long lists, which would be slower through JSON."""

    def __init__(self, row_type: type[Row], query: Query) -> None:
        self._query = RowQuery(row_type, query)

    def rows(self, **values: object) -> list[Row]:
        """The rows for the values of the parameters; flushes the session first."""
        make = self._query.make
        return [make(*row) for row in self._statement.run(values)]

    @cached_property
    def _statement(self) -> Statement:
        return _compiled(self._query.query)


class BatchResult:
    """The rows of a batch, by query."""

    def __init__(self, rows: dict[int, list[Any]]) -> None:
        self._rows = rows

    def all(self, query: RowQuery[Row]) -> list[Row]:
        """The rows of one query, in its order."""
        return self._rows[id(query)]

    def first(self, query: RowQuery[Row]) -> Row | None:
        """The first row of one query, or None."""
        rows: list[Row] = self._rows[id(query)]
        return rows[0] if rows else None


class BatchQuery:
    """Queries of a page that are sent as one statement, compiled once."""

    def __init__(self, *queries: RowQuery[Any]) -> None:
        self._queries = queries

    def read(self, **values: object) -> BatchResult:
        """Run with the values of the parameters; flushes the session first."""
        [row] = self._statement.run(values)
        return BatchResult(
            {
                id(query): [
                    query.make(*(load(value) for load, value in zip(loaders, each, strict=True))) for each in found
                ]
                for query, loaders, found in zip(self._queries, self._loaders, row, strict=True)
            }
        )

    @cached_property
    def _statement(self) -> Statement:
        return _compiled(select(*(_as_json(each.query) for each in self._queries)))

    @cached_property
    def _loaders(self) -> list[list[Callable[[Any], Any]]]:
        return [[_loader(column.type) for column in each.query.selected_columns] for each in self._queries]


def _check_columns(row_type: type[Any], query: Query) -> None:
    """Raise TypeError where the columns of a query do not fit the fields of its row type."""
    columns = query.selected_columns
    fields = [name for name in row_type._fields if name not in row_type._field_defaults]
    if columns.keys() != fields:
        found = next(pair for pair in zip_longest(columns.keys(), fields) if pair[0] != pair[1])
        raise TypeError(f"{row_type.__name__}: column {found[0]} where the field is {found[1]}")
    types = get_type_hints(row_type)
    for name, column in columns.items():
        if not _fits(column.type, types[name]):
            raise TypeError(f"{row_type.__name__}.{name}: the column has the type {column.type!r}")


def _fits(column: TypeEngine[Any], annotation: Any) -> bool:
    """Whether values of a column type can be loaded as the annotated type; None is not checked."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    wanted = {get_origin(part) or part for part in parts} - {NoneType}
    loaded = {dict, list} if isinstance(column, JSON) else {column.python_type} & _LOADABLE
    return wanted <= loaded


def _compiled(query: Query) -> Statement:
    made = query.compile(dialect=_NUMBERED, compile_kwargs={"render_postcompile": True})
    assert isinstance(made, SQLCompiler)
    return Statement(str(made), tuple(made.positiontup or ()), dict(made.params))


def _as_json(query: Query) -> Any:
    rows = query.subquery()
    row = func.json_build_array(*rows.c)
    return select(func.coalesce(func.json_agg(row), text("'[]'"))).select_from(rows).scalar_subquery()


def _loader(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """The function that reads a value from JSON."""
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

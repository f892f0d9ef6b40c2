"""The tickets of a view, in pages by the key of the last row, and their number up to a limit.

A row whose sort key and membership do not change is on exactly one page, whatever happens to the others.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, literal, literal_column, or_, select

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.ttl_cache import cached
from msp.people.models import Person
from msp.tickets.finished import FINISHED_AT
from msp.tickets.models import Ticket
from msp.tickets.search import says
from msp.tickets.states import FINISHED, PRIORITIES
from msp.tickets.ticket_rows import IS_FINISHED, IS_UNFINISHED, TicketRow, fetch_rows, select_tickets
from msp.tickets.views.definition import Definition

MOST_COUNTED = 10_000  # larger numbers are shown as "10,000+"
COUNTED_SECONDS = 10.0
KEPT_SECONDS = 600.0  # after which all numbers are forgotten
_RANK = case({code: rank for rank, code in enumerate(PRIORITIES)}, value=Ticket.priority)
# Columns of each order, most significant first, and whether they descend; ids break ties in the same direction.
_ORDERS: Mapping[str, tuple[tuple[Any, ...], bool]] = {
    "due": ((Ticket.due_at,), False),
    "newest": ((), True),
    "oldest": ((), False),
    "updated": ((Ticket.updated_at,), True),
    "idle": ((Ticket.updated_at,), False),
    "priority": ((_RANK, Ticket.due_at), False),
    "finished": ((FINISHED_AT,), True),
    "finished_first": ((FINISHED_AT,), False),
}
_NULLABLE = (Ticket.due_at,)
# Orders of lists that include finished tickets: there may be a million of them, so only those with an index.
_WITH_FINISHED = {"due": "newest", "priority": "newest", "updated": "newest", "idle": "oldest"}
_ONLY_FINISHED = {"due": "finished", "priority": "newest", "updated": "finished", "idle": "finished_first"}
Key = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ViewPage:
    """A page of a view and the key of its last row, if there are more."""

    rows: Sequence[TicketRow]
    next_key: Key | None


def view_page(
    definition: Definition, *, person: Person, at: datetime, after: Key | None = None, limit: int
) -> ViewPage:
    """The tickets of a view after a key; raises NotFound for a key that is not of this order."""
    query = select_tickets(is_client=False).where(*conditions(definition, person=person, at=at))
    order = _order_of(definition)
    columns, descends = _ORDERS[order]
    if after is not None:
        query = query.where(_is_after(columns, _read_key(after, order), descends=descends))
    keys = [*columns, Ticket.id]
    ordered = [each.desc() if descends else each.asc().nulls_last() for each in keys]
    # A literal limit: with a parameter, the planner would assume a tenth of the table.
    rows = fetch_rows(query.order_by(*ordered).limit(literal_column(str(limit + 1))), {})
    shown = rows[:limit]
    return ViewPage(shown, _key_of(shown[-1], order) if len(rows) > limit else None)


def _order_of(definition: Definition) -> str:
    """The order that is used: lists with finished tickets have fewer of them."""
    if definition.state == "finished":
        return _ONLY_FINISHED.get(definition.order, definition.order)
    has_finished = definition.state == "any" or FINISHED & set(definition.status)
    return _WITH_FINISHED.get(definition.order, definition.order) if has_finished else definition.order


def _key_of(row: TicketRow, order: str) -> Key:
    """The key of a row as JSON."""
    due = row.due_at.isoformat() if row.due_at else None
    updated, finished = row.updated_at.isoformat(), (row.resolved_at or row.updated_at).isoformat()
    parts: dict[str, list[Any]] = {
        "due": [due],
        "updated": [updated],
        "idle": [updated],
        "finished": [finished],
        "finished_first": [finished],
        "priority": [PRIORITIES.index(row.priority), due],
    }
    return [*parts.get(order, []), str(row.id)]


def count_views(definitions: Mapping[UUID, Definition], *, person: Person, at: datetime) -> dict[UUID, int]:
    """The number of tickets of each view up to MOST_COUNTED + 1, in one statement; COUNTED_SECONDS old at most.

    Readers of a scope share the numbers of definitions that do not depend on the reader. Views that search for words
    are not counted.
    """
    counted = {each: definition for each, definition in definitions.items() if not definition.words}
    numbers = _numbers(set(counted.values()), person=person, at=at)
    return {each: numbers[definition] for each, definition in counted.items()}


def count_view(definition: Definition, *, person: Person, at: datetime) -> int:
    """The number of tickets that match, up to MOST_COUNTED + 1; COUNTED_SECONDS old at most."""
    return _numbers({definition}, person=person, at=at)[definition]


def _numbers(wanted: set[Definition], *, person: Person, at: datetime) -> dict[Definition, int]:
    kept: dict[tuple[Definition, UUID | None], tuple[int, float]] = cached(
        dict, name="counts of views", seconds=KEPT_SECONDS
    )
    now = time.monotonic()
    keys = {each: (each, person.id if each.assignee == "me" else None) for each in wanted}
    missing = [each for each, key in keys.items() if key not in kept or now - kept[key][1] >= COUNTED_SECONDS]
    found = {each: kept[key][0] for each, key in keys.items() if key in kept}
    if missing:
        row = db.session.execute(select(*(_counted(each, person=person, at=at) for each in missing))).one()
        for each, number in zip(missing, row, strict=True):
            found[each] = number
            kept[keys[each]] = (number, now)
    return found


def _counted(definition: Definition, *, person: Person, at: datetime) -> Any:
    matching: Any = select(literal_column("1")).select_from(Ticket).where(*conditions(definition, person=person, at=at))
    cut = matching.limit(literal_column(str(MOST_COUNTED + 1))).subquery()
    return select(func.count()).select_from(cut).scalar_subquery()


def conditions(definition: Definition, *, person: Person, at: datetime) -> list[Any]:
    """The SQL conditions of a definition for a reader at an instant."""
    return [
        *_state(definition),
        *_codes(definition),
        *_people(definition, person),
        *_sla(definition.sla, at),
        *_dates(definition, at),
        *([says(definition.words)] if definition.words else []),
    ]


def _state(definition: Definition) -> list[Any]:
    if definition.state == "any" or FINISHED & set(definition.status):
        return []
    return [IS_UNFINISHED if definition.state == "open" else IS_FINISHED]


def _codes(definition: Definition) -> list[Any]:
    found: list[Any] = [
        column.in_(values)
        for column, values in (
            (Ticket.status, definition.status),
            (Ticket.priority, definition.priority),
            (Ticket.tier, tuple(map(int, definition.tier))),
            (Ticket.type, definition.type),
            (Ticket.source, definition.source),
        )
        if values
    ]
    if definition.tag:
        found.append(Ticket.tags.overlap(list(definition.tag)))
    return found


def _people(definition: Definition, person: Person) -> list[Any]:
    found: list[Any] = []
    if definition.client:
        found.append(Ticket.client_id == UUID(definition.client))
    if definition.assignee == "none":
        found.append(Ticket.assignee_id.is_(None))
    elif definition.assignee:
        found.append(Ticket.assignee_id == (person.id if definition.assignee == "me" else UUID(definition.assignee)))
    return found


def _sla(state: str, at: datetime) -> list[Any]:
    found: dict[str, list[Any]] = {
        "breached": [Ticket.due_at <= at],
        "due_soon": [Ticket.due_at <= at + timedelta(hours=1)],
        "due_in_day": [Ticket.due_at <= at + timedelta(days=1)],
        "paused": [Ticket.paused_at.is_not(None)],
        "none": [Ticket.due_at.is_(None), Ticket.paused_at.is_(None)],
    }
    return found.get(state, [])


def _dates(definition: Definition, at: datetime) -> list[Any]:
    found: list[Any] = []
    for column, within, before in (
        (Ticket.created_at, definition.created_within_days, definition.created_before_days),
        (Ticket.updated_at, definition.updated_within_days, definition.updated_before_days),
    ):
        if within:
            found.append(column > at - timedelta(days=within))
        if before:
            found.append(column <= at - timedelta(days=before))
    return found


def _is_after(columns: Sequence[Any], key: Key, *, descends: bool) -> ColumnElement[bool]:
    """Whether a row comes after a key; null is the last value of a column."""
    later: ColumnElement[bool] = Ticket.id < key[-1] if descends else Ticket.id > key[-1]
    for column, value in reversed(list(zip(columns, key[:-1], strict=True))):
        if value is None:
            later = and_(column.is_(None), later)
            continue
        is_nullable = any(column is each for each in _NULLABLE)
        beyond = column < literal(value) if descends else column > literal(value)
        later = or_(or_(beyond, column.is_(None)) if is_nullable else beyond, and_(column == literal(value), later))
        if not is_nullable:  # implied, and a range of the index
            later = and_(column <= literal(value) if descends else column >= literal(value), later)
    return or_(later, false())


def _read_key(key: Key, order: str) -> list[Any]:
    columns, _descends = _ORDERS[order]
    try:
        if not isinstance(key, list | tuple) or len(key) != len(columns) + 1:
            raise ValueError(key)
        return [*(_read_value(each, is_rank=column is _RANK) for column, each in zip(columns, key)), UUID(key[-1])]  # noqa: B905
    except (ValueError, TypeError, AttributeError) as wrong:
        raise NotFound("page") from wrong


def _read_value(value: Any, *, is_rank: bool) -> Any:
    if is_rank:
        if type(value) is not int or not 0 <= value < len(PRIORITIES):
            raise ValueError(value)
        return value
    read = None if value is None else datetime.fromisoformat(value)
    if read is not None and (read.tzinfo is None or not 1 < read.year < 9999):
        raise ValueError(value)
    return read

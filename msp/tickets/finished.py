"""The list of finished tickets, last resolved first, paginated by key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, literal, tuple_

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.ttl_cache import cached
from msp.tickets.models import Ticket
from msp.tickets.ticket_rows import Filter, TicketRow, fetch_rows, narrowed_rows, values_of

COUNTED_SECONDS = 5.0  # maximum age of the cached total
FINISHED_AT = func.coalesce(Ticket.resolved_at, Ticket.updated_at)


@dataclass(frozen=True, slots=True)
class Key:
    """The position of a row in the list."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}_{self.id}"


@dataclass(frozen=True, slots=True)
class FinishedPage:
    """One page: its rows, and the keys of the previous and next page, if any."""

    rows: Sequence[TicketRow]
    newer: Key | None
    older: Key | None


def key_of(text: str) -> Key:
    """Parse a key of a URL; raises NotFound for an invalid one."""
    at, _, ticket_id = text.rpartition("_")
    try:
        key = Key(datetime.fromisoformat(at), UUID(ticket_id))
        if key.at.tzinfo is None or not 1 < key.at.year < 9999:
            raise ValueError(text)
    except ValueError as wrong:
        raise NotFound("page") from wrong
    return key


def finished_page(wanted: Filter, *, before: Key | None = None, after: Key | None = None, limit: int) -> FinishedPage:
    """The finished tickets older than the key `before`, or newer than the key `after`, or the latest ones."""
    query = narrowed_rows(replace(wanted, is_finished=True))
    place = tuple_(FINISHED_AT, Ticket.id)
    if after is not None:
        query = query.where(place > tuple_(literal(after.at), literal(after.id)))
        query = query.order_by(FINISHED_AT, Ticket.id)
    else:
        if before is not None:
            query = query.where(place < tuple_(literal(before.at), literal(before.id)))
        query = query.order_by(FINISHED_AT.desc(), Ticket.id.desc())
    found = fetch_rows(query.limit(limit + 1), values_of(wanted))
    is_cut, rows = len(found) > limit, found[:limit]
    if after is not None:
        rows.reverse()
    if not rows:
        return FinishedPage((), None, None)
    has_newer = is_cut if after is not None else before is not None
    has_older = True if after is not None else is_cut
    return FinishedPage(rows, _key(rows[0]) if has_newer else None, _key(rows[-1]) if has_older else None)


def count_finished(wanted: Filter) -> int:
    """The total, at most some seconds old."""
    return count_of(replace(wanted, is_finished=True))


def count_of(wanted: Filter) -> int:
    """How many tickets match, at most some seconds old."""

    def count() -> int:
        matching = narrowed_rows(wanted).with_only_columns(func.count(), maintain_column_froms=True)
        return int(db.session.execute(matching, values_of(wanted)).scalar_one())

    return cached(count, name="tickets of a list", of=wanted, seconds=COUNTED_SECONDS)


def _key(row: TicketRow) -> Key:
    return Key(row.resolved_at or row.updated_at, row.id)

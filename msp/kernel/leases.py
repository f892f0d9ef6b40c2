"""Leased rows: claimed one at a time, in order within a key, then done or retried.

A claim commits before the work begins, so no transaction is open during a network call. A worker renews the leases of
its rows; if it crashes they expire, and another worker takes over within seconds. Leases use the clock of the database:
a worker with a wrong or changed clock neither loses its rows nor takes those of another. Rows of one key never overtake
each other, with one exception: a row that failed twice in a row by an internal fault does not block the later ones
while it waits for its next try. A dead row blocks nothing. A row that was being processed at several crashes of its
worker in a row is marked dead, so it cannot crash workers indefinitely.

Under load urgent rows come first: each row has a priority. So that no row starves, one thread of each queue takes the
oldest row whatever its priority (msp/kernel/jobs.py).
"""

import logging
import random
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    TextClause,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.destinations import Postponed
from msp.kernel.errors import Permanent, Refusal, Temporary

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=8)
RENEW_AFTER = timedelta(seconds=2)
LONGEST = timedelta(minutes=10)  # longest lease of a handler that never returns
# Failures of one kind in a row after which a row is given up; MAX_TEMPORARY is the most tries of any kind too.
MAX_TRIES = 8  # unexpected faults: about four minutes of tries
MAX_BLOCKING_FAULTS = 2  # faults in a row after which a row no longer blocks later rows of its key: about six seconds
MAX_AWAY = 30  # database unavailable, too slow or deadlocked: two hours
MAX_TEMPORARY = 600  # temporary failures of other services: two days
MAX_PROMOTED = 1000  # rows promoted per statement
LOST = float("-inf")
MAX_CRASHES = 5  # consecutive tries that ended with a crash of the worker
CRASHED = "crashed"  # failure reason of such rows

# Priorities: for urgent tickets; somebody waits for the result; no one waits for it.
URGENT, USUAL, LATER = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ClaimJoin:
    """What a claim also reads for its row `t` in the same statement: columns, and the rows of another table."""

    columns: str
    table: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Only:
    """A filter of rows: those with one of these values in a text column, or with any other."""

    column: str
    values: tuple[str, ...]
    is_any_other: bool = False

    @property
    def sql(self) -> str:
        """The condition, with the values as `:wanted`."""
        return f"{self.column} <> all(:wanted)" if self.is_any_other else f"{self.column} = any(:wanted)"


class Leased:
    """The columns of a row that waits for work (mixin)."""

    brings: ClassVar[ClaimJoin]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    client_id: Mapped[UUID | None]
    key: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger, default=USUAL, server_default=str(USUAL))
    state: Mapped[str] = mapped_column(Text, default="pending", server_default="pending")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    crash_count: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  # unfinished tries in a row
    failure: Mapped[str | None]  # kind of the last failure: fault, away or temporary
    consecutive_failures: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  # of that kind
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    reason: Mapped[str | None]
    done_at: Mapped[datetime | None]


def queue_args(table: str, *more: SchemaItem, access: str = "queue") -> tuple[object, ...]:
    """The constraints and indexes of a leased table, for its `__table_args__`."""
    return (
        *more,
        CheckConstraint("state in ('pending', 'done', 'dead', 'discarded')", name="state"),
        Index(
            f"ix_{table}_due",
            "due_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(f"ix_{table}_priority", "priority", "due_at", "id", postgresql_where=text("state = 'pending'")),
        Index(f"ix_{table}_key", "key", "id", postgresql_where=text("state = 'pending'")),
        Index(f"ix_{table}_dead", "id", postgresql_where=text("state = 'dead'")),
        Index(f"ix_{table}_discarded", "id", postgresql_where=text("state = 'discarded'")),
        {"info": {"access": access}},
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed row: its id, the token that proves the lease, and the time of the claim.

    `since` is of clock.steady(); `row` has the columns that the model's claims read.
    """

    id: int
    token: UUID
    attempts: int
    crash_count: int
    failure: str | None
    consecutive_failures: int
    since: float
    row: Any = field(compare=False)


@dataclass(slots=True)
class _Held:
    model: type[Leased]
    since: float  # last time the lease was certainly ours, by clock.steady()


class LeaseLost(Temporary):
    """The lease of the current row expired and another worker has taken the row."""


_in_hand: dict[Claim, _Held] = {}
_mine: ContextVar[Claim | None] = ContextVar("claim", default=None)


def claim(model: type[Leased], *, oldest: bool = False, only: Only | None = None) -> Claim | None:
    """Lease a row that is due and has no earlier one waiting under its key; None if there is none.

    That is the oldest row of the most urgent priority, or with `oldest` the oldest of all; limited to `only`.
    """
    since, token = clock.steady(), uuid4()
    with work(Scope.system()) as session:
        values = {"at": clock.now(), "lease": LEASE, "token": token}
        if only is not None:
            values["wanted"] = list(only.values)
        statement = _claiming(_table(model), model.brings, oldest=oldest, only=only.sql if only else "")
        row = session.execute(statement, values).one_or_none()
    if row is None:
        return None
    return Claim(row.id, token, row.attempts, row.crash_count, row.failure, row.consecutive_failures, since, row)


@cache
def _claiming(table: str, brings: ClaimJoin, *, oldest: bool, only: str) -> TextClause:
    order = "due_at, id" if oldest else "priority, due_at, id"
    wanted = f" and {only}" if only else ""
    # Rows that were cut off together are retried separately, so that the one that crashes its worker is soon alone.
    return text(
        f"with next as (select id, (lease_until is not null)::int as lapsed from {table} t"  # noqa: S608
        f" where state = 'pending' and due_at <= :at{wanted}"
        " and (lease_until is null or lease_until < clock_timestamp()) and not exists (select 1 from"
        f" {table} b where b.key = t.key and b.id < t.id and b.state = 'pending'"
        f" and (b.failure is distinct from 'fault' or b.consecutive_failures < {MAX_BLOCKING_FAULTS}"
        " or b.lease_until is not null))"
        f" order by {order} limit 1 for update skip locked)"
        f" update {table} t set"
        " lease_until = clock_timestamp() + :lease * (1 + random() * (t.crash_count + lapsed) / 4),"
        " lease_token = :token, attempts = attempts + 1, crash_count = t.crash_count + lapsed"
        f" from next{brings.table and ', '}{brings.table} where t.id = next.id{brings.on and ' and '}{brings.on}"
        f" returning t.id, t.attempts, t.crash_count, t.failure, t.consecutive_failures, {brings.columns}"
    )


def is_due(model: type[Leased]) -> bool:
    """Whether any row could be claimed now (system scope)."""
    with work(Scope.system()) as session:
        query = select(model.id).where(
            model.state == "pending",
            model.due_at <= clock.now(),
            (model.lease_until.is_(None)) | (model.lease_until < func.clock_timestamp()),
        )
        return session.execute(query.limit(1)).one_or_none() is not None


def promote_blockers(model: type[Leased]) -> None:
    """Give rows that precede an urgent one of the same key its priority; workers run this each second."""
    with work(Scope.system()) as session:
        session.execute(_promoting(_table(model)))


@cache
def _promoting(table: str) -> TextClause:
    # Some at a time, and none that is being processed, so that it stays fast with a long queue.
    return text(
        f"update {table} set priority = {URGENT} where id in ("  # noqa: S608
        f"select t.id from (select key, max(id) as last from {table}"
        f" where state = 'pending' and priority = {URGENT} group by key) u join {table} t on t.key = u.key"
        f" where t.id < u.last and t.state = 'pending' and t.priority > {URGENT}"
        f" order by t.id limit {MAX_PROMOTED} for update of t skip locked)"
    )


def process_one(
    model: type[Leased], handle: Callable[[Any], None], *, oldest: bool = False, only: Only | None = None
) -> bool:
    """Claim one row, pass it to `handle`, and record the outcome; False if none was due.

    The row has its `id` and the columns that the model's claims read.
    """
    claimed = claim(model, oldest=oldest, only=only)
    if claimed is None:
        return False
    _in_hand[claimed] = _Held(model, claimed.since)
    mine = _mine.set(claimed)
    try:
        _work(model, claimed, handle)
    finally:
        _mine.reset(mine)
        del _in_hand[claimed]
    return True


def ensure_lease() -> None:
    """Raise LeaseLost unless this thread's row is certainly still ours; to call before irreversible effects.

    A worker that was suspended (swapping, sleeping machine) checks before it sends what another may have sent. Does
    nothing if no row is being processed. Not to be called within a unit of work.
    """
    claimed = _mine.get()
    held = _in_hand.get(claimed) if claimed else None
    if claimed is None or held is None:
        return
    if clock.steady() - held.since >= LEASE.total_seconds():
        _extend(claimed, held)
        if held.since == LOST:
            raise LeaseLost("lease_lost")


def renew() -> None:
    """Extend the leases of this process; its worker calls it every RENEW_AFTER."""
    for claimed, held in list(_in_hand.items()):
        if RENEW_AFTER.total_seconds() <= clock.steady() - claimed.since < LONGEST.total_seconds():
            _extend(claimed, held)


def _extend(claimed: Claim, held: _Held) -> None:
    now = clock.steady()
    is_ours = _update_claimed(held.model, claimed, "lease_until = clock_timestamp() + :lease", lease=LEASE)
    held.since = now if is_ours else LOST


def _work(model: type[Leased], claimed: Claim, handle: Callable[[Any], None]) -> None:
    if claimed.crash_count >= MAX_CRASHES:
        _settle(model, claimed, state="dead", reason=CRASHED)
        return
    try:
        handle(claimed.row)
    except Permanent as failure:
        _settle(model, claimed, state="dead", reason=failure.reason)
    except Postponed as postponed:
        _postpone(model, claimed, postponed)
    except Temporary as failure:
        _retry(
            model,
            claimed,
            "temporary",
            reason=failure.reason,
            retry_after=failure.retry_after,
            limit=MAX_TEMPORARY,
        )
    except Refusal as refusal:
        _settle(model, claimed, state="dead", reason=refusal.code)
    except OperationalError as away:
        _retry(model, claimed, "away", reason=str(away.orig)[:500], retry_after=None, limit=MAX_AWAY)
    except Exception as fault:
        log.exception("a waiting row failed", extra={"table": model.__name__, "row": claimed.id})
        _retry(
            model,
            claimed,
            "fault",
            reason=_reason(fault),
            retry_after=None,
            limit=MAX_TRIES,
        )
    else:
        _settle(model, claimed, state="done", reason=None)


def _reason(fault: Exception) -> str:
    """The reason for an operator; only the class name for database errors, as their texts contain user data."""
    if not isinstance(fault, DBAPIError):
        return f"{type(fault).__name__}: {fault}"[:500]
    diagnosis = getattr(fault.orig, "diag", None)
    where = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "table_name", None) or "?"
    return f"{type(fault).__name__}: {type(fault.orig).__name__} ({where})"


def _retry(
    model: type[Leased],
    claimed: Claim,
    kind: str,
    *,
    reason: str,
    retry_after: float | None,
    limit: int,
) -> None:
    consecutive_failures = claimed.consecutive_failures + 1 if claimed.failure == kind else 1
    if consecutive_failures >= limit or claimed.attempts >= MAX_TEMPORARY:
        _settle(model, claimed, state="dead", reason=reason)
        return
    spread = random.uniform(0.8, 1.2)  # noqa: S311 (spreads retries, guards nothing)
    seconds = retry_after if retry_after is not None else min(2.0**consecutive_failures, 300.0) * spread
    _update_claimed(
        model,
        claimed,
        "due_at = :due_at, reason = :reason, failure = :failure, consecutive_failures = :consecutive_failures,"
        " crash_count = 0,"
        " lease_until = null, lease_token = null",
        due_at=clock.now() + timedelta(seconds=seconds),
        reason=reason,
        failure=kind,
        consecutive_failures=consecutive_failures,
    )


def _postpone(model: type[Leased], claimed: Claim, postponed: Postponed) -> None:
    """Return a row to the queue for later, without counting a try."""
    spread = random.uniform(1.0, 2.0)  # noqa: S311 (spreads retries, guards nothing)
    _update_claimed(
        model,
        claimed,
        "due_at = :due_at, attempts = attempts - 1, crash_count = 0, lease_until = null, lease_token = null",
        due_at=clock.now() + timedelta(seconds=(postponed.retry_after or 1.0) * spread),
    )


def _settle(model: type[Leased], claimed: Claim, *, state: str, reason: str | None) -> None:
    done_at = clock.now() if state == "done" else None
    settled = "state = :state, reason = :reason, done_at = :done_at, lease_until = null"
    _update_claimed(model, claimed, settled, state=state, reason=reason, done_at=done_at)


def _update_claimed(model: type[Leased], claimed: Claim, changes: str, **values: object) -> bool:
    """Update a row if its lease is still ours; returns whether it was."""
    with work(Scope.system()) as session:
        values |= {"id": claimed.id, "token": claimed.token}
        return session.execute(_updating(_table(model), changes), values).one_or_none() is not None


@cache
def _updating(table: str, changes: str) -> TextClause:
    ours = "id = :id and lease_token = :token and state = 'pending'"
    return text(f"update {table} set {changes} where {ours} returning id")  # noqa: S608


def _table(model: type[Leased]) -> str:
    return str(model.__tablename__)  # type: ignore[attr-defined]

"""The database: one session per scope, and the scope is a database role set for each transaction.

Row-level security does the filtering. A transaction that starts without a scope stays the login role, which may read
nothing, so a forgotten scope is «permission denied» and never a leak (docs/architecture.md, «Who sees what»).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import datetime
from select import POLLIN, poll
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import DateTime, MetaData, Text, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import Pool

from msp.kernel import wake

Json = dict[str, Any]
log = logging.getLogger(__name__)

ROLES = ("msp_client", "msp_staff", "msp_staff_some", "msp_system")


class Model(DeclarativeBase):
    """Every table of the desk; `access` says who may see its rows (see migrations/helpers.py)."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
        info={"bind_key": None},  # Flask-SQLAlchemy's default engine
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        UUID: PG_UUID(as_uuid=True),
        Json: JSONB,
        list[Json]: JSONB,
    }


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is at work: the database role, the clients it covers, and the person answerable for it."""

    role: str
    client_id: UUID | None = None
    client_ids: tuple[UUID, ...] = ()
    actor_id: UUID | None = None

    @classmethod
    def client(cls, client_id: UUID, *, actor_id: UUID | None = None) -> "Scope":
        """One client company's own rows, as its employees may see them."""
        return cls("msp_client", client_id=client_id, actor_id=actor_id)

    @classmethod
    def staff(cls, *, actor_id: UUID | None = None) -> "Scope":
        """The provider's people: every client."""
        return cls("msp_staff", actor_id=actor_id)

    @classmethod
    def staff_some(cls, client_ids: Sequence[UUID], *, actor_id: UUID | None = None) -> "Scope":
        """A member of staff who works for some clients only."""
        return cls("msp_staff_some", client_ids=tuple(client_ids), actor_id=actor_id)

    @classmethod
    def system(cls) -> "Scope":
        """The desk itself: doors before they know whom they serve, sweeps, sign-in."""
        return cls("msp_system")

    @property
    def is_client(self) -> bool:
        """Whether it covers what one client's people may see."""
        return self.role == "msp_client"


@dataclass(eq=False, slots=True)
class ScopeContext:
    """One entry into a scope: the key of its session, and what to do once it has committed."""

    scope: Scope
    wakes: set[str] = field(default_factory=set)
    afterwards: list[Callable[[], None]] = field(default_factory=list)


_frame: ContextVar[ScopeContext | None] = ContextVar("frame", default=None)
_no_frame = object()

db = SQLAlchemy(
    session_options={
        "scopefunc": lambda: _frame.get() or _no_frame,
        "expire_on_commit": False,
    },
)

_SET_SCOPE = text(
    "select set_config('role', :role, true), set_config('msp.client_id', :client_id, true),"
    " set_config('msp.client_ids', :client_ids, true)"
)
# The values are names of roles and ids, never text of anybody's. Only roles that see some clients ask which ones.
_BEGIN_AS = "begin; set local role {role}"
_BEGIN_AS_OF_SOME = (
    "begin; select set_config('role', '{role}', true), set_config('msp.client_id', '{client_id}', true),"
    " set_config('msp.client_ids', '{client_ids}', true)"
)


@event.listens_for(Pool, "checkout")
def reject_stale_connection(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """A kept connection that PostgreSQL has ended shows something to read: only then is it asked whether it lives.

    Asking each time, as the pool itself would, costs every request two round trips.
    """
    line = poll()
    line.register(connection.fileno(), POLLIN)
    if line.poll(0) and connection.pgconn.exec_(b"select 1").status != ExecStatus.TUPLES_OK:
        raise InvalidatePoolError("the database ended its connections")


@event.listens_for(Session, "after_begin")
def _take_role(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    frame = _frame.get()
    if frame is None:
        return
    scope = frame.scope
    values = {
        "role": scope.role,
        "client_id": str(scope.client_id or ""),
        "client_ids": "{" + ",".join(map(str, scope.client_ids)) + "}",
    }
    if not begin_as(connection, values):
        connection.execute(_SET_SCOPE, values)


def begin_as(connection: Connection, values: dict[str, str]) -> bool:
    """Begin the transaction and set its scope in one trip to the server; False where that did not succeed."""
    pgconn = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    if pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    statement = _BEGIN_AS if values["role"] in ("msp_staff", "msp_system") else _BEGIN_AS_OF_SOME
    begun = pgconn.exec_(statement.format(**values).encode())
    return begun.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def execute_raw(connection: Connection, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run a statement whose parameters are $1, $2 … as it stands, and return its rows, if it has any.

    For statements that are put together once: the library would read them anew for its parameters each time. Faults
    are the library's own, as those of any statement.
    """
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with psycopg.RawCursor(driver) as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    except psycopg.Error as fault:
        if driver.closed:
            connection.invalidate(fault)
        raise DBAPIError.instance(sql, None, fault, psycopg.Error, dialect=connection.dialect) from fault


def current_scope() -> Scope:
    """The scope in force; raises RuntimeError outside of any."""
    frame = _frame.get()
    if frame is None:
        raise RuntimeError("no scope: enter one with work(Scope…)")
    return frame.scope


def current_scope_or_none() -> Scope | None:
    """The scope in force, or None outside of any."""
    frame = _frame.get()
    return frame.scope if frame else None


def wake_after_commit(name: str) -> None:
    """Ask for a wake-up of the named drain once this unit of work has committed."""
    frame = _frame.get()
    if frame is not None:
        frame.wakes.add(name)


def do_after_commit(act: Callable[[], None]) -> None:
    """Do something once this unit of work has committed, in a unit of its own; a failure is logged, not raised.

    For work that would hold locks too long; whoever needs it done also asks the outbox for it.
    """
    frame = _frame.get()
    if frame is not None:
        frame.afterwards.append(act)


def enter(scope: Scope) -> Token[ScopeContext | None]:
    """Enter a scope until `leave`; for request hooks. Everything else uses `work`."""
    return _frame.set(ScopeContext(scope))


def commit() -> None:
    """Commit the unit of work in force and send its wake-ups."""
    frame = _frame.get()
    db.session.commit()
    if frame is not None and frame.wakes:
        wakes, frame.wakes = frame.wakes, set()
        for name in wakes:
            wake.send(name)
    if frame is not None and frame.afterwards:
        acts, frame.afterwards = frame.afterwards, []
        for act in acts:
            try:
                act()
            except Exception:
                log.exception("what was to follow a commit failed; the outbox does it again")


def leave(token: Token[ScopeContext | None]) -> None:
    """Forget the session of this scope, uncommitted work included, and return to the scope before it."""
    db.session.remove()
    _frame.reset(token)


@contextmanager
def work(scope: Scope) -> Iterator[Session]:
    """One unit of work in a scope and a session of its own: commits on return, rolls back when it raises."""
    token = enter(scope)
    try:
        yield db.session()
        commit()
    finally:
        leave(token)

"""The database: one session per scope; the scope is a database role set for each transaction.

Row-level security filters rows. A transaction without a scope keeps the login role, which may read nothing, so a
missing scope fails with «permission denied» instead of leaking (docs/architecture.md, «Who sees what»).
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
    """Base of all tables; `access` says who may see their rows (see migrations/helpers.py)."""

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
    """The database role in use, the clients it covers, and the acting person."""

    role: str
    client_id: UUID | None = None
    client_ids: tuple[UUID, ...] = ()
    actor_id: UUID | None = None

    @classmethod
    def client(cls, client_id: UUID, *, actor_id: UUID | None = None) -> "Scope":
        """The rows of one client company, as its contacts may see them."""
        return cls("msp_client", client_id=client_id, actor_id=actor_id)

    @classmethod
    def staff(cls, *, actor_id: UUID | None = None) -> "Scope":
        """All clients, for the provider's staff."""
        return cls("msp_staff", actor_id=actor_id)

    @classmethod
    def staff_some(cls, client_ids: Sequence[UUID], *, actor_id: UUID | None = None) -> "Scope":
        """A member of staff restricted to some clients."""
        return cls("msp_staff_some", client_ids=tuple(client_ids), actor_id=actor_id)

    @classmethod
    def system(cls) -> "Scope":
        """The system itself: endpoints before authentication, sweeps, sign-in."""
        return cls("msp_system")

    @property
    def is_client(self) -> bool:
        """Whether the scope is that of a client's people."""
        return self.role == "msp_client"


@dataclass(eq=False, slots=True)
class ScopeContext:
    """One entry into a scope: the key of its session, and what to do after its commit."""

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
# Values are role names and ids, never user text. Only roles restricted to some clients need the list.
_BEGIN_AS = "begin; set local role {role}"
_BEGIN_AS_OF_SOME = (
    "begin; select set_config('role', '{role}', true), set_config('msp.client_id', '{client_id}', true),"
    " set_config('msp.client_ids', '{client_ids}', true)"
)


@event.listens_for(Pool, "checkout")
def reject_stale_connection(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Check a pooled connection with a SELECT only if its socket is readable, as after PostgreSQL has closed it.

    Checking every time, as the pool's pre-ping does, costs each request two round trips.
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
    """Begin the transaction and set its scope in one round trip; False if that failed."""
    pgconn = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    if pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    statement = _BEGIN_AS if values["role"] in ("msp_staff", "msp_system") else _BEGIN_AS_OF_SOME
    begun = pgconn.exec_(statement.format(**values).encode())
    return begun.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def execute_raw(connection: Connection, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run a statement with parameters $1, $2 … and return its rows, if any.

    For statements that are compiled once: the library would parse them for parameters at each call. Raises the
    library's own errors.
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
    """The current scope; raises RuntimeError without one."""
    frame = _frame.get()
    if frame is None:
        raise RuntimeError("no scope: enter one with work(Scope…)")
    return frame.scope


def current_scope_or_none() -> Scope | None:
    """The current scope, or None."""
    frame = _frame.get()
    return frame.scope if frame else None


def wake_after_commit(name: str) -> None:
    """Wake the named drain after this unit of work has committed."""
    frame = _frame.get()
    if frame is not None:
        frame.wakes.add(name)


def do_after_commit(act: Callable[[], None]) -> None:
    """Run a function after this unit of work has committed, in a unit of work of its own; failures are logged.

    For work that would hold locks too long. If it must happen, also subscribe it to the outbox.
    """
    frame = _frame.get()
    if frame is not None:
        frame.afterwards.append(act)


def enter(scope: Scope) -> Token[ScopeContext | None]:
    """Enter a scope until `leave`; for request hooks. Otherwise use `work`."""
    return _frame.set(ScopeContext(scope))


def commit() -> None:
    """Commit the current unit of work and send its wake-ups."""
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
    """Remove the session of this scope, rolling back uncommitted work, and return to the outer scope."""
    db.session.remove()
    _frame.reset(token)


@contextmanager
def work(scope: Scope) -> Iterator[Session]:
    """A unit of work with its own scope and session: commits on return, rolls back on an exception."""
    token = enter(scope)
    try:
        yield db.session()
        commit()
    finally:
        leave(token)

"""Operational figures from the database, for metrics and `msp doctor`.

Their cost depends on what waits or is late, not on what is done. Functions take a session or a connection in the system
scope, unless they say so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import Connection, Interval, func, select, text, type_coerce
from sqlalchemy.orm import Session

from msp.clients.models import Connection as ChatConnection
from msp.kernel import clock
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from msp.kernel.leases import Leased
from msp.kernel.settings import Setting
from msp.sla.models import Clock, TakenEscalationStep

Reader = Session | Connection

QUEUES: dict[str, type[Leased]] = {"inbox": Inbound, "outbox": Delivery}
LATELY = timedelta(minutes=5)
LATE = timedelta(seconds=2)  # escalation steps are taken within two seconds of their moment
LAST_BACKUP = "last_backup"  # written by `msp backup`


@dataclass(frozen=True, slots=True)
class Backlog:
    """A queue: waiting and dead rows, and ages in seconds."""

    waiting: int
    dead: int
    undelivered: float  # since the arrival of the oldest waiting row
    overdue: float  # since the oldest row was due; rows that wait for their next try do not count


@dataclass(frozen=True, slots=True)
class Escalation:
    """Escalation steps: due and not taken, and those of the last minutes that were taken late; seconds."""

    overdue: int
    most_overdue: float
    taken_late: int
    worst_delay: float


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """The database as its login sees it: connections by state, and ages in seconds."""

    connections: dict[str, int]
    most_connections: int
    longest_transaction: float
    skew: float  # our clock minus the database's


def backlog(reader: Reader, model: type[Leased], *, at: datetime) -> Backlog:
    """The state of a queue; reads the partial indexes of waiting and dead rows."""
    waits = select(func.count(), func.min(model.created_at), func.min(model.due_at)).where(model.state == "pending")
    waiting, created, due = reader.execute(waits).one()
    dead = reader.execute(select(func.count()).select_from(model).where(model.state == "dead")).scalar_one()
    return Backlog(waiting, dead, _age(created, at), _age(due, at))


def escalation(reader: Reader, *, at: datetime) -> Escalation:
    """How late escalation is; reads the partial indexes of next steps and of taken steps."""
    due = select(func.count(), func.min(Clock.next_step_at)).where(Clock.state == "running", Clock.next_step_at <= at)
    overdue, oldest = reader.execute(due).one()
    delay = type_coerce(TakenEscalationStep.taken_at - TakenEscalationStep.due_at, Interval)
    taken = select(func.count().filter(delay > LATE), func.max(delay)).where(TakenEscalationStep.taken_at > at - LATELY)
    late, worst = reader.execute(taken).one()
    return Escalation(overdue, _age(oldest, at), late, worst.total_seconds() if worst else 0.0)


def connections(reader: Reader) -> dict[str, tuple[int, int]]:
    """By platform, its connections that work and those that are broken."""
    broken = func.count(ChatConnection.broken_reason)
    query = select(ChatConnection.kind, func.count() - broken, broken).group_by(ChatConnection.kind)
    return {kind: (working, failing) for kind, working, failing in reader.execute(query)}


def line(connection: Connection) -> DatabaseFigures:
    """The database's state. Takes a connection without scope: the login sees its own sessions."""
    began = perf_counter()
    at = clock.now()
    there = connection.execute(text("select clock_timestamp()")).scalar_one()
    half = timedelta(seconds=(perf_counter() - began) / 2)
    ours = "from pg_stat_activity where datname = current_database() and usename = session_user"
    states = connection.execute(text(f"select coalesce(state, 'other'), count(*) {ours} group by 1"))
    counts = {str(state): int(count) for state, count in states}
    longest = connection.execute(
        text(f"select max(clock_timestamp() - xact_start) {ours} and pid <> pg_backend_pid()")
    ).scalar()
    most = connection.execute(text("select current_setting('max_connections')::int")).scalar_one()
    seconds = longest.total_seconds() if longest else 0.0
    return DatabaseFigures(counts, most, seconds, (at + half - there.astimezone(UTC)).total_seconds())


def last_backup(reader: Reader) -> datetime | None:
    """The time of the last backup, if recorded."""
    stored = reader.execute(select(Setting.value).where(Setting.name == LAST_BACKUP)).scalar()
    return datetime.fromisoformat(stored["at"]) if stored else None


def revision(reader: Reader) -> str:
    """The revision of the schema."""
    return str(reader.execute(text("select version_num from alembic_version")).scalar_one())


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0

"""What an operator would be woken for, out of the database: a figure costs what waits or is late, not what is done.

For metrics and for the doctor. Every verb takes a session or a connection in the system's scope, unless it says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import Connection, Interval, func, select, text, type_coerce
from sqlalchemy.orm import Session

from msp.kernel import clock
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from msp.kernel.leases import Leased
from msp.kernel.settings import Setting
from msp.sla.models import Clock, Step

Reader = Session | Connection

QUEUES: dict[str, type[Leased]] = {"inbox": Inbound, "outbox": Delivery}
LATELY = timedelta(minutes=5)
LATE = timedelta(seconds=2)  # an escalation step is taken within two seconds of its moment
LAST_BACKUP = "last_backup"  # the setting that `msp backup` writes


@dataclass(frozen=True, slots=True)
class Backlog:
    """A queue: what waits, what was given up and needs a person, and ages in seconds."""

    waiting: int
    dead: int
    undelivered: float  # since the oldest that still waits came in
    overdue: float  # since the oldest could have been worked: tries that wait for their time do not count


@dataclass(frozen=True, slots=True)
class Escalation:
    """Steps of the ladders: due and not taken, and those of the last minutes that were taken late; seconds."""

    overdue: int
    most_overdue: float
    taken_late: int
    worst_delay: float


@dataclass(frozen=True, slots=True)
class Line:
    """The database as its login sees it: connections by what they do, and ages in seconds."""

    connections: dict[str, int]
    most_connections: int
    longest_transaction: float
    skew: float  # our clock minus the database's


def backlog(reader: Reader, model: type[Leased], *, at: datetime) -> Backlog:
    """How a queue stands; reads the partial indexes of what waits and of what is dead."""
    waits = select(func.count(), func.min(model.created_at), func.min(model.due_at)).where(model.state == "pending")
    waiting, created, due = reader.execute(waits).one()
    dead = reader.execute(select(func.count()).select_from(model).where(model.state == "dead")).scalar_one()
    return Backlog(waiting, dead, _age(created, at), _age(due, at))


def escalation(reader: Reader, *, at: datetime) -> Escalation:
    """How late the ladders are; reads the partial index of next steps, and that of steps by when they were taken."""
    due = select(func.count(), func.min(Clock.next_step_at)).where(Clock.state == "running", Clock.next_step_at <= at)
    overdue, oldest = reader.execute(due).one()
    delay = type_coerce(Step.taken_at - Step.due_at, Interval)
    taken = select(func.count().filter(delay > LATE), func.max(delay)).where(Step.taken_at > at - LATELY)
    late, worst = reader.execute(taken).one()
    return Escalation(overdue, _age(oldest, at), late, worst.total_seconds() if worst else 0.0)


def line(connection: Connection) -> Line:
    """How the database fares. Takes a connection outside of any scope: the login sees what its own sessions do."""
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
    return Line(counts, most, seconds, (at + half - there.astimezone(UTC)).total_seconds())


def last_backup(reader: Reader) -> datetime | None:
    """When this installation was last saved, as far as it knows."""
    told = reader.execute(select(Setting.value).where(Setting.name == LAST_BACKUP)).scalar()
    return datetime.fromisoformat(told["at"]) if told else None


def revision(reader: Reader) -> str:
    """The step of the migrations that the tables are at."""
    return str(reader.execute(text("select version_num from alembic_version")).scalar_one())


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0

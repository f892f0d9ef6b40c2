"""Whether the desk is behind: more came than its workers could do in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.leases import LATER
from msp.kernel.recent import recent

BEHIND = timedelta(seconds=20)  # for which something that could be worked was left
MOST = 10_000  # rows that are counted of each queue
READ_EVERY = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind: rows that wait in both queues (as many as MOST of each), and since when the oldest does."""

    waiting: int
    since: datetime


def lag() -> Lag | None:
    """How far the desk is behind, a few seconds old at most; None while it keeps up.

    What waits for somebody else (a platform that is away, its own next try, the row before it in its thread) does not
    count, and neither does what nobody looks at the clock for.
    """
    return recent(_read, name="lag", seconds=READ_EVERY)


def _read() -> Lag | None:
    at = clock.now()
    with work(Scope.system()) as session:
        values = {"late": at - BEHIND, "at": at, "lane": LATER, "most": MOST}
        oldest = session.execute(_OLDEST, values).scalar_one()
        if oldest is None:
            return None
        return Lag(session.execute(_WAITING, values).scalar_one(), oldest)


_IDLE = (
    "select due_at from {0} t where state = 'pending' and lane < :lane and due_at <= :late and (lease_until is null or"
    " lease_until < clock_timestamp()) and not exists (select 1 from {0} b where b.key = t.key and b.id < t.id"
    " and b.state = 'pending') order by due_at limit 1"
)
_DUE = "select 1 from {0} where state = 'pending' and lane < :lane and due_at <= :at limit :most"
_QUEUES = ("inbound", "delivery")
_OLDEST = text(f"select least({', '.join(f'({_IDLE.format(table)})' for table in _QUEUES)})")
_WAITING = text(f"select {' + '.join(f'(select count(*) from ({_DUE.format(table)}) d)' for table in _QUEUES)}")  # noqa: S608

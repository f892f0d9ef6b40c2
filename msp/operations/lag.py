"""Whether the desk is behind: more came than its workers could do in time."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.leases import LATER
from msp.kernel.ttl_cache import cached

BEHIND = timedelta(seconds=20)  # for which something that could be worked was left
MOST = 10_000  # rows that are counted of each queue
LOOKED_AT = 1000  # of the oldest rows
READ_EVERY = 2.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind: rows that wait in both queues (as many as MOST of each), and since when the oldest does."""

    waiting: int
    since: datetime


def lag() -> Lag | None:
    """How far the desk is behind, a few seconds old at most; None while it keeps up, or where nobody can tell.

    What waits for somebody else (a platform that is away, its own next try, the row before it in its thread) does not
    count, and neither does what nobody looks at the clock for.
    """
    with work(Scope.system()):  # read once for everybody, whatever they may see
        return cached(_read, name="lag", seconds=READ_EVERY)


def _read() -> Lag | None:
    at = clock.now()
    values = {"late": at - BEHIND, "at": at}
    try:
        with work(Scope.system()) as session:
            oldest = session.execute(_OLDEST, values).scalar_one()
            return None if oldest is None else Lag(session.execute(_WAITING, values).scalar_one(), oldest)
    except OperationalError as failure:  # a line on a page is no reason to show none
        log.warning("nobody can tell whether the desk is behind", extra={"reason": str(failure.orig)})
        return None


# Only the oldest are looked at: a heap of rows behind one that is in hand must not make this slow.
_IDLE = (
    "select min(due_at) from (select * from {0} where state = 'pending' and priority < {1} and due_at <= :late"
    " order by due_at, id limit {2}) t where (lease_until is null or lease_until < clock_timestamp()) and not exists"
    " (select 1 from {0} b where b.key = t.key and b.id < t.id and b.state = 'pending')"
)
_DUE = "select 1 from {0} where state = 'pending' and priority < {1} and due_at <= :at limit {2}"
_QUEUES = ("inbound", "delivery")
_OLDEST = text(f"select least({', '.join(f'({_IDLE.format(table, LATER, LOOKED_AT)})' for table in _QUEUES)})")
_COUNTS = [f"(select count(*) from ({_DUE.format(table, LATER, MOST)}) d)" for table in _QUEUES]  # noqa: S608
_WAITING = text(f"select {' + '.join(_COUNTS)}")

"""Whether workers are behind: more work arrives than they can do in time."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.leases import LATER
from msp.kernel.ttl_cache import cached

BEHIND = timedelta(seconds=20)  # seconds for which a due row was left
MOST = 10_000  # rows counted per queue
LOOKED_AT = 1000  # of the oldest rows
READ_EVERY = 2.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """The backlog: rows waiting in both queues (at most MOST of each), and since when the oldest does."""

    waiting: int
    since: datetime


def lag() -> Lag | None:
    """The backlog, a few seconds old at most; None while workers keep up, or if it cannot be read.

    Rows that wait for others (an unavailable platform, their next try, an earlier row of their thread) do not count,
    nor do rows of low priority.
    """
    with work(Scope.system()):  # shared by all scopes
        return cached(_read, name="lag", seconds=READ_EVERY)


def _read() -> Lag | None:
    at = clock.now()
    values = {"late": at - BEHIND, "at": at}
    try:
        with work(Scope.system()) as session:
            oldest = session.execute(_OLDEST, values).scalar_one()
            return None if oldest is None else Lag(session.execute(_WAITING, values).scalar_one(), oldest)
    except OperationalError as failure:  # the banner must not break the page
        log.warning("nobody can tell whether the desk is behind", extra={"reason": str(failure.orig)})
        return None


# Only the oldest rows are read, so that a long backlog does not make this slow.
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

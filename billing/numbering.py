"""Consecutive invoice numbers: the series' row is locked while a number is assigned; a rollback returns it.

RD 1619/2012 art. 6.1.a requires consecutive numbers within each series, and separate series for corrections. A database
sequence would leave gaps after rollbacks.
"""

from datetime import date, datetime
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from billing.models import InvoiceSeries
from msp.kernel.db import db
from msp.kernel.errors import Conflict

SeriesKind: TypeAlias = Literal["invoice", "credit_note"]
CHAIN = "VERIFACTU"
DIGITS = 6
_LETTERS: dict[SeriesKind, str] = {"invoice": "F", "credit_note": "R"}


class Number(NamedTuple):
    """A number as printed, and its series."""

    series: str
    text: str


def next_number(kind: SeriesKind, *, at: datetime, zone: ZoneInfo) -> Number:
    """Assign the next number of this year's series (F26-000123, R26-000001); locked until the transaction ends.

    `zone` is that of the place of issue. Raises Conflict for a day before that of the previous number: dates within a
    series must follow the numbers.
    """
    on = at.astimezone(zone).date()
    code = f"{_LETTERS[kind]}{on:%y}"
    series = _locked(code, kind)
    if series.last_at is not None and on < series.last_at.astimezone(zone).date():
        raise Conflict("issue_date_before_last", last=_iso(series.last_at, zone), series=code)
    series.last += 1
    series.last_at = at
    return Number(code, f"{code}-{series.last:0{DIGITS}d}")


def number_to_come(kind: SeriesKind, *, at: datetime, zone: ZoneInfo) -> str:
    """The number that the next document will get unless another is issued first; takes no lock."""
    code = f"{_LETTERS[kind]}{at.astimezone(zone).date():%y}"
    last = db.session.scalar(select(InvoiceSeries.last).where(InvoiceSeries.code == code)) or 0
    return f"{code}-{last + 1:0{DIGITS}d}"


class ChainEnd(NamedTuple):
    """The end of the chain: position of the next record, previous huella and its time."""

    position: int
    previous: str | None
    made_at: datetime | None


def lock_chain() -> ChainEnd:
    """Lock the chain until the transaction ends. Always taken before the lock of a series."""
    chain = _locked(CHAIN, "chain")
    return ChainEnd(chain.last + 1, chain.huella, chain.last_at)


def extend_chain(*, huella: str, at: datetime) -> None:
    """Make a record the end of the locked chain."""
    chain = db.session.get_one(InvoiceSeries, CHAIN)
    chain.last += 1
    chain.huella, chain.last_at = huella, at


def _locked(code: str, kind: str) -> InvoiceSeries:
    db.session.execute(insert(InvoiceSeries).values(code=code, kind=kind, last=0).on_conflict_do_nothing())
    query = select(InvoiceSeries).where(InvoiceSeries.code == code).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def lock_runs() -> None:
    """Serialize runs until the transaction ends."""
    db.session.execute(text("select pg_advisory_xact_lock(hashtext('guardia invoice run'))"))


def _iso(at: datetime, zone: ZoneInfo) -> str:
    day: date = at.astimezone(zone).date()
    return day.isoformat()

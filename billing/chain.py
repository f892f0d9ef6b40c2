"""Verify the chain of invoice records: the last link before each issue, the whole chain in `msp doctor`.

AEAT takes a wrong huella with a mere warning, so nobody but us sees a broken chain (billing/legal/huella.py).
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple, cast

from sqlalchemy import Connection, text

from billing.legal.huella import Record, RecordKind, amount_text, broken_links, day_text
from billing.numbering import CHAIN, ChainEnd
from msp.kernel.db import db
from msp.kernel.errors import Conflict
from msp.kernel.money import Money

EURO = "EUR"


class Stored(NamedTuple):
    """A stored record with the invoice it refers to; the invoice's values are None if it is missing."""

    position: int
    kind: str
    fields: Mapping[str, str]
    previous: str
    huella: str
    number: str | None
    issued_on: date | None
    record_type: str | None
    tax: int | None
    total: int | None
    issuer_nif: str | None


class ChainFault(NamedTuple):
    """A defect of the chain.

    Codes: those of `billing.legal.huella.Break`, `position` (a record is missing), `invoice` (the record says something
    else than the invoice), `end` (the chain's end is not the last record), `unrecorded` (an issued invoice without
    record), `document` (its PDF is missing or not as it was issued), `number` (the series skips one).
    """

    position: int
    number: str
    code: str


_COLUMNS = """
    r.position, r.kind, r.fields, r.previous, r.huella, i.number, i.issued_on, i.record_type, i.tax, i.total,
    i.issuer ->> 'tax_id' as issuer_nif
"""
# A database function, because staff restricted to some clients may not read other clients' records.
_LAST_TWO = text("select * from last_invoice_records()")
_ALL = text(
    f"select {_COLUMNS} from invoice_record r left join invoice i on i.id = r.invoice_id and i.client_id = r.client_id"  # noqa: S608
    " order by r.position"
)
_END = text("select last, huella from invoice_series where code = :code")
_NUMBERS = text("select coalesce(sum(last), 0) from invoice_series where kind <> 'chain'")
_UNRECORDED = text(
    "select number from invoice i where state = 'issued' and not exists (select from invoice_record r"
    " where r.invoice_id = i.id and r.client_id = i.client_id) order by number"
)
_DOCUMENTS = text(
    "select i.number, d.sha256, encode(sha256(d.content), 'hex') as found from invoice i"
    " left join invoice_document d on d.invoice_id = i.id and d.client_id = i.client_id"
    " where i.state = 'issued' and i.issued_at < now() - interval '10 minutes'"
    " and (d.invoice_id is null or d.sha256 <> encode(sha256(d.content), 'hex'))"
    " order by i.number"
)
_SKIPPED = text(
    "select s.code, s.last from invoice_series s where s.kind <> 'chain' and s.last <> "
    "(select count(*) from invoice i where i.series = s.code and i.state = 'issued') order by s.code"
)


def require_sound_end(link: ChainEnd) -> None:
    """Raise Conflict("chain_broken") if the last record is not as it was written, or if records are missing.

    Call it while no number is assigned that has no record yet.
    """
    rows = sorted((Stored(**row._mapping) for row in db.session.execute(_LAST_TWO)), key=lambda row: row.position)
    end = (link.position - 1, link.previous or "")
    for fault in (*_links(rows, begins=max(1, end[0] - 1)), *_end_fault(rows, end), *_count_fault(rows, end[0])):
        raise Conflict("chain_broken", position=fault.position, number=fault.number, fault=fault.code)


def faults(connection: Connection) -> Iterator[ChainFault]:
    """All defects of this installation's records. Needs a role that can read all of them."""
    rows = [Stored(**row._mapping) for row in connection.execute(_ALL)]
    yield from _links(rows)
    series = connection.execute(_END, {"code": CHAIN}).one_or_none()
    yield from _end_fault(rows, (series.last, series.huella or "") if series else (0, ""))
    for (number,) in connection.execute(_UNRECORDED):
        yield ChainFault(0, number, "unrecorded")
    for number, _kept, _found in connection.execute(_DOCUMENTS):
        yield ChainFault(0, number, "document")
    for code, last in connection.execute(_SKIPPED):
        yield ChainFault(0, f"{code}-{last}", "number")


def _count_fault(rows: list[Stored], count: int) -> Iterator[ChainFault]:
    """The defect if the chain has fewer or more records than numbers were assigned: each document has one record."""
    if db.session.scalar(_NUMBERS) != count:
        yield ChainFault(count, rows[-1].fields.get("NumSerieFactura", "") if rows else "", "unrecorded")


def _links(rows: list[Stored], *, begins: int = 1) -> Iterator[ChainFault]:
    """Defects of consecutive records; `begins` is the chain position of the first."""
    chain = [Record(cast(RecordKind, row.kind), row.fields, row.huella) for row in rows]
    for found in broken_links(chain):
        if found.code != "first" or begins == 1:
            yield _fault(rows[found.position], found.code)
    for position, row in enumerate(rows, start=begins):
        if row.position != position:
            yield _fault(row, "position")
        if row.previous != row.fields.get("Huella"):
            yield _fault(row, "link")
        if not _matches_invoice(row):
            yield _fault(row, "invoice")


def _fault(row: Stored, code: str) -> ChainFault:
    return ChainFault(row.position, row.fields.get("NumSerieFactura", ""), code)


def _matches_invoice(row: Stored) -> bool:
    """Whether a record matches its invoice. Only altas exist so far."""
    if row.number is None or row.issued_on is None or row.tax is None or row.total is None:
        return False
    expected = {
        "IDEmisorFactura": row.issuer_nif or "",
        "NumSerieFactura": row.number,
        "FechaExpedicionFactura": day_text(row.issued_on),
        "TipoFactura": row.record_type or "",
        "CuotaTotal": _amount(row.tax),
        "ImporteTotal": _amount(row.total),
    }
    return all(row.fields.get(name) == value for name, value in expected.items())


def _amount(minor: int) -> str:
    return amount_text(Money(minor, EURO).decimal)


def _end_fault(rows: list[Stored], end: tuple[int, str]) -> Iterator[ChainFault]:
    """The defect if the chain's end is not the last record's position and huella."""
    last = rows[-1] if rows else None
    if ((last.position, last.huella) if last else (0, "")) != end:
        yield ChainFault(end[0], last.fields.get("NumSerieFactura", "") if last else "", "end")

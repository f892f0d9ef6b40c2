"""Check of the chain of invoice records; every issued invoice has its record and its PDF."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from msp.config import Settings
from msp.doctor.finding import Check, Finding

MOST = 20  # one altered record breaks all later ones; the first ones matter
FIX = (
    "Somebody changed invoices past this program. Keep a copy of the database as it is, compare with the last backup,"
    " and have your accountant look before anything is issued"
)
_WHAT = {
    "content": "its texts are not those that were recorded",
    "link": "it does not follow from the record before",
    "first": "it names a record before it, and is the first",
    "order": "it is older than the record before",
    "fields": "it lacks fields or has others",
    "position": "a record before it is missing",
    "invoice": "it says something else than the invoice",
    "end": "it is not the record at which the chain goes on",
    "unrecorded": "the issued invoice has no record",
    "document": "the PDF is missing, or is not the one that was issued",
    "number": "the series has another count of invoices than numbers",
}


def record_chain_is_intact(settings: Settings) -> Iterator[Finding]:
    """Every record from the first on; database errors are reported by another check."""
    try:
        from billing import chain  # imported here, because billing cannot be imported without its fonts
    except ImportError:
        return
    engine = create_engine(settings.app_database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("set local role msp_system"))
            found = list(chain.faults(connection))
            count = connection.execute(text("select count(*) from invoice_record")).scalar_one()
    except SQLAlchemyError:
        return
    finally:
        engine.dispose()
    for fault in found[:MOST]:
        where = f"record {fault.position}" if fault.position else "invoice"
        yield Finding("fault", f"{where} {fault.number}: {_WHAT[fault.code]}", FIX)
    if len(found) > MOST:
        yield Finding("fault", f"{len(found) - MOST} more faults in the invoice records", FIX)
    if not found:
        yield Finding("ok", f"the chain of {count} invoice records is whole")


CHECKS: list[Check] = [record_chain_is_intact]

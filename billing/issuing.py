"""Issuing in one transaction: number, snapshots and chained record, all or nothing.

One transaction, as in AEAT's example declaration. Other issuers wait for it, so slow work is done before the number is
assigned or after the commit: that the PDF can be rendered is checked first, the stored PDF is rendered last
(billing/documents.py).
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypedDict
from zoneinfo import ZoneInfo

from billing import documents, pdf
from billing.chain import require_sound_end
from billing.events import InvoiceIssued
from billing.faults import blaming, refusing
from billing.legal.huella import Record, alta
from billing.legal.qr import Environment, qr_url
from billing.models import Invoice, InvoiceRecord
from billing.numbering import ChainEnd, Number, SeriesKind, extend_chain, lock_chain, next_number
from billing.parties import address_of, missing_of_address, require_identity
from msp.clients.models import Client
from msp.kernel.db import Json, db, do_after_commit
from msp.kernel.errors import Conflict
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.kernel.issuer import read_issuer, verifactu_mode
from msp.kernel.money import Money

EURO = "EUR"
_NEEDED = ("legal_name", "tax_id", "address")
_environment: Environment = "production"


class _Named(TypedDict):
    issuer_nif: str
    number: str
    issued_on: date
    total: Decimal


def use_environment(environment: Environment) -> None:
    """Set whether QR URLs lead to the AEAT's production or test site."""
    global _environment
    _environment = environment


def issuer() -> Json:
    """The provider's legal data with the VERI*FACTU mode; raises Conflict if required data are missing."""
    provider = read_issuer()
    if missing := missing_of_issuer(provider):
        raise Conflict("provider_incomplete", missing=missing)
    return provider | {"verifactu_mode": verifactu_mode(provider)}


def missing_of_issuer(provider: Json) -> list[str]:
    """The empty fields of the provider's legal data that an invoice requires, such as "address.city"."""
    missing = [name for name in _NEEDED if not provider.get(name)]
    if address := address_of(provider.get("address")):
        missing += [f"address.{name}" for name in missing_of_address(address)]
    return missing


def issuer_zone(provider: Json) -> ZoneInfo:
    """The zone of the place of issue."""
    return ZoneInfo(provider.get("timezone", "Europe/Madrid"))


def day_at_issuer(at: datetime) -> date:
    """The local day of an instant at the place of issue; the books use these days."""
    return at.astimezone(issuer_zone(read_issuer())).date()


def customer(client: Client) -> Json:
    """The client's data for an invoice; raises Conflict without tax number or address (RD 1619/2012 art. 6.1)."""
    require_identity(client)
    return {
        "name": client.legal_name or client.name,
        "tax_id": client.tax_id,
        "address": client.billing_address,
        "email": client.billing_email,
    }


def preview(invoice: Invoice, client: Client) -> bytes:
    """Render a draft's PDF, marked as a draft; stores nothing.

    Raises Conflict("data_fault") with the reason where the data allow no document.
    """
    buyer = {
        "name": client.legal_name or client.name,
        "tax_id": client.tax_id,
        "address": client.billing_address,
    }
    parties = pdf.Parties(read_issuer(), buyer)
    with refusing("a draft cannot be previewed", invoice.id), blaming("fault.document"):
        return pdf.render(invoice, timezone=client.timezone, qr_url=None, parties=parties)


def issue_document(invoice: Invoice, client: Client, kind: SeriesKind, *, at: datetime) -> None:
    """Issue a draft whose lines and totals are final; emits `invoice.issued`. The invoice is immutable afterwards.

    Raises Conflict for currencies other than the euro (the records are in euros), for a day before the last of the
    series, and for a chain whose last record was altered ("chain_broken"). Raises DataFault if no record or document
    can be made of the data.
    """
    if invoice.currency != EURO:
        raise Conflict("currency_not_euro", currency=invoice.currency)
    provider, buyer = issuer(), customer(client)
    zone = issuer_zone(provider)
    with blaming("fault.document"):
        pdf.render(invoice, timezone=client.timezone, qr_url=None, parties=pdf.Parties(provider, buyer))
    db.session.flush()  # other issuers wait from here on
    link = lock_chain()
    require_sound_end(link)
    made_at = max(at, link.made_at or at) if _same_day(at, link.made_at, zone) else at
    number = next_number(kind, at=made_at, zone=zone)
    invoice.issuer, invoice.customer = provider, buyer
    with blaming("fault.record"):
        _date(invoice, client, kind, number, made_at=made_at, zone=zone)
        record = _record(invoice, link, made_at=made_at, zone=zone)
        extend_chain(huella=record.huella, at=made_at)
        db.session.flush()
        _store_record(invoice, link, record, at=made_at)
    do_after_commit(partial(documents.keep, invoice.id))
    total = str(Money(invoice.total, invoice.currency))
    issued = InvoiceIssued(number=number.text, invoice_kind=kind, total=total, currency=invoice.currency)
    emit(issued, invoice.id, client_id=invoice.client_id, at=at)


def _same_day(at: datetime, other: datetime | None, zone: ZoneInfo) -> bool:
    return other is not None and at.astimezone(zone).date() == other.astimezone(zone).date()


def _date(
    invoice: Invoice, client: Client, kind: SeriesKind, number: Number, *, made_at: datetime, zone: ZoneInfo
) -> None:
    """Set number and dates: issue date in the zone of the place of issue, and due date."""
    issued_on = made_at.astimezone(zone).date()
    invoice.series, invoice.number = number
    invoice.issued_on, invoice.issued_at = issued_on, made_at
    invoice.due_on = issued_on + timedelta(days=client.payment_days) if kind == "invoice" else None
    invoice.state = "issued"


def _record(invoice: Invoice, link: ChainEnd, *, made_at: datetime, zone: ZoneInfo) -> Record:
    """The next record of the chain."""
    return alta(
        **_named(invoice),
        invoice_type=invoice.record_type,
        tax=Money(invoice.tax, EURO).decimal,
        previous=link.previous,
        generated_at=made_at,
        zone=zone,
    )


def _named(invoice: Invoice) -> _Named:
    """How the AEAT identifies an issued invoice in its record and its QR."""
    assert invoice.number is not None and invoice.issued_on is not None
    return {
        "issuer_nif": invoice.issuer["tax_id"],
        "number": invoice.number,
        "issued_on": invoice.issued_on,
        "total": Money(invoice.total, EURO).decimal,
    }


def _store_record(invoice: Invoice, link: ChainEnd, record: Record, *, at: datetime) -> None:
    """Store the record with its QR URL, which is printed in VERI*FACTU mode only."""
    url = qr_url(**_named(invoice), environment=_environment)
    db.session.add(
        InvoiceRecord(
            id=new_id(),
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            position=link.position,
            kind=record.kind,
            fields=dict(record.fields),
            previous=record.previous,
            huella=record.huella,
            qr_url=url,
            created_at=at,
        )
    )
    db.session.flush()

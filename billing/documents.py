"""The PDF of an issued invoice: rendered once and stored with its SHA-256.

Rendering happens after the invoice's transaction, so that it does not hold the lock on the chain. That the PDF can be
rendered is checked before the number is assigned (billing/issuing.py). If the process dies in between, the outbox
renders it, or the first request for it.
"""

import hashlib
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing import pdf
from billing.events import InvoiceIssued
from billing.models import Invoice, InvoiceDocument, InvoiceRecord
from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent, subscribe
from msp.kernel.issuer import verifactu_mode
from msp.kernel.leases import LATER


def listen() -> None:
    """Subscribe to issued invoices, so that the outbox renders missing PDFs."""
    subscribe("invoice_documents", to={InvoiceIssued}, handler=lambda issued: make_for(issued), priority=LATER)


def make_for(issued: DeliveredEvent[InvoiceIssued]) -> None:
    """Make the document of an issued invoice, unless it is there."""
    keep(issued.subject_id)


def keep(invoice_id: UUID) -> None:
    """Render and store the PDF of an issued invoice in its own unit of work. Idempotent."""
    with work(Scope.system()) as session:
        there = session.scalar(select(InvoiceDocument.invoice_id).where(InvoiceDocument.invoice_id == invoice_id))
        invoice = session.get(Invoice, invoice_id)
        if there is not None or invoice is None or invoice.state != "issued":
            return
        content = content_of(invoice)
        row = {
            "invoice_id": invoice.id,
            "client_id": invoice.client_id,
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": content,
            "created_at": clock.now(),
        }
        session.execute(insert(InvoiceDocument).values(**row).on_conflict_do_nothing())


def content_of(invoice: Invoice) -> bytes:
    """Render an issued invoice in the current unit of work. The bytes are the same each time."""
    client = db.session.get_one(Client, invoice.client_id)
    url = None
    if is_verifiable(invoice):
        url = db.session.scalar(select(InvoiceRecord.qr_url).where(InvoiceRecord.invoice_id == invoice.id))
    return pdf.render(invoice, timezone=client.timezone, qr_url=url)


def is_verifiable(invoice: Invoice) -> bool:
    """Whether an issued invoice may show the tax QR and legend: only in the mode that sends its record to the AEAT."""
    return verifactu_mode(invoice.issuer) != "off"

"""Queries for invoices: one, lists, and their entries. Read-only."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import raiseload

from billing import documents
from billing.models import Invoice, InvoiceDocument, InvoiceRecord, Payment
from msp.clients.models import Client
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.people.models import Person
from msp.tickets.label import Label
from msp.tickets.models import Ticket
from msp.worklog.models import TimeEntry


@dataclass(frozen=True, slots=True)
class BilledEntryText:
    """A billed entry for display: who did what when, for which ticket."""

    on: datetime
    ticket: str
    subject: str
    person: str
    note: str


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A row of an invoice list; amounts in minor units of `currency`, `state` as in the invoice vocabulary."""

    id: UUID
    client_name: str
    kind: str
    number: str | None
    period_start: date
    issued_on: date | None
    due_on: date | None
    state: str
    total: int
    currency: str
    hosted_url: str | None


@dataclass(frozen=True, slots=True)
class InvoicePdf:
    """An invoice's PDF: number, bytes and their SHA-256 in hex."""

    name: str
    content: bytes
    sha256: str


def access_invoice(invoice_id: UUID) -> Invoice:
    """The invoice with its lines; raises NotFound, also outside of the scope."""
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound("invoice")
    return invoice


def access_document(invoice_id: UUID) -> InvoicePdf:
    """An issued invoice's PDF, rendered if it is missing; raises NotFound, also for drafts."""
    found = _document(invoice_id)
    if found is not None:
        return found
    invoice = access_invoice(invoice_id)
    if invoice.state != "issued":
        raise NotFound("invoice_document")
    documents.keep(invoice_id)
    return _document(invoice_id) or _made(invoice)


def _made(invoice: Invoice) -> InvoicePdf:
    """The PDF of an invoice that the current unit of work issues; it is stored after the commit."""
    content = documents.content_of(invoice)
    return InvoicePdf(invoice.number or "", content, hashlib.sha256(content).hexdigest())


def _document(invoice_id: UUID) -> InvoicePdf | None:
    query = (
        select(InvoiceDocument.content, InvoiceDocument.sha256, Invoice.number)
        .join(Invoice, Invoice.id == InvoiceDocument.invoice_id)
        .where(InvoiceDocument.invoice_id == invoice_id)
    )
    row = db.session.execute(query).one_or_none()
    return InvoicePdf(row.number or "", row.content, row.sha256) if row else None


def payment_of(invoice_id: UUID) -> Payment | None:
    """The payment of an issued invoice; None for drafts and credit notes."""
    return db.session.get(Payment, invoice_id)


def record_of(invoice_id: UUID) -> InvoiceRecord | None:
    """The chained record of an issued invoice."""
    return db.session.scalars(select(InvoiceRecord).where(InvoiceRecord.invoice_id == invoice_id)).one_or_none()


def corrections_of(invoice_id: UUID) -> list[Invoice]:
    """The credit notes of an invoice, oldest first."""
    query = select(Invoice).options(raiseload(Invoice.lines)).where(Invoice.corrects_id == invoice_id)
    return list(db.session.scalars(query.order_by(Invoice.number)))


def billed_entry_texts(invoice: Invoice) -> dict[UUID, BilledEntryText]:
    """Display data of the entries on an invoice's lines, by entry id; one statement."""
    ids = {share.entry_id for line in invoice.lines for share in line.entries}
    if not ids:
        return {}
    query = (
        select(
            TimeEntry.id, TimeEntry.started_at, Client.code, Ticket.number, Ticket.subject, Person.name, TimeEntry.note
        )
        .join(Ticket, and_(Ticket.client_id == TimeEntry.client_id, Ticket.id == TimeEntry.ticket_id))
        .join(Client, Client.id == TimeEntry.client_id)
        .join(Person, Person.id == TimeEntry.person_id)
        .where(TimeEntry.client_id == invoice.client_id, TimeEntry.id.in_(ids))
    )
    return {
        id: BilledEntryText(started_at, str(Label(code, number)), subject, person, note)
        for id, started_at, code, number, subject, person, note in db.session.execute(query)
    }


def invoice_rows(
    *,
    today: date,
    client_id: UUID | None = None,
    states: Sequence[str] = (),
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[tuple[InvoiceRow, datetime]]:
    """Invoices, newest first, each with the paging position after it."""
    made = func.coalesce(Invoice.issued_at, Invoice.created_at)
    query = (
        select(Invoice, Client.name, Payment.state, Payment.hosted_url, made)
        .options(raiseload(Invoice.lines))
        .join(Client, Client.id == Invoice.client_id)
        .outerjoin(Payment, and_(Payment.client_id == Invoice.client_id, Payment.invoice_id == Invoice.id))
        .order_by(made.desc(), Invoice.id.desc())
        .limit(limit)
    )
    query = query.where(*_wanted(client_id, states, today))
    if before is not None:
        query = query.where((made < before[0]) | ((made == before[0]) & (Invoice.id < before[1])))
    return [
        (_row(invoice, name, payment_state, hosted_url, today), at)
        for invoice, name, payment_state, hosted_url, at in db.session.execute(query)
    ]


def invoices_page(
    *, today: date, client_id: UUID | None, states: Sequence[str], before: UUID | None, limit: int
) -> list[Invoice]:
    """Invoices without their lines, newest first, after the id `before`."""
    query = (
        select(Invoice)
        .options(raiseload(Invoice.lines))
        .outerjoin(Payment, and_(Payment.client_id == Invoice.client_id, Payment.invoice_id == Invoice.id))
        .order_by(Invoice.id.desc())
        .limit(limit)
    )
    query = query.where(*_wanted(client_id, states, today))
    if before is not None:
        query = query.where(Invoice.id < before)
    return list(db.session.scalars(query))


def _wanted(client_id: UUID | None, states: Sequence[str], today: date) -> Iterator[ColumnElement[bool]]:
    if client_id is not None:
        yield Invoice.client_id == client_id
    if states:
        yield _in_states(states, today)


def invoices_for_client(client_id: UUID, *, today: date, limit: int = 100) -> list[InvoiceRow]:
    """A client's issued invoices and credit notes, newest first, for its client managers."""
    rows = invoice_rows(today=today, client_id=client_id, states=("issued", "paid", "overdue", "void"), limit=limit)
    return [row for row, _ in rows]


def state_of(invoice: Invoice, payment_state: str | None, today: date) -> str:
    """An invoice's state on a day, as a word of the invoice vocabulary."""
    if invoice.state == "draft":
        return "draft"
    if payment_state in ("paid", "void", "refunded", "disputed"):
        return payment_state
    if payment_state is not None and invoice.due_on is not None and invoice.due_on < today:
        return "overdue"
    if payment_state == "partly_paid":
        return payment_state
    return "sent" if payment_state in ("open", "failed") else "issued"


def _in_states(states: Iterable[str], today: date) -> ColumnElement[bool]:
    owed = ("pending", "open", "failed", "cancelled", "partly_paid")
    late = and_(Payment.state.in_(owed), Invoice.due_on < today)
    settled = Payment.state.in_(("paid", "void"))
    conditions = {
        "draft": Invoice.state == "draft",
        "paid": Payment.state == "paid",
        "void": Payment.state == "void",
        "overdue": late,
        "issued": and_(Invoice.state == "issued", ~func.coalesce(or_(late, settled), False)),
    }
    return or_(*(conditions[state] for state in states))


def _row(
    invoice: Invoice, client_name: str, payment_state: str | None, hosted_url: str | None, today: date
) -> InvoiceRow:
    return InvoiceRow(
        id=invoice.id,
        client_name=client_name,
        kind=invoice.kind,
        number=invoice.number,
        period_start=invoice.period_start,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        state=state_of(invoice, payment_state, today),
        total=invoice.payable,
        currency=invoice.currency,
        hosted_url=hosted_url,
    )

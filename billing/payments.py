"""The payment ledger of an invoice, from which its payment state follows.

Entries are append-only; a mistake is reversed by another entry. Stripe's payments are added too
(billing/collection.py), so that transfers, cards, refunds and disputes are distinguished.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import func, select

from billing.events import InvoicePaid, InvoicePaymentFailed, InvoicePaymentNoted, InvoiceVoided
from billing.invoices import locked
from billing.issuing import day_at_issuer
from billing.models import Invoice, Payment, PaymentEntry
from msp.contracts.terms import FIRST_DAY, is_text
from msp.kernel.db import current_scope, db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.event_types import Event
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.kernel.money import Money

Direction: TypeAlias = Literal["received", "returned"]
METHODS = ("transfer", "direct_debit", "card", "cash", "other")
LONGEST_NOTE = 200
_EVENTS: dict[str, type[Event]] = {
    "paid": InvoicePaid,
    "failed": InvoicePaymentFailed,
    "cancelled": InvoiceVoided,
}


def note_payment(
    invoice_id: UUID, *, direction: Direction, amount: Money, method: str, on: date, note: str = "", at: datetime
) -> PaymentEntry:
    """Record a payment or repayment made outside of Stripe; emits `invoice.payment_noted`, and `invoice.paid` …

    Refuses drafts and credit notes, more than is due (or than was received), another currency, and days in the future
    at the place of issue. `at` is now, `on` the booking date.
    """
    invoice = locked(invoice_id)
    payment = locked_payment(invoice)
    sign = 1 if direction == "received" else -1
    most = due_of(invoice) - received(invoice_id) if sign > 0 else received(invoice_id)
    _check(invoice, amount, most=most, method=method, on=on, note=note, at=at)
    kind = method if sign > 0 else "refund"
    entry = add_entry(
        payment, kind=kind, method=method, amount=sign * amount.amount, on=on, at=at, note=note.strip() or None
    )
    restate(invoice, payment, at=at)
    return entry


def reverse_entry(entry_id: UUID, *, at: datetime) -> PaymentEntry:
    """Reverse a manually recorded entry. Refuses Stripe's ("not_noted_here") and reversed ones."""
    entry = db.session.get(PaymentEntry, entry_id)
    if entry is None:
        raise NotFound("payment_entry")
    invoice = locked(entry.invoice_id)
    payment = locked_payment(invoice)
    if entry.method is None or entry.takes_back_id is not None:
        raise Conflict("not_noted_here")
    twice = select(PaymentEntry.id).where(
        PaymentEntry.client_id == entry.client_id, PaymentEntry.takes_back_id == entry.id
    )
    if db.session.scalars(twice).first() is not None:
        raise Conflict("taken_back_already")
    made = add_entry(
        payment, kind="correction", method=entry.method, amount=-entry.amount, on=day_at_issuer(at), at=at,
        takes_back=entry.id,
    )  # fmt: skip
    restate(invoice, payment, at=at)
    return made


def add_entry(
    payment: Payment,
    *,
    kind: str,
    amount: int,
    on: date,
    at: datetime,
    method: str | None = None,
    external_id: str | None = None,
    note: str | None = None,
    takes_back: UUID | None = None,
) -> PaymentEntry:
    """Add an entry to the ledger, minor units, positive if received.

    Emits `invoice.payment_noted`, except for Stripe's payments, which the resulting state reports.
    """
    entry = PaymentEntry(
        id=new_id(),
        client_id=payment.client_id,
        invoice_id=payment.invoice_id,
        kind=kind,
        method=method,
        amount=amount,
        on_day=on,
        external_id=external_id,
        note=note,
        takes_back_id=takes_back,
        person_id=current_scope().actor_id,
        created_at=at,
    )
    db.session.add(entry)
    db.session.flush()
    if kind == "stripe":
        return entry
    noted = InvoicePaymentNoted(payment_kind=kind, amount=amount, entry_id=entry.id)
    emit(noted, payment.invoice_id, client_id=payment.client_id, at=at)
    return entry


def restate(invoice: Invoice, payment: Payment, *, at: datetime) -> None:
    """Update a payment's state from ledger and credit notes; emits what changed.

    void: fully credited. disputed, refunded: the money was returned. cancelled: Stripe no longer collects it, but it is
    still owed. Otherwise paid, partly paid, or the state of the request at Stripe.
    """
    before = payment.state
    payment.amount_paid, payment.updated_at = received(invoice.id), at
    payment.state = _state(invoice, payment)
    payment.paid_at = (payment.paid_at or at) if payment.state == "paid" else None
    db.session.flush()
    if payment.state != before and (event := _EVENTS.get(payment.state)):
        emit(event(), invoice.id, client_id=invoice.client_id, at=at)


def _state(invoice: Invoice, payment: Payment) -> str:
    due, paid = due_of(invoice), payment.amount_paid
    if is_wholly_credited(invoice):
        return "void"
    if _open_disputes(invoice.id):
        return "disputed"
    if paid >= due:
        return "paid"
    if paid <= 0 and _was_refunded(invoice.id):
        return "refunded"
    return "partly_paid" if paid > 0 else payment.request


def due_of(invoice: Invoice) -> int:
    """What is due on an invoice after its credit notes, in minor units."""
    query = select(func.coalesce(func.sum(Invoice.payable), 0)).where(
        Invoice.client_id == invoice.client_id, Invoice.corrects_id == invoice.id, Invoice.state == "issued"
    )
    return invoice.payable + int(db.session.scalar(query) or 0)


def received(invoice_id: UUID) -> int:
    """What was received for an invoice and not returned, in minor units."""
    query = select(func.coalesce(func.sum(PaymentEntry.amount), 0)).where(PaymentEntry.invoice_id == invoice_id)
    return int(db.session.scalar(query) or 0)


def is_wholly_credited(invoice: Invoice) -> bool:
    """Whether credit notes, one or several, cover the whole invoice."""
    query = select(Invoice.id).where(
        Invoice.client_id == invoice.client_id, Invoice.corrects_id == invoice.id, Invoice.corrects_all
    )
    return db.session.scalars(query.where(Invoice.state == "issued")).first() is not None


def entries_of(invoice_id: UUID) -> Sequence[PaymentEntry]:
    """The ledger of an invoice in chronological order."""
    query = select(PaymentEntry).where(PaymentEntry.invoice_id == invoice_id).order_by(PaymentEntry.id)
    return db.session.scalars(query).all()


def locked_payment(invoice: Invoice) -> Payment:
    """The payment of an issued invoice, locked until the transaction ends; raises Conflict for other invoices."""
    query = select(Payment).where(Payment.client_id == invoice.client_id, Payment.invoice_id == invoice.id)
    found = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise Conflict("invoice_not_payable")
    return found


def _open_disputes(invoice_id: UUID) -> bool:
    """Whether a bank holds money for an open dispute."""
    kinds = [entry.kind for entry in entries_of(invoice_id)]
    return kinds.count("dispute") > kinds.count("dispute_won") + kinds.count("dispute_lost")


def _was_refunded(invoice_id: UUID) -> bool:
    return any(entry.kind == "refund" for entry in entries_of(invoice_id))


def _check(invoice: Invoice, amount: Money, *, most: int, method: str, on: date, note: str, at: datetime) -> None:
    fields: dict[str, list[str]] = {}
    if amount.currency != invoice.currency:
        fields["amount"] = ["money_mixed"]
    elif amount.amount <= 0:
        fields["amount"] = ["invalid"]
    elif amount.amount > most:
        fields["amount"] = ["more_than_due"]
    if method not in METHODS:
        fields["method"] = ["unknown"]
    today = day_at_issuer(at)
    if not FIRST_DAY <= on <= today:
        fields["on"] = ["in_future" if on > today else "invalid"]
    if len(note) > LONGEST_NOTE or not is_text(note, blank=True):
        fields["note"] = ["invalid"]
    if fields:
        raise Invalid(fields=fields)

"""The ledger on an invoice's page, and the form to record payments."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from billing import payments, queries
from billing.models import Invoice, PaymentEntry
from billing.month import today_at_issuer
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.money import InvalidMoney, Money
from msp.web.admin.forms import Form, day, decimal
from msp.web.guards import is_first_time, needs
from msp.words.refusals import message

Row = dict[str, object]


def add_routes(blueprint: Blueprint) -> None:
    """Add the routes."""
    bill = needs("bill")
    path = "/invoices/<uuid:invoice_id>/payments"
    blueprint.add_url_rule(path, "note_payment", bill(note_payment), methods=["POST"])
    blueprint.add_url_rule(f"{path}/<uuid:entry_id>/take-back", "take_back", bill(take_back), methods=["POST"])


def shown(invoice: Invoice) -> Row | None:
    """The ledger of an issued invoice, and what may be recorded; None for drafts and credit notes."""
    payment = queries.payment_of(invoice.id)
    if payment is None:
        return None
    entries = payments.entries_of(invoice.id)
    taken_back = {entry.takes_back_id for entry in entries}
    received = payments.received(invoice.id)
    return {
        "entries": [_row(entry, is_taken_back=entry.id in taken_back) for entry in entries],
        "due": payments.due_of(invoice) - received,
        "to_return": received if payment.state == "void" else max(received - payments.due_of(invoice), 0),
        "is_cancelled": payment.request == "cancelled" and payment.state == "cancelled",
        "methods": [(method, method_name(method)) for method in payments.METHODS],
        "today": today_at_issuer(clock.now()).isoformat(),
    }


def _row(entry: PaymentEntry, *, is_taken_back: bool) -> Row:
    return {
        "id": entry.id,
        "text": kind_name(entry),
        "note": entry.note or "",
        "on": entry.on_day,
        "amount": entry.amount,
        "is_taken_back": is_taken_back,
        "may_take_back": entry.method is not None and entry.takes_back_id is None and not is_taken_back,
    }


def method_name(method: str) -> str:
    """The name of a payment method."""
    return {
        "transfer": gettext("Bank transfer"),
        "direct_debit": gettext("Direct debit"),
        "card": gettext("Card"),
        "cash": gettext("Cash"),
    }.get(method, gettext("Other payment"))


def kind_name(entry: PaymentEntry) -> str:
    """The name of a kind of ledger entry."""
    known = {
        "stripe": gettext("Paid through Stripe"),
        "refund": gettext("Refund"),
        "refund_failed": gettext("The refund failed"),
        "dispute": gettext("Disputed: reversed by the bank"),
        "dispute_won": gettext("Dispute won: paid again"),
        "dispute_lost": gettext("Dispute lost"),
        "correction": gettext("Correction of an entry"),
    }
    return known.get(entry.kind) or method_name(entry.kind)


def note_payment(invoice_id: UUID) -> AnyResponse:
    """Record a payment or repayment."""
    invoice, form = queries.access_invoice(invoice_id), Form(request.form)
    amount, on = form.read("amount", lambda text: _money(text, invoice.currency)), form.read("on", day)
    if amount is None or on is None:
        return _back(invoice_id, gettext("Amount or date is not valid."))
    direction: payments.Direction = "returned" if form.text("direction") == "returned" else "received"
    try:
        if is_first_time():
            payments.note_payment(
                invoice_id, direction=direction, amount=amount, method=form.text("method"), on=on,
                note=form.text("note"), at=clock.now(),
            )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return _back(invoice_id, message(refused))
    flash(gettext("Saved."), "green")
    return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)


def take_back(invoice_id: UUID, entry_id: UUID) -> AnyResponse:
    """Reverse an entry recorded by mistake."""
    queries.access_invoice(invoice_id)
    if entry_id not in {entry.id for entry in payments.entries_of(invoice_id)}:
        raise NotFound("payment_entry")
    try:
        payments.reverse_entry(entry_id, at=clock.now())
    except Conflict as refused:
        return _back(invoice_id, message(refused))
    return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)


def _money(text: str, currency: str) -> Money:
    try:
        return Money.parse(decimal(text), currency)
    except InvalidMoney as wrong:
        raise ValueError(text) from wrong


def _back(invoice_id: UUID, text: str) -> AnyResponse:
    db.session.rollback()
    flash(text, "red")
    return redirect(url_for("billing.invoice", invoice_id=invoice_id), 303)

"""What is sent to Stripe for an invoice, and how its answers are stored, each in its own transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from billing.events import InvoicePaymentOpened
from billing.issuing import day_at_issuer
from billing.models import Invoice, InvoiceLine, Payment, StripeCustomer
from billing.payments import add_entry, entries_of, restate
from billing.pdf import tax_words
from billing.sentences.figures import days
from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.events import emit
from msp.kernel.i18n import reading_as
from msp.kernel.money import plain

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class TaxKey:
    """A tax rate at Stripe: name and percentage as text; None if not taxed."""

    name: str
    percent: str


@dataclass(frozen=True, slots=True)
class Item:
    """An invoice item at Stripe: a contract's section under one tax rate, in minor units."""

    text: str
    amount: int
    tax: TaxKey | None


@dataclass(frozen=True, slots=True)
class InvoiceForCollection:
    """An issued invoice or credit note as its collection needs it; amounts in minor units of `currency`."""

    id: UUID
    client_id: UUID
    kind: str
    number: str
    currency: str
    payable: int
    issued_at: datetime
    days_until_due: int
    footer: str
    items: tuple[Item, ...]
    items_with_tax_apart: tuple[Item, ...]
    customer: Json
    customer_id: str | None
    state: str
    stripe_id: str | None
    corrects_all: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund or dispute: signed minor units, at a Unix time.

    `needs` is the entry without which this one has no effect: the refund that failed, the dispute that was won.
    """

    external_id: str
    kind: str
    amount: int
    at: int
    needs: str | None = None


def read_for_collection(invoice_id: UUID) -> InvoiceForCollection | None:
    """Read what to collect or credit. A credit note has the state and Stripe id of the invoice that it corrects."""
    with work(Scope.system()) as session:
        invoice = session.get(Invoice, invoice_id)
        if invoice is None or invoice.number is None or invoice.issued_at is None or invoice.issued_on is None:
            return None
        client = session.get_one(Client, invoice.client_id)
        payment = session.get_one(Payment, invoice.corrects_id or invoice.id)
        customer = session.get(StripeCustomer, client.id)
        with reading_as(invoice.locale, client.timezone):
            items, footer = _items(invoice), gettext("Payment request for invoice %(number)s", number=invoice.number)
            taxes = tuple(
                Item(tax_words(row["name"], row["category"], Decimal(row["rate"])), row["amount"], None)
                for row in invoice.taxes
                if row["amount"]
            )
            held = _withheld(invoice)
        return InvoiceForCollection(
            id=invoice.id,
            client_id=client.id,
            kind=invoice.kind,
            number=invoice.number,
            currency=invoice.currency.lower(),
            payable=invoice.payable,
            issued_at=invoice.issued_at,
            days_until_due=(invoice.due_on - invoice.issued_on).days if invoice.due_on else 0,
            footer=footer,
            items=(*items, *held),
            items_with_tax_apart=(*(Item(item.text, item.amount, None) for item in items), *taxes, *held),
            customer=_customer(invoice, client),
            customer_id=customer.customer_id if customer else None,
            state=payment.state,
            stripe_id=payment.stripe_invoice_id,
            corrects_all=invoice.corrects_all,
        )


def _items(invoice: Invoice) -> tuple[Item, ...]:
    sums: dict[tuple[str, TaxKey | None], int] = {}
    for line in invoice.lines:
        key = (line.contract_name or "", _tax_key(line))
        sums[key] = sums.get(key, 0) + line.net
    when = days(invoice.period_start.isoformat(), invoice.period_end.isoformat())
    return tuple(
        Item(f"{name} · {when}" if name else when, amount, tax) for (name, tax), amount in sums.items() if amount
    )


def _tax_key(line: InvoiceLine) -> TaxKey | None:
    return TaxKey(line.tax_name, plain(Decimal(line.tax_rate))) if line.tax_rate else None


def _withheld(invoice: Invoice) -> tuple[Item, ...]:
    return (Item(gettext("Withholding (IRPF)"), -invoice.withholding, None),) if invoice.withholding else ()


def _customer(invoice: Invoice, client: Client) -> Json:
    address = invoice.customer.get("address") or {}
    place = {
        "line1": address.get("line1"),
        "postal_code": address.get("postcode"),
        "city": address.get("city"),
        "country": address.get("country"),
    }
    found = {
        "name": invoice.customer.get("name") or client.name,
        "email": client.billing_email,
        "preferred_locales": [invoice.locale],
        "metadata": {"client_uuid": str(client.id), "client_code": client.code},
        "address": {name: text for name, text in place.items() if text},
    }
    return {name: value for name, value in found.items() if value}


def store_customer(client_id: UUID, customer_id: str) -> str:
    """Store a client's Stripe customer id, unless one is stored already. Returns the stored one."""
    with work(Scope.system()) as session:
        session.execute(
            insert(StripeCustomer)
            .values(client_id=client_id, customer_id=customer_id, created_at=clock.now())
            .on_conflict_do_nothing()
        )
        return session.get_one(StripeCustomer, client_id).customer_id


def store_stripe_id(invoice_id: UUID, stripe_id: str) -> None:
    """Store the id of the Stripe invoice."""
    with work(Scope.system()) as session:
        payment = session.get_one(Payment, invoice_id, with_for_update=True)
        payment.stripe_invoice_id, payment.updated_at = stripe_id, clock.now()


def store_open(invoice_id: UUID, *, hosted_url: str | None) -> str:
    """Record the open Stripe invoice and its payment URL; emits `invoice.sent` once. Returns the current state."""
    with work(Scope.system()) as session:
        payment = session.get_one(Payment, invoice_id, with_for_update=True)
        is_news = payment.hosted_url is None
        payment.hosted_url, payment.reason = hosted_url, None
        if payment.request == "pending":
            payment.request = "open"
        if is_news:
            emit(InvoicePaymentOpened(), invoice_id, client_id=payment.client_id)
        restate(session.get_one(Invoice, invoice_id), payment, at=clock.now())
        return payment.state


def store_reason(invoice_id: UUID, reason: str) -> None:
    """Store why Stripe refused an invoice, for the console."""
    with work(Scope.system()) as session:
        payment = session.get(Payment, invoice_id, with_for_update=True)
        if payment is not None:
            payment.reason, payment.updated_at = reason[:LONGEST_REASON], clock.now()


@dataclass(frozen=True, slots=True)
class Collected:
    """The state of a Stripe invoice: status, amounts paid there and outside of it in minor units, and when.

    `is_closed_here`: we marked it as paid out of band, so its payment is not a new one.
    """

    status: str
    failed: bool
    amount_paid: int
    paid_outside: int
    paid_at: int | None
    is_closed_here: bool = False


def store_status(stripe_id: str, *, invoice_uuid: str, found: Collected) -> None:
    """Update ledger and payment state from the Stripe invoice. Unknown invoices are ignored. Idempotent.

    Events arrive repeatedly and in any order: the amount received is compared with the ledger, so late events add
    nothing.
    """
    with work(Scope.system()) as session:
        payment = _payment(stripe_id, invoice_uuid)
        if payment is None:
            return
        at = clock.now()
        invoice = session.get_one(Invoice, payment.invoice_id)
        _add_received(payment, stripe_id, found, at=at)
        payment.request = _request(payment.request, found)
        restate(invoice, payment, at=at)


def _add_received(payment: Payment, stripe_id: str, found: Collected, *, at: datetime) -> None:
    """Add what Stripe received, or was notified of, beyond what the ledger has."""
    on = day_at_issuer(datetime.fromtimestamp(found.paid_at, UTC) if found.paid_at else at)
    entries = entries_of(payment.invoice_id)
    here = sum(entry.amount for entry in entries if entry.kind == "stripe")
    if (more := found.amount_paid - found.paid_outside - here) > 0:
        external_id = f"{stripe_id}:{found.amount_paid - found.paid_outside}"
        add_entry(payment, kind="stripe", amount=more, on=on, at=at, external_id=external_id)
    if found.is_closed_here:
        return
    noted = sum(entry.amount for entry in entries if entry.method is not None and entry.kind != "refund")
    outside = sum(entry.amount for entry in entries if entry.kind == "other" and entry.method is None)
    if (more := found.paid_outside - noted - outside) > 0:
        add_entry(payment, kind="other", amount=more, on=on, at=at, external_id=f"{stripe_id}:outside:{more}")


def _request(before: str, found: Collected) -> str:
    """The state of the request at Stripe; a failure stays until the next attempt succeeds or the request ends."""
    if found.status == "void" or (found.status == "paid" and found.is_closed_here):
        return "cancelled"  # it can no longer be paid there
    if found.status == "uncollectible" or (found.status == "open" and (found.failed or before == "failed")):
        return "failed"
    return "open"


def store_refunds(stripe_id: str, returns: Iterable[Refund]) -> None:
    """Add refunds and disputes to the ledger, each once, with their outcome."""
    with work(Scope.system()) as session:
        payment = _payment(stripe_id, "")
        if payment is None:
            return
        at = clock.now()
        known = {entry.external_id for entry in entries_of(payment.invoice_id)}
        for each in returns:
            if each.external_id not in known and (each.needs is None or each.needs in known):
                on = day_at_issuer(datetime.fromtimestamp(each.at, UTC))
                add_entry(payment, kind=each.kind, amount=each.amount, on=on, at=at, external_id=each.external_id)
                known.add(each.external_id)
        restate(session.get_one(Invoice, payment.invoice_id), payment, at=at)


def _payment(stripe_id: str, invoice_uuid: str) -> Payment | None:
    conditions = [Payment.stripe_invoice_id == stripe_id]
    try:
        # The event may arrive before the Stripe invoice's id is stored.
        conditions.append((Payment.invoice_id == UUID(invoice_uuid)) & Payment.stripe_invoice_id.is_(None))
    except ValueError:
        pass  # not one of ours
    return db.session.scalars(select(Payment).where(or_(*conditions)).with_for_update()).one_or_none()

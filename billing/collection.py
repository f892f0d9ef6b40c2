"""What Stripe is told of an invoice and what we keep of its answers, each in a transaction of its own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from billing.models import Invoice, InvoiceLine, Payment, StripeCustomer
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
    """A tax rate as Stripe keeps it: name and percentage as text; None of them for what is not taxed."""

    name: str
    percent: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line there: a contract's section under one tax rate, in minor units."""

    text: str
    amount: int
    tax: TaxKey | None


@dataclass(frozen=True, slots=True)
class Collectable:
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


def read_collectable(invoice_id: UUID) -> Collectable | None:
    """What is to be collected or corrected; state and Stripe id of a credit note are those of what it corrects."""
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
        return Collectable(
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


def keep_customer(client_id: UUID, customer_id: str) -> str:
    """Remember a client's customer at Stripe, once; the one that was there before wins."""
    with work(Scope.system()) as session:
        session.execute(
            insert(StripeCustomer)
            .values(client_id=client_id, customer_id=customer_id, created_at=clock.now())
            .on_conflict_do_nothing()
        )
        return session.get_one(StripeCustomer, client_id).customer_id


def keep_twin(invoice_id: UUID, stripe_id: str) -> None:
    """Remember the invoice's twin at Stripe as soon as it exists."""
    with work(Scope.system()) as session:
        payment = session.get_one(Payment, invoice_id, with_for_update=True)
        payment.stripe_invoice_id, payment.updated_at = stripe_id, clock.now()


def keep_open(invoice_id: UUID, *, hosted_url: str | None, state: str) -> str:
    """Note that the twin waits to be paid, and where; emits `invoice.sent` once. Gives the state that holds now."""
    with work(Scope.system()) as session:
        payment = session.get_one(Payment, invoice_id, with_for_update=True)
        is_news = payment.hosted_url is None
        payment.hosted_url, payment.reason, payment.updated_at = hosted_url, None, clock.now()
        if payment.state == "pending":
            payment.state = state
        if is_news:
            emit("invoice.sent", invoice_id, client_id=payment.client_id)
        return payment.state


def keep_reason(invoice_id: UUID, reason: str) -> None:
    """Note why Stripe would not take an invoice, for a person to see."""
    with work(Scope.system()) as session:
        payment = session.get(Payment, invoice_id, with_for_update=True)
        if payment is not None:
            payment.reason, payment.updated_at = reason[:LONGEST_REASON], clock.now()


def keep_status(
    stripe_id: str, *, invoice_uuid: str, status: str, failed: bool, amount_paid: int, paid_at: int | None
) -> None:
    """Bring a payment to what Stripe says of the twin now; emits what changed. Unknown invoices are no concern of ours.

    What is paid stays paid: events come twice and in any order, and a late one tells nothing new.
    """
    with work(Scope.system()) as session:
        payment = _payment(stripe_id, invoice_uuid)
        if payment is None or payment.state == "paid":
            return
        state = {"paid": "paid", "void": "void", "uncollectible": "failed"}.get(status)
        if status == "open" and payment.state != "void":
            state = "failed" if failed else payment.state if payment.state == "failed" else "open"
        if state is None or state == payment.state:
            return
        at = clock.now()
        payment.state, payment.updated_at = state, at
        if state == "paid":
            payment.amount_paid = amount_paid
            payment.paid_at = datetime.fromtimestamp(paid_at, UTC) if paid_at else at
        session.flush()
        if kind := {"paid": "invoice.paid", "failed": "invoice.payment_failed", "void": "invoice.voided"}.get(state):
            emit(kind, payment.invoice_id, client_id=payment.client_id, at=at)


def _payment(stripe_id: str, invoice_uuid: str) -> Payment | None:
    conditions = [Payment.stripe_invoice_id == stripe_id]
    try:
        # The news may be faster than we are at noting the twin's id.
        conditions.append((Payment.invoice_id == UUID(invoice_uuid)) & Payment.stripe_invoice_id.is_(None))
    except ValueError:
        pass  # not one of ours
    return db.session.scalars(select(Payment).where(or_(*conditions)).with_for_update()).one_or_none()

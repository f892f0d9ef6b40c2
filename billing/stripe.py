"""Collection through Stripe: each issued invoice gets a Stripe invoice that can be paid; webhooks report payment.

The legal invoice is ours; Stripe only collects. Every step is idempotent: existing objects are looked up by our uuid in
their metadata, and each request has an idempotency key made of it (Stripe keeps those for a day). Source:
docs.stripe.com/api for the version that billing/stripe_client.py pins.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import stripe
from flask import Flask
from stripe import StripeClient

from billing.collection import (
    Collected,
    InvoiceForCollection,
    Item,
    TaxKey,
    read_for_collection,
    store_customer,
    store_open,
    store_reason,
    store_refunds,
    store_status,
    store_stripe_id,
)
from billing.events import InvoiceIssued, InvoicePaymentNoted, InvoicePushRequested
from billing.stripe_client import connect
from billing.stripe_returns import returns_of, subject_of
from billing.stripe_webhook import MAX_BODY, webhook
from msp.config import Settings
from msp.kernel import inbox
from msp.kernel.deadlines import DeadlineExceeded, deadline
from msp.kernel.destinations import PAYMENT
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent, subscribe
from msp.kernel.http_outcomes import is_temporary, retry_after
from msp.kernel.leases import LATER
from msp.web.request_scope import own_scope
from msp.web.reserved import reserve

ASKED_SECONDS = 60.0  # seconds for all calls of one event or invoice
SETTLED = ("void", "paid", "refunded", "disputed")
CLOSED = "closed_by_guardia"  # metadata of the Stripe invoice: its outside payment is in our ledger
_RATES, _LINES = "rates", "lines"  # metadata: whether tax is given by Stripe's rates or as lines

Result = TypeVar("Result")


def register(app: Flask, settings: Settings) -> None:
    """Push issued invoices and receive Stripe's webhooks; does nothing without Stripe's keys."""
    if not settings.stripe_enabled:
        return
    listen(connect(settings.stripe_api_key, base=settings.stripe_api_base))
    if settings.stripe_webhook_secret:
        endpoint = own_scope(partial(webhook, settings.stripe_webhook_secret))
        app.add_url_rule("/stripe/webhook", "stripe_webhook", endpoint, methods=["POST"])
        reserve(app, "/stripe/webhook", most=MAX_BODY)


def listen(client: StripeClient) -> None:
    """Subscribe this account to issued invoices, and register the handler of its webhook events."""
    events = {InvoiceIssued, InvoicePushRequested, InvoicePaymentNoted}
    subscribe("stripe", to=events, handler=partial(push, client), priority=LATER, destination=PAYMENT)
    inbox.register_source("stripe", partial(receive, client))


def push(client: StripeClient, delivered: DeliveredEvent[Event]) -> None:
    """Create an issued invoice, or its credit note, at Stripe; raises Temporary or Permanent."""
    bill = read_for_collection(delivered.subject_id)
    if bill is None:
        return
    again = "" if isinstance(delivered.event, InvoiceIssued) else f"-{delivered.id.hex[-8:]}"
    try:
        if isinstance(delivered.event, InvoicePaymentNoted):
            _call(lambda: _close_paid(client, bill))
        elif bill.kind == "credit_note":
            _call(lambda: _correct(client, bill))
            _call(lambda: _close_paid(client, bill))  # the rest may be paid already
        elif bill.payable > 0 and bill.state not in SETTLED:
            _call(lambda: _collect(client, bill, key=f"inv-{bill.id}{again}"))
    except Permanent as refusal:
        store_reason(bill.id, refusal.reason)
        raise


def _call(ask: Callable[[], Result]) -> Result:
    """Call Stripe; its errors become Temporary or Permanent."""
    try:
        with deadline(ASKED_SECONDS):
            return ask()
    except stripe.RateLimitError as error:
        raise Temporary("stripe_busy", retry_after=retry_after(error.headers)) from error
    except stripe.APIConnectionError as error:
        raise Temporary("stripe_unreachable") from error
    except DeadlineExceeded as error:
        raise Temporary("stripe_unreachable") from error
    except UnicodeDecodeError as error:  # not UTF-8: not Stripe's answer
        raise Temporary("stripe_no_sense") from error
    except stripe.StripeError as error:
        # A status below 400 with an error was not Stripe's answer but, for example, a proxy's page.
        status = error.http_status or 0
        if status < 400 or status == 409 or is_temporary(status):
            raise Temporary(f"stripe_{error.http_status}", retry_after=retry_after(error.headers)) from error
        raise Permanent(error.user_message or str(error)) from error


def _collect(client: StripeClient, bill: InvoiceForCollection, *, key: str) -> None:
    customer = bill.customer_id or _customer(client, bill)
    stripe_invoice, tax = _find(client, bill, customer)
    if stripe_invoice is None:
        stripe_invoice = _draft(client, bill, customer, key=key, tax=tax)
    if stripe_invoice.status == "draft":
        stripe_invoice = _complete(client, bill, stripe_invoice, key=key)
        if stripe_invoice.total != bill.payable:
            stripe_invoice = _rebuild(client, bill, customer, stripe_invoice, key=key)
        stripe_invoice = client.v1.invoices.finalize_invoice(
            str(stripe_invoice.id), {"auto_advance": False}, {"idempotency_key": f"{key}-finalize-{stripe_invoice.id}"}
        )
    state = store_open(bill.id, hosted_url=stripe_invoice.hosted_invoice_url)
    if state == "void" and stripe_invoice.status == "open":  # credited meanwhile
        client.v1.invoices.void_invoice(str(stripe_invoice.id), {}, {"idempotency_key": f"{key}-void"})
    elif state == "paid" and stripe_invoice.status == "open":  # paid by transfer meanwhile
        _pay_outside(client, bill, str(stripe_invoice.id))


def _close_paid(client: StripeClient, bill: InvoiceForCollection) -> None:
    """Close the Stripe invoice of an invoice that was paid outside of Stripe."""
    if bill.state != "paid" or bill.stripe_id is None:
        return
    stripe_invoice = _existing(client, bill.stripe_id)
    if stripe_invoice is not None and stripe_invoice.status == "open":
        _pay_outside(client, bill, str(stripe_invoice.id))


def _pay_outside(client: StripeClient, bill: InvoiceForCollection, twin_id: str) -> None:
    """Mark a Stripe invoice as paid out of band, so that its webhook is not recorded as a payment."""
    client.v1.invoices.update(twin_id, {"metadata": {CLOSED: "yes"}}, {"idempotency_key": f"inv-{bill.id}-closed"})
    client.v1.invoices.pay(twin_id, {"paid_out_of_band": True}, {"idempotency_key": f"inv-{bill.id}-outside"})


def _customer(client: StripeClient, bill: InvoiceForCollection) -> str:
    """The client's customer at Stripe, found by our uuid or created."""
    query = f'metadata["client_uuid"]:"{bill.client_id}"'
    found = client.v1.customers.search({"query": query, "limit": 1}).data
    if not found:
        params: Any = bill.customer
        found = [client.v1.customers.create(params, {"idempotency_key": f"client-{bill.client_id}-customer"})]
    return store_customer(bill.client_id, found[0].id)


def _find(client: StripeClient, bill: InvoiceForCollection, customer: str) -> tuple[stripe.Invoice | None, str]:
    """The Stripe invoice, if any, and how the next one would state its tax.

    Lists the customer's invoices instead of searching: search results may lag by a minute.
    """
    if bill.stripe_id is not None:
        stripe_invoice = _existing(client, bill.stripe_id)
        # A missing one was deleted because of its totals, before its replacement was created.
        return stripe_invoice, _RATES if stripe_invoice else _LINES
    for stripe_invoice in client.v1.invoices.list({"customer": customer, "limit": 100}).auto_paging_iter():
        if _metadata(stripe_invoice).get("invoice_uuid") == str(bill.id) and stripe_invoice.status != "void":
            store_stripe_id(bill.id, str(stripe_invoice.id))
            return stripe_invoice, _RATES
    return None, _RATES


def _draft(client: StripeClient, bill: InvoiceForCollection, customer: str, *, key: str, tax: str) -> stripe.Invoice:
    stripe_invoice = client.v1.invoices.create(
        {
            "customer": customer,
            "currency": bill.currency,
            "collection_method": "send_invoice",
            "days_until_due": bill.days_until_due,
            "auto_advance": False,
            "number": bill.number,
            "effective_at": int(bill.issued_at.timestamp()),
            "pending_invoice_items_behavior": "exclude",
            "footer": bill.footer,
            "metadata": {"invoice_uuid": str(bill.id), "client_uuid": str(bill.client_id), "tax": tax},
        },
        {"idempotency_key": f"{key}-create-{tax}"},
    )
    store_stripe_id(bill.id, str(stripe_invoice.id))
    return stripe_invoice


def _complete(
    client: StripeClient, bill: InvoiceForCollection, stripe_invoice: stripe.Invoice, *, key: str
) -> stripe.Invoice:
    """Add the missing lines to a draft; returns it with its totals."""
    items = bill.items_with_tax_apart if _metadata(stripe_invoice).get("tax") == _LINES else bill.items
    there = client.v1.invoice_items.list({"invoice": str(stripe_invoice.id), "limit": 100}).auto_paging_iter()
    done = {_metadata(item).get("line") for item in there}
    for number, item in enumerate(items, start=1):
        if str(number) not in done:
            options: Any = {"idempotency_key": f"{key}-line-{number}-{stripe_invoice.id}"}
            client.v1.invoice_items.create(_item(client, bill, stripe_invoice, item, number), options)
    return client.v1.invoices.retrieve(str(stripe_invoice.id))


def _item(
    client: StripeClient, bill: InvoiceForCollection, stripe_invoice: stripe.Invoice, item: Item, number: int
) -> Any:
    params: dict[str, Any] = {
        "customer": str(stripe_invoice.customer),
        "invoice": str(stripe_invoice.id),
        "amount": item.amount,
        "currency": bill.currency,
        "description": item.text,
        "metadata": {"line": str(number)},
    }
    return params | {"tax_rates": [_tax_rate(client, item.tax)]} if item.tax else params


def _tax_rate(client: StripeClient, tax: TaxKey) -> str:
    """The account's tax rate of this name and percentage; created if missing."""
    for rate in client.v1.tax_rates.list({"active": True, "inclusive": False, "limit": 100}).auto_paging_iter():
        if _metadata(rate).get("tax") == f"{tax.name} {tax.percent}":
            return rate.id
    params: Any = {
        "display_name": tax.name,
        "percentage": tax.percent,  # as text, to avoid float rounding
        "inclusive": False,
        "country": "ES",
        "metadata": {"tax": f"{tax.name} {tax.percent}"},
    }
    made = client.v1.tax_rates.create(params, {"idempotency_key": f"tax-{tax.name}-{tax.percent}"})
    return made.id


def _rebuild(
    client: StripeClient, bill: InvoiceForCollection, customer: str, stripe_invoice: stripe.Invoice, *, key: str
) -> stripe.Invoice:
    """If Stripe's rounding differs by a cent, start again with the tax as lines, which is exact."""
    if _metadata(stripe_invoice).get("tax") == _LINES:
        raise Permanent(f"total_differs: {stripe_invoice.total} there, {bill.payable} here")
    client.v1.invoices.delete(str(stripe_invoice.id))
    plain = _complete(client, bill, _draft(client, bill, customer, key=key, tax=_LINES), key=key)
    if plain.total != bill.payable:
        raise Permanent(f"total_differs: {plain.total} there, {bill.payable} here")
    return plain


def _correct(client: StripeClient, note: InvoiceForCollection) -> None:
    """Apply a credit note: void the Stripe invoice if it is fully credited and unpaid, else credit it there."""
    if note.stripe_id is None:
        if note.corrects_all:
            return  # the corrected invoice was never sent to Stripe
        raise Temporary("invoice_not_at_stripe_yet")
    stripe_invoice = client.v1.invoices.retrieve(note.stripe_id)
    if stripe_invoice.status == "draft":
        raise Temporary("invoice_not_at_stripe_yet")
    if stripe_invoice.status == "void":
        return
    key = f"inv-{note.id}"
    if note.corrects_all and not stripe_invoice.amount_paid and not _credited(client, stripe_invoice):
        client.v1.invoices.void_invoice(str(stripe_invoice.id), {}, {"idempotency_key": f"{key}-void"})
        return
    if str(note.id) in {_metadata(each).get("credit_note_uuid") for each in _credited(client, stripe_invoice)}:
        return
    amount = -note.payable
    params: dict[str, Any] = {
        "invoice": str(stripe_invoice.id),
        "amount": amount,
        "memo": note.number,
        "effective_at": int(note.issued_at.timestamp()),
        "metadata": {"credit_note_uuid": str(note.id)},
    }
    if (refunded := amount - min(amount, stripe_invoice.amount_remaining)) > 0:
        params["out_of_band_amount"] = refunded  # a person decides how to refund
    typed: Any = params
    client.v1.credit_notes.create(typed, {"idempotency_key": f"{key}-credit"})


def _credited(client: StripeClient, stripe_invoice: stripe.Invoice) -> list[stripe.CreditNote]:
    return list(client.v1.credit_notes.list({"invoice": str(stripe_invoice.id), "limit": 100}).auto_paging_iter())


def receive(client: StripeClient, received: inbox.Received) -> None:
    """Handle a stored event: read the object's current state from Stripe, not the state in the event."""
    found = subject_of(received.payload)
    if found is None:
        return
    if found.startswith("pi_"):
        for invoice, returns in _call(lambda: returns_of(client, found)):
            _receive_status(client, invoice, is_failure=False)  # its payment event may arrive later
            store_refunds(invoice, returns)
        return
    _receive_status(client, found, is_failure=received.payload["type"] == "invoice.payment_failed")


def _receive_status(client: StripeClient, stripe_id: str, *, is_failure: bool) -> None:
    stripe_invoice = _call(lambda: _existing(client, stripe_id))
    if stripe_invoice is None:
        return
    collected = Collected(
        status=str(stripe_invoice.status),
        failed=is_failure,
        amount_paid=stripe_invoice.amount_paid,
        paid_outside=getattr(stripe_invoice, "amount_paid_off_stripe", None) or 0,
        paid_at=stripe_invoice.status_transitions.paid_at,
        is_closed_here=CLOSED in _metadata(stripe_invoice),
    )
    store_status(
        str(stripe_invoice.id), invoice_uuid=_metadata(stripe_invoice).get("invoice_uuid", ""), found=collected
    )


def _existing(client: StripeClient, stripe_id: str) -> stripe.Invoice | None:
    """The Stripe invoice; None if it was deleted or belongs to another account."""
    try:
        return client.v1.invoices.retrieve(stripe_id)
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        return None


def _metadata(thing: Any) -> dict[str, str]:
    return dict(thing.metadata.to_dict()) if thing.metadata else {}

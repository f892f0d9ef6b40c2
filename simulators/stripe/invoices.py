"""Invoices of a local Stripe account: draft, then open, then paid, void or uncollectible.

Source of the transitions: docs.stripe.com/invoicing/overview, "Invoice status transitions". There are no automatic
transitions: auto_advance is stored and shown, but has no effect.
"""

from collections.abc import Sequence
from typing import Any

from simulators.stripe.customers import Params, changed, rates_of, unset
from simulators.stripe.errors import StripeRefusal, invalid
from simulators.stripe.totals import Rate, line_taxes, sums, total_taxes
from simulators.stripe.world import Object, StripeWorld, metadata_after, random_text, shown

DAY = 86_400
_SHARED = {
    "auto_advance", "automatic_tax", "collection_method", "custom_fields", "days_until_due", "default_tax_rates",
    "description", "due_date", "effective_at", "expand", "footer", "metadata", "number", "payment_settings",
    "rendering", "statement_descriptor",
}  # fmt: skip
INVOICE_UPDATE = frozenset(_SHARED)
INVOICE_CREATE = frozenset(_SHARED | {"currency", "customer", "pending_invoice_items_behavior"})
_ALWAYS_EDITABLE = {"description", "expand", "footer", "metadata", "auto_advance"}
_PLAIN = ("auto_advance", "custom_fields", "description", "effective_at", "footer", "statement_descriptor")


def create_invoice(world: StripeWorld, params: Params) -> Object:
    """Create a draft; emits invoice.created. Pending items are added only on request."""
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = world.get("customers", params["customer"], param="customer")
    _check_terms(world, params, method=params.get("collection_method") or "charge_automatically")
    currency = (params.get("currency") or customer["currency"] or "eur").lower()
    invoice = world.add("invoices", "in", _blank(world, customer, currency))
    invoice["metadata"] = metadata_after({}, params.get("metadata"))
    _write(world, invoice, params)
    if params.get("pending_invoice_items_behavior") == "include":
        for item in world.all("invoiceitems", customer=customer["id"], invoice=None, currency=currency):
            add_line(world, invoice, item)
    retotal(world, invoice)
    world.emit("invoice.created", invoice)
    return invoice


def update_invoice(world: StripeWorld, id: str, params: Params) -> Object:
    """Change a draft, or the texts and metadata of a later one; emits invoice.updated."""
    invoice = world.get("invoices", id)
    if invoice["status"] != "draft" and params.keys() - _ALWAYS_EDITABLE:
        raise not_editable("Finalized invoices can't be updated in this way.")
    _check_terms(world, params, method=params.get("collection_method") or invoice["collection_method"], of=invoice)
    before = shown(invoice)
    invoice["metadata"] = metadata_after(invoice["metadata"], params.get("metadata"))
    _write(world, invoice, params)
    if invoice["status"] == "draft":
        retotal(world, invoice)
    world.emit("invoice.updated", invoice, previous=changed(before, shown(invoice)))
    return invoice


def delete_invoice(world: StripeWorld, id: str, params: Params) -> Object:
    """Delete a draft and its items; emits invoice.deleted. Later invoices must be voided."""
    invoice = world.get("invoices", id)
    if invoice["status"] != "draft":
        raise not_editable("You can only delete draft invoices.")
    for item in world.all("invoiceitems", invoice=id):
        world.delete("invoiceitems", item)
    world.emit("invoice.deleted", invoice)
    return world.delete("invoices", invoice)


def finalize(world: StripeWorld, id: str, params: Params) -> Object:
    """Draft to open, with number and page; paid if nothing is due. Emits invoice.finalized."""
    invoice = world.get("invoices", id)
    if invoice["status"] != "draft":
        raise not_editable("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = world.objects["customers"][invoice["customer"]]
    retotal(world, invoice)
    _number(invoice, customer)
    token = random_text(40)
    page = f"{world.origin}/i/{token}"
    invoice |= {
        "status": "open", "_token": token, "hosted_invoice_url": page, "customer_address": customer["address"],
        "effective_at": invoice["effective_at"] or world.stamp(),
        "auto_advance": params.get("auto_advance", invoice["auto_advance"]),
        "ending_balance": min(invoice["total"] + invoice["starting_balance"], 0),
    }  # fmt: skip
    customer["balance"], customer["currency"] = invoice["ending_balance"], invoice["currency"]
    invoice["status_transitions"]["finalized_at"] = world.stamp()
    if invoice["amount_due"]:
        _ask_for_payment(world, invoice)
    world.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        settle(world, invoice)
    return invoice


def send(world: StripeWorld, id: str, params: Params) -> Object:
    """Mark the invoice as mailed, finalizing a draft first; emits invoice.sent. No mail is sent."""
    invoice = world.get("invoices", id)
    if invoice["collection_method"] != "send_invoice":
        raise StripeRefusal("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(world, id, {})
    if invoice["status"] in ("void", "uncollectible"):
        raise not_editable(f"This invoice can't be sent: it is {invoice['status']}.")
    world.emit("invoice.sent", invoice)
    return invoice


def void(world: StripeWorld, id: str, params: Params) -> Object:
    """Open or uncollectible to void; emits invoice.voided."""
    invoice = world.get("invoices", id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise not_editable(f"You can only pass in open invoices. This invoice is {invoice['status']}.")
    cancel_payments(world, invoice)
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = world.stamp()
    world.emit("invoice.voided", invoice)
    return invoice


def mark_uncollectible(world: StripeWorld, id: str, params: Params) -> Object:
    """Open to uncollectible; emits invoice.marked_uncollectible. It can still be paid or voided."""
    invoice = world.get("invoices", id)
    if invoice["status"] != "open":
        raise not_editable(f"You can only pass in open invoices. This invoice is {invoice['status']}.")
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = world.stamp()
    world.emit("invoice.marked_uncollectible", invoice)
    return invoice


def settle(world: StripeWorld, invoice: Object) -> None:
    """Make an invoice paid; emits invoice.paid."""
    invoice["status"] = "paid"
    invoice["status_transitions"]["paid_at"] = world.stamp()
    invoice |= {"amount_remaining": 0, "attempted": True, "next_payment_attempt": None}
    world.emit("invoice.paid", invoice)


def cancel_payments(world: StripeWorld, invoice: Object) -> None:
    """Cancel the open payment of an invoice."""
    for payment in world.all("invoice_payments", invoice=invoice["id"], status="open"):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = world.stamp()
        intent = world.objects["payment_intents"][payment["payment"]["payment_intent"]]
        intent |= {"status": "canceled", "canceled_at": world.stamp(), "cancellation_reason": "void_invoice"}


def retotal(world: StripeWorld, invoice: Object) -> None:
    """Recompute taxes and totals of a draft, from its lines and the account's rounding."""
    taxed: list[tuple[int, Sequence[Rate]]] = []
    for line in invoice["_lines"]:
        rates = rates_of(world, line["_tax_rates"] or [rate["id"] for rate in invoice["default_tax_rates"]])
        line["taxes"] = line_taxes(line["amount"], rates)
        taxed.append((line["amount"], rates))
    taxes = total_taxes(taxed, rounding=world.settings["tax_rounding"])
    invoice |= sums((line["amount"] for line in invoice["_lines"]), taxes) | {"total_taxes": taxes}
    invoice["starting_balance"] = world.objects["customers"][invoice["customer"]]["balance"]
    due = max(invoice["total"] + invoice["starting_balance"], 0)
    invoice |= {"amount_due": due, "amount_remaining": due}


def add_line(world: StripeWorld, invoice: Object, item: Object) -> None:
    """Put an invoice item on a draft as a line."""
    item["invoice"] = invoice["id"]
    details = {
        "invoice_item": item["id"], "proration": False, "proration_details": {"credited_items": None},
        "subscription": None,
    }  # fmt: skip
    invoice["_lines"].append({
        "id": f"il_{random_text(24)}", "object": "line_item", "amount": item["amount"],
        "currency": item["currency"], "description": item["description"], "discount_amounts": [],
        "discountable": item["discountable"], "discounts": [], "invoice": invoice["id"], "livemode": False,
        "metadata": dict(item["metadata"]), "period": dict(item["period"]), "pretax_credit_amounts": [],
        "parent": {
            "invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details",
        },
        "pricing": item["pricing"], "quantity": item["quantity"], "quantity_decimal": item["quantity_decimal"],
        "subscription": None, "subtotal": item["amount"], "taxes": [], "_tax_rates": item["_tax_rates"],
    })  # fmt: skip


def not_editable(message: str) -> StripeRefusal:
    """The error for a change that the invoice's status does not allow."""
    return StripeRefusal(message, code="invoice_not_editable")


def _check_terms(world: StripeWorld, params: Params, *, method: str, of: Object | None = None) -> None:
    """Refuse terms that Stripe refuses, before any change."""
    given = [name for name in ("days_until_due", "due_date") if params.get(name) is not None]
    if len(given) > 1:
        raise invalid("You may only specify one of these parameters: days_until_due, due_date.", param=given[1])
    if method == "charge_automatically" and given:
        raise invalid(f"You can only specify {given[0]} if collection_method is 'send_invoice'.", param=given[0])
    known = of is not None and (of["due_date"] is not None)
    if method == "send_invoice" and not given and not known:
        raise invalid(
            "If `collection_method` is `send_invoice`, you must specify `days_until_due` or `due_date`.",
            param="days_until_due",
        )
    if params.get("automatic_tax", {}).get("enabled"):
        raise invalid("Automatic tax is not implemented by this local server.", param="automatic_tax[enabled]")
    rates_of(world, params.get("default_tax_rates", []), param="default_tax_rates")
    metadata_after(of["metadata"] if of else {}, params.get("metadata"))
    _check_number(world, params.get("number"), of)


def _check_number(world: StripeWorld, number: str | None, of: Object | None) -> None:
    if number and any(other is not of for other in world.all("invoices", number=number)):
        raise StripeRefusal(f"The invoice number '{number}' is already in use.", param="number")


def _write(world: StripeWorld, invoice: Object, params: Params) -> None:
    invoice |= {name: unset(params[name]) for name in _PLAIN if name in params}
    for name in ("number", "collection_method"):
        if params.get(name):
            invoice[name] = params[name]
    if params.get("days_until_due") is not None:
        invoice["due_date"] = invoice["created"] + params["days_until_due"] * DAY
    if params.get("due_date") is not None:
        invoice["due_date"] = params["due_date"]
    if "default_tax_rates" in params:
        rates = [world.get("tax_rates", id, param="default_tax_rates") for id in params["default_tax_rates"]]
        invoice["default_tax_rates"] = [shown(rate) for rate in rates]
    for name in ("payment_settings", "rendering"):
        if isinstance(params.get(name), dict):
            invoice[name] = (invoice[name] or {}) | params[name]


def _number(invoice: Object, customer: Object) -> None:
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
        customer["next_invoice_sequence"] += 1


def _ask_for_payment(world: StripeWorld, invoice: Object) -> None:
    """Add the default payment of a finalized invoice, with its payment intent."""
    intent = world.add("payment_intents", "pi", {
        "amount": invoice["amount_due"], "amount_received": 0, "canceled_at": None, "cancellation_reason": None,
        "capture_method": "automatic", "currency": invoice["currency"], "customer": invoice["customer"],
        "description": "Payment for Invoice", "last_payment_error": None, "latest_charge": None, "metadata": {},
        "payment_method": None, "payment_method_types": ["card"], "status": "requires_payment_method",
    })  # fmt: skip
    intent["client_secret"] = f"{intent['id']}_secret_{random_text(24)}"
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    world.add("invoice_payments", "inpay", {
        "amount_paid": None, "amount_requested": invoice["amount_due"], "currency": invoice["currency"],
        "invoice": invoice["id"], "is_default": True,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"}, "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    })  # fmt: skip


def _blank(world: StripeWorld, customer: Object, currency: str) -> dict[str, Any]:
    """An empty draft with every field of the API version."""
    nothing = (
        "account_tax_ids", "amount_paid_off_stripe", "application", "automatically_finalizes_at",
        "confirmation_secret", "custom_fields", "customer_shipping", "default_payment_method", "default_source",
        "description", "due_date", "effective_at", "ending_balance", "footer", "from_invoice",
        "hosted_invoice_url", "invoice_pdf", "last_finalization_error", "latest_revision", "next_payment_attempt",
        "number", "on_behalf_of", "parent", "receipt_number", "rendering", "shipping_cost", "shipping_details",
        "statement_descriptor", "test_clock", "threshold_reason", "webhooks_delivered_at",
    )  # fmt: skip
    zero = (
        "amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "amount_shipping", "attempt_count",
        "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount", "starting_balance", "subtotal",
        "subtotal_excluding_tax", "total", "total_excluding_tax",
    )  # fmt: skip
    return dict.fromkeys(nothing) | dict.fromkeys(zero, 0) | {
        "account_country": world.country, "account_name": world.account_name, "attempted": False,
        "auto_advance": False, "billing_reason": "manual", "collection_method": "charge_automatically",
        "automatic_tax": {
            "disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None,
        },
        "currency": currency, "customer": customer["id"], "customer_account": None,
        "customer_address": customer["address"], "customer_email": customer["email"],
        "customer_name": customer["name"], "customer_phone": customer["phone"],
        "customer_tax_exempt": customer["tax_exempt"], "customer_tax_ids": list(customer["_tax_ids"]),
        "default_tax_rates": [], "discounts": [], "issuer": {"type": "self"},
        "payment_settings": {
            "default_mandate": None, "payment_method_options": None, "payment_method_types": None,
        },
        "period_end": world.stamp(), "period_start": world.stamp(), "status": "draft",
        "status_transitions": {
            "finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None,
        },
        "total_discount_amounts": [], "total_pretax_credit_amounts": [], "total_taxes": [], "_lines": [],
        "_token": None,
    }  # fmt: skip

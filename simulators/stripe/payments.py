"""Payments of invoices and refunds in a local Stripe account."""

from typing import Any

from simulators.stripe.customers import Params, changed
from simulators.stripe.errors import StripeRefusal, invalid, missing
from simulators.stripe.invoices import cancel_payments, finalize, not_editable, settle
from simulators.stripe.world import Object, StripeWorld, metadata_after, shown

PAY = frozenset({"expand", "forgive", "off_session", "paid_out_of_band", "payment_method", "source"})
REFUND_CREATE = frozenset({"amount", "charge", "currency", "expand", "metadata", "payment_intent", "reason"})
REFUND_UPDATE = frozenset({"expand", "metadata"})
DECLINED = ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined", "tok_chargeDeclined")


def pay(world: StripeWorld, id: str, params: Params) -> Object:
    """Pay by card or mark as paid outside; a draft is finalized first. Emits invoice.paid and related events.

    A declining test card such as pm_card_chargeDeclined is a 402 and emits invoice.payment_failed.
    """
    invoice = world.get("invoices", id)
    if invoice["status"] == "draft":
        finalize(world, id, {})
        if invoice["status"] == "paid":
            return invoice
    _check_payable(invoice)
    if params.get("paid_out_of_band"):
        return _pay_outside(world, invoice)
    method = params.get("payment_method") or params.get("source") or invoice["default_payment_method"]
    if not method:
        raise StripeRefusal(
            "There is no default payment method for this invoice or its customer; pass `payment_method`, or"
            " `paid_out_of_band` for money that came another way.",
            code="invoice_no_payment_method_types",
        )
    return charge(world, invoice, method=method, declined=method in DECLINED)


def charge(world: StripeWorld, invoice: Object, *, method: str, declined: bool = False) -> Object:
    """Charge the amount due of an open invoice, as its page does; raises a card error if it is declined."""
    _check_payable(invoice)
    payment = world.all("invoice_payments", invoice=invoice["id"], status="open")[0]
    intent = world.objects["payment_intents"][payment["payment"]["payment_intent"]]
    intent |= {"amount": invoice["amount_remaining"], "payment_method": method}
    made = _charge_object(world, invoice, intent, declined=declined)
    intent["latest_charge"] = made["id"]
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if declined:
        raise _decline(world, invoice, intent, made)
    intent |= {"status": "succeeded", "amount_received": made["amount"]}
    payment |= {"status": "paid", "amount_paid": made["amount"], "amount_requested": made["amount"]}
    payment["status_transitions"]["paid_at"] = world.stamp()
    invoice["amount_paid"] += made["amount"]
    world.emit("charge.succeeded", made)
    world.emit("payment_intent.succeeded", intent)
    world.emit("invoice_payment.paid", payment)
    settle(world, invoice)
    world.emit("invoice.payment_succeeded", invoice)
    return invoice


def create_refund(world: StripeWorld, params: Params) -> Object:
    """Refund all or part of a charge; emits refund.created and charge.refunded."""
    charged = _charge_named(world, params)
    left = charged["amount"] - charged["amount_refunded"]
    amount = left if params.get("amount") is None else params["amount"]
    if left == 0:
        raise StripeRefusal(f"Charge {charged['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeRefusal(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
            if amount > left
            else "Invalid positive integer",
            param="amount",
        )
    before = shown(charged)
    charged |= {"amount_refunded": charged["amount_refunded"] + amount, "refunded": amount == left}
    refund = world.add("refunds", "re", {
        "amount": amount, "balance_transaction": None, "charge": charged["id"], "currency": charged["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": metadata_after({}, params.get("metadata")), "payment_intent": charged["payment_intent"],
        "reason": params.get("reason"), "receipt_number": None, "source_transfer_reversal": None,
        "status": "succeeded", "transfer_reversal": None,
    })  # fmt: skip
    del refund["livemode"]  # the only kind without one
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charged, previous=changed(before, shown(charged)))
    return refund


def update_refund(world: StripeWorld, id: str, params: Params) -> Object:
    """Change a refund's metadata; emits refund.updated."""
    refund = world.get("refunds", id)
    refund["metadata"] = metadata_after(refund["metadata"], params.get("metadata"))
    world.emit("refund.updated", refund)
    return refund


def open_dispute(world: StripeWorld, charged: Object, *, status: str = "needs_response") -> Object:
    """Open a dispute on a charge; emits charge.dispute.created and funds_withdrawn."""
    dispute = world.add("disputes", "dp", {
        "amount": charged["amount"], "balance_transactions": [], "charge": charged["id"],
        "currency": charged["currency"], "enhanced_eligibility_types": [], "evidence": {}, "evidence_details": {},
        "is_charge_refundable": False, "metadata": {}, "payment_intent": charged["payment_intent"],
        "reason": "fraudulent", "status": status,
    })  # fmt: skip
    charged["disputed"] = True
    world.emit("charge.dispute.created", dispute)
    if not status.startswith("warning"):
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(world: StripeWorld, id: str, *, status: str) -> Object:
    """Close a dispute as won or lost; emits charge.dispute.closed, and funds_reinstated if it was won."""
    dispute = world.get("disputes", id)
    dispute["status"] = status
    world.emit("charge.dispute.closed", dispute)
    if status == "won":
        world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def charge_of(world: StripeWorld, invoice: Object) -> Object | None:
    """The charge that paid an invoice; None if it was paid outside of Stripe."""
    for payment in world.all("invoice_payments", invoice=invoice["id"], status="paid"):
        intent = world.objects["payment_intents"][payment["payment"]["payment_intent"]]
        return world.objects["charges"][intent["latest_charge"]]
    return None


def _check_payable(invoice: Object) -> None:
    if invoice["status"] == "paid":
        raise StripeRefusal("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] not in ("open", "uncollectible"):
        raise not_editable(f"This invoice can't be paid: it is {invoice['status']}.")


def _pay_outside(world: StripeWorld, invoice: Object) -> Object:
    """Mark as paid without a charge; only invoice.paid is emitted."""
    cancel_payments(world, invoice)
    rest = invoice["amount_remaining"]
    invoice |= {"amount_paid": invoice["amount_paid"] + rest, "amount_paid_off_stripe": rest}
    settle(world, invoice)
    return invoice


def _charge_object(world: StripeWorld, invoice: Object, intent: Object, *, declined: bool) -> Object:
    amount = intent["amount"]
    return world.add("charges", "ch", {
        "amount": amount, "amount_captured": 0 if declined else amount, "amount_refunded": 0,
        "balance_transaction": None, "captured": not declined, "currency": invoice["currency"],
        "customer": invoice["customer"], "description": "Payment for Invoice", "disputed": False,
        "failure_code": "card_declined" if declined else None,
        "failure_message": "Your card was declined." if declined else None, "metadata": {}, "paid": not declined,
        "payment_intent": intent["id"], "payment_method": intent["payment_method"],
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "receipt_url": None, "refunded": False, "status": "failed" if declined else "succeeded",
    })  # fmt: skip


def _decline(world: StripeWorld, invoice: Object, intent: Object, made: Object) -> StripeRefusal:
    error: dict[str, Any] = {
        "type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
        "message": "Your card was declined.",
    }  # fmt: skip
    intent |= {"status": "requires_payment_method", "last_payment_error": error}
    world.emit("charge.failed", made)
    world.emit("payment_intent.payment_failed", intent)
    world.emit("invoice.payment_failed", invoice)
    return StripeRefusal(
        error["message"],
        status=402,
        type="card_error",
        code="card_declined",
        decline_code="generic_decline",
        charge=made["id"],
    )


def _charge_named(world: StripeWorld, params: Params) -> Object:
    if params.get("charge"):
        return world.get("charges", params["charge"], param="charge")
    if not params.get("payment_intent"):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    intent = world.get("payment_intents", params["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise StripeRefusal(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
            param="payment_intent",
        )
    found = world.objects["charges"].get(intent["latest_charge"])
    if found is None:
        raise missing("charge", str(intent["latest_charge"]), param="payment_intent", status=400)
    return found

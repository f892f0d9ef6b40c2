"""Refunds and disputes of a payment, read in their current state."""

from collections.abc import Iterator, Mapping
from typing import Any

from stripe import StripeClient

from billing.collection import Refund


def subject_of(event: Mapping[str, Any]) -> str | None:
    """The Stripe object that an event is about: an invoice, or the payment intent that was refunded."""
    subject = event["data"]["object"]
    found = subject.get("id") if subject.get("object") == "invoice" else subject.get("invoice")
    if isinstance(found, str) and found.startswith("in_"):
        return found
    intent = subject.get("payment_intent")
    returned = subject.get("object") in ("charge", "refund", "dispute")
    return intent if returned and isinstance(intent, str) and intent.startswith("pi_") else None


def returns_of(client: StripeClient, intent: str) -> list[tuple[str, list[Refund]]]:
    """The Stripe invoices paid by a payment intent, each with its refunds and disputes."""
    of_intent: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}, "limit": 10}
    paid = client.v1.invoice_payments.list(of_intent).data
    returns = [*_refunds(client, intent), *_disputes(client, intent)] if paid else []
    return [(each.invoice, returns) for each in paid if isinstance(each.invoice, str)]


def _refunds(client: StripeClient, intent: str) -> Iterator[Refund]:
    for refund in client.v1.refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter():
        if refund.status in ("succeeded", "pending", "requires_action"):
            yield Refund(refund.id, "refund", -refund.amount, refund.created)
        else:  # failed or cancelled: the money stays or was received again
            yield Refund(f"{refund.id}:failed", "refund_failed", refund.amount, refund.created, needs=refund.id)


def _disputes(client: StripeClient, intent: str) -> Iterator[Refund]:
    for dispute in client.v1.disputes.list({"payment_intent": intent, "limit": 100}).auto_paging_iter():
        if dispute.status.startswith("warning"):
            continue  # an inquiry: no money moved
        yield Refund(dispute.id, "dispute", -dispute.amount, dispute.created)
        if dispute.status in ("won", "lost"):
            back = dispute.amount if dispute.status == "won" else 0
            kind = f"dispute_{dispute.status}"
            yield Refund(f"{dispute.id}:{dispute.status}", kind, back, dispute.created, needs=dispute.id)

"""The local Stripe over HTTP, and an application that receives its webhooks."""

import dataclasses
from typing import Any

import requests
import stripe

from simulators.stripe.server import StripeServer

SECRET = "whsec_local"
KEY = "sk_test_guardia"


@dataclasses.dataclass
class Desk:
    """An application that receives webhooks: the received ones, and the statuses of its first answers."""

    url: str = ""
    received: list[tuple[dict[str, Any], bytes, str]] = dataclasses.field(default_factory=list)
    answers: list[int] = dataclasses.field(default_factory=list)

    def types(self) -> list[str]:
        return [event["type"] for event, _, _ in self.received]


def connect(server: StripeServer, **options: Any) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": server.url}, **{"max_network_retries": 0} | options)


def control(server: StripeServer, path: str, body: dict[str, Any] | None = None) -> Any:
    url = f"{server.url}/_control/{path}"
    reply = requests.get(url, timeout=10) if body is None else requests.post(url, json=body, timeout=10)
    assert reply.ok, reply.text
    return reply.json()


def draft(client: stripe.StripeClient, *, amounts: tuple[int, ...] = (10_000,), **more: Any) -> stripe.Invoice:
    """A draft of these net amounts with IVA at 21 % on each line."""
    customer = more.pop("customer", None) or client.v1.customers.create({"name": "Ferretería Lozano"}).id
    rate = client.v1.tax_rates.create(
        {"display_name": "IVA", "percentage": 21, "inclusive": False, "country": "ES", "tax_type": "vat"}
    )
    terms: Any = {
        "customer": customer,
        "collection_method": "send_invoice",
        "days_until_due": 30,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "footer": "Solicitud de pago de la factura",
        **more,
    }
    invoice = client.v1.invoices.create(terms)
    for amount in amounts:
        client.v1.invoice_items.create(
            {"customer": customer, "invoice": invoice.id, "amount": amount, "currency": "eur", "tax_rates": [rate.id]}
        )
    return client.v1.invoices.retrieve(invoice.id)


def finalized(client: stripe.StripeClient, **more: Any) -> stripe.Invoice:
    return client.v1.invoices.finalize_invoice(draft(client, **more).id)

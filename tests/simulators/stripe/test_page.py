"""The payment page of the local Stripe."""

import requests
import stripe

from simulators.stripe.server import StripeServer
from tests.simulators.stripe.kit import Desk, finalized


def test_the_page_shows_the_invoice_and_its_button_pays(
    client: stripe.StripeClient, server: StripeServer, desk: Desk
) -> None:
    customer = client.v1.customers.create({"name": "Bar <Pepe> & Hijos", "preferred_locales": ["es-ES"]})
    invoice = finalized(client, customer=customer.id, amounts=(123_456,), number="F2026/7")
    url = str(invoice.hosted_invoice_url)
    page = requests.get(url, timeout=10)
    assert 'lang="es"' in page.text and "Bar &lt;Pepe&gt; &amp; Hijos" in page.text
    assert (
        "1.493,82 €" in page.text
        and "IVA 21 %" in page.text
        and "F2026/7" in page.text
        and "Pendiente de pago" in page.text
    )
    refused = requests.post(url, data={"card": "declined"}, timeout=10)
    assert "rechazado" in refused.text
    paid = requests.post(url, data={"card": "good"}, timeout=10)
    assert paid.url == url and "Pagada" in paid.text and "<form" not in paid.text
    assert requests.post(url, data={"card": "good"}, timeout=10).status_code == 200
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert server.settle()
    assert desk.types().count("invoice.paid") == 1
    assert requests.get(f"{server.url}/i/nobody", timeout=10).status_code == 404


def test_the_page_speaks_english_to_others(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    page = requests.get(str(invoice.hosted_invoice_url), headers={"Accept-Language": "en-GB"}, timeout=10)
    assert 'lang="en"' in page.text and "121.00 €" in page.text and "Awaiting payment" in page.text


def test_credit_note_has_its_page(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    note = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1_000, "memo": "Descuento"})
    assert "Descuento" in requests.get(note.pdf, timeout=10).text

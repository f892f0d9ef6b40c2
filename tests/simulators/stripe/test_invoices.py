"""Invoices in the local Stripe, from draft to paid."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import stripe

from simulators.stripe.server import StripeServer
from tests.simulators.stripe.kit import Desk, draft, finalized


def test_invoice_from_draft_to_paid_outside(client: stripe.StripeClient, server: StripeServer, desk: Desk) -> None:
    invoice = draft(client, amounts=(18_667, -2_800), number="2026-0042", metadata={"invoice_uuid": "0197"})
    assert (invoice.status, invoice.number, invoice.hosted_invoice_url) == ("draft", "2026-0042", None)
    assert (invoice.subtotal, invoice.total) == (15_867, 19_199)
    assert invoice.total_taxes is not None
    assert [(tax.amount, tax.taxable_amount) for tax in invoice.total_taxes] == [(3_332, 15_867)]
    assert invoice.due_date == invoice.created + 30 * 86_400
    opened = client.v1.invoices.finalize_invoice(invoice.id)
    assert (opened.status, opened.amount_due, opened.amount_remaining) == ("open", 19_199, 19_199)
    assert opened.hosted_invoice_url is not None and opened.hosted_invoice_url.startswith(f"{server.url}/i/")
    paid = client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert paid.amount_paid_off_stripe == 19_199
    assert server.settle()
    assert "invoice.paid" in desk.types() and "invoice.payment_succeeded" not in desk.types()
    payments = client.v1.invoice_payments.list({"invoice": invoice.id})
    assert [payment.status for payment in payments.data] == ["canceled"]


def test_lines_belong_to_their_invoice(client: stripe.StripeClient) -> None:
    invoice = draft(client, amounts=tuple(range(100, 112)))
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    assert [line.amount for line in invoice.lines.auto_paging_iter()] == list(range(100, 112))
    item = client.v1.invoice_items.list({"invoice": invoice.id, "limit": 1}).data[0]
    client.v1.invoice_items.update(item.id, {"amount": 5_000})
    tenth_newest = client.v1.invoice_items.list({"invoice": invoice.id}).data[-1]
    assert tenth_newest.amount == 102
    client.v1.invoice_items.delete(tenth_newest.id)
    again = client.v1.invoices.retrieve(invoice.id)
    assert again.subtotal == 5_000 + sum(range(100, 111)) - 102


def test_pending_items_join_only_when_asked(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    client.v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "eur"})
    assert client.v1.invoices.create({"customer": customer}).total == 0
    included = client.v1.invoices.create({"customer": customer, "pending_invoice_items_behavior": "include"})
    assert included.total == 700
    assert client.v1.invoice_items.list({"pending": True}).data == []


def test_quantity_times_unit_price(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    item = client.v1.invoice_items.create(
        {
            "customer": customer,
            "currency": "eur",
            "quantity_decimal": Decimal("2.3333"),
            "unit_amount_decimal": Decimal("8000.5"),
        }
    )
    assert item.amount == 18_668
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        client.v1.invoice_items.create({"customer": customer, "currency": "eur", "amount": 5, "quantity": 2})


@pytest.mark.parametrize(
    ("move", "status", "event"),
    [
        (lambda c, id: c.v1.invoices.void_invoice(id), "void", "invoice.voided"),
        (lambda c, id: c.v1.invoices.mark_uncollectible(id), "uncollectible", "invoice.marked_uncollectible"),
        (lambda c, id: c.v1.invoices.send_invoice(id), "open", "invoice.sent"),
        (lambda c, id: c.v1.invoices.pay(id, {"payment_method": "pm_card_visa"}), "paid", "invoice_payment.paid"),
    ],
)
def test_moves_from_open(
    client: stripe.StripeClient, move: Callable[[stripe.StripeClient, str], stripe.Invoice], status: str, event: str
) -> None:
    assert move(client, finalized(client).id).status == status
    assert [one.type for one in client.v1.events.list({"type": event}).data] == [event]


def test_moves_that_the_status_forbids(client: stripe.StripeClient) -> None:
    invoices = client.v1.invoices
    new, paid, voided = draft(client).id, finalized(client).id, finalized(client).id
    invoices.pay(paid, {"paid_out_of_band": True})
    invoices.void_invoice(voided)
    forbidden: list[Callable[[], object]] = [
        lambda: invoices.void_invoice(new), lambda: invoices.mark_uncollectible(new),
        lambda: invoices.finalize_invoice(paid), lambda: invoices.pay(paid), lambda: invoices.void_invoice(paid),
        lambda: invoices.delete(paid), lambda: invoices.update(paid, {"number": "X-1"}),
        lambda: invoices.pay(voided, {"paid_out_of_band": True}), lambda: invoices.send_invoice(voided),
        lambda: client.v1.invoice_items.create({"invoice": paid, "amount": 1}),
        lambda: client.v1.invoice_items.delete(client.v1.invoice_items.list({"invoice": paid}).data[0].id),
    ]  # fmt: skip
    for move in forbidden:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            move()
        assert refused.value.http_status == 400
    assert [invoices.retrieve(id).status for id in (new, paid, voided)] == ["draft", "paid", "void"]


def test_uncollectible_can_still_be_paid(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    client.v1.invoices.mark_uncollectible(invoice.id)
    assert client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"}).status == "paid"


def test_draft_is_deleted_with_its_items_and_frees_its_number(client: stripe.StripeClient) -> None:
    invoice = draft(client, number="2026-0001")
    with pytest.raises(stripe.InvalidRequestError, match="already in use") as clash:
        draft(client, number="2026-0001")
    assert clash.value.param == "number"
    client.v1.invoices.delete(invoice.id)
    with pytest.raises(stripe.InvalidRequestError) as gone:
        client.v1.invoices.retrieve(invoice.id)
    assert gone.value.http_status == 404
    assert client.v1.invoice_items.list({"invoice": invoice.id}).data == []
    assert draft(client, number="2026-0001").number == "2026-0001"


def test_nothing_to_pay_is_paid_when_finalized(client: stripe.StripeClient) -> None:
    assert finalized(client, amounts=()).status == "paid"


def test_number_is_given_when_none_was_set(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"invoice_prefix": "LOZ"}).id
    numbers = [finalized(client, customer=customer).number for _ in range(2)]
    assert numbers == ["LOZ-0001", "LOZ-0002"]


def test_terms_must_fit_the_way_of_collecting(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create().id
    wrongs: list[Any] = [
        {"collection_method": "send_invoice"},
        {"collection_method": "send_invoice", "days_until_due": 5, "due_date": 2_000_000_000},
        {"days_until_due": 5},
    ]
    for wrong in wrongs:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.invoices.create({"customer": customer} | wrong)


def test_texts_stay_editable_after_finalizing(client: stripe.StripeClient) -> None:
    invoice = finalized(client, metadata={"a": "1"})
    changed = client.v1.invoices.update(invoice.id, {"metadata": {"b": "2"}})
    assert changed.metadata is not None and changed.metadata.to_dict() == {"a": "1", "b": "2"}


def test_declined_card(client: stripe.StripeClient, server: StripeServer, desk: Desk) -> None:
    invoice = finalized(client)
    with pytest.raises(stripe.CardError) as declined:
        client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_chargeDeclined"})
    assert declined.value.code == "card_declined"
    again = client.v1.invoices.retrieve(invoice.id)
    assert (again.status, again.attempt_count) == ("open", 1)
    assert server.settle()
    assert "invoice.payment_failed" in desk.types()


def test_expanding(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    full = client.v1.invoices.retrieve(invoice.id, {"expand": ["customer", "payments"]})
    assert isinstance(full.customer, stripe.Customer) and full.customer.name == "Ferretería Lozano"
    assert full.payments is not None and full.payments.data[0].status == "paid"
    intent = (
        client.v1.invoice_payments.list({"invoice": invoice.id, "expand": ["data.payment.payment_intent"]})
        .data[0]
        .payment.payment_intent
    )
    assert isinstance(intent, stripe.PaymentIntent) and intent.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.invoices.retrieve(invoice.id, {"expand": ["footer"]})

"""Credit notes and refunds of the local Stripe."""

import pytest
import stripe

from tests.simulators.stripe.kit import finalized


def test_credit_note_takes_off_what_is_due(client: stripe.StripeClient) -> None:
    invoice = finalized(client, amounts=(10_000, 5_000))
    line = invoice.lines.data[1]
    note = client.v1.credit_notes.create(
        {"invoice": invoice.id, "lines": [{"type": "invoice_line_item", "invoice_line_item": line.id, "quantity": 1}]}
    )
    assert (note.total, note.pre_payment_amount, note.post_payment_amount) == (6_050, 6_050, 0)
    after = client.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_remaining) == ("open", 12_100)
    assert client.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert client.v1.invoices.retrieve(invoice.id).amount_remaining == 18_150
    client.v1.credit_notes.create({"invoice": invoice.id, "amount": 18_150})
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"


def test_credit_note_after_payment_needs_its_excess_named(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="must equal"):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 2_000})
    note = client.v1.credit_notes.create(
        {
            "invoice": invoice.id,
            "amount": 3_000,
            "refund_amount": 1_000,
            "credit_amount": 500,
            "out_of_band_amount": 1_500,
            "reason": "order_change",
            "memo": "Horas de más",
        }
    )
    assert [refund.amount_refunded for refund in note.refunds] == [1_000]
    assert client.v1.refunds.list().data[0].amount == 1_000
    customer = client.v1.customers.retrieve(str(invoice.customer))
    assert customer.balance == -500
    with pytest.raises(stripe.InvalidRequestError, match="exceeds"):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 9_101, "out_of_band_amount": 9_101})
    following = finalized(client, customer=customer.id)
    assert (following.total, following.starting_balance, following.amount_due) == (12_100, -500, 11_600)


def test_refunds_stop_at_what_was_paid(client: stripe.StripeClient) -> None:
    invoice = finalized(client)
    client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    payment = client.v1.invoice_payments.list({"invoice": invoice.id, "status": "paid"}).data[0].payment
    intent = str(payment.payment_intent)
    client.v1.refunds.create({"payment_intent": intent, "amount": 12_000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 101})
    client.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as spent:
        client.v1.refunds.create({"payment_intent": intent})
    assert spent.value.code == "charge_already_refunded"

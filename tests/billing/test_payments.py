"""Transfers, refunds and disputes are kept apart from credit notes and cancellations."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from billing.credit_notes import Part, credit
from billing.models import Invoice, Payment, PaymentEntry
from billing.payments import due_of, entries_of, note_payment, received, reverse_entry
from billing.queries import state_of
from billing.stripe_client import connect
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.inbox import Inbound
from msp.kernel.money import Money
from simulators.stripe.server import StripeServer
from tests.billing.desk import client_of, contract_of, issued, run
from tests.billing.test_stripe import door, events_of, payment, stripe_there, twins  # noqa: F401 (fixtures)
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.world import World, sign_in

Drain = Callable[[], int]
DAY = date(2026, 11, 23)
WHOLE = 121_00


def billed(world: World) -> Invoice:
    """An issued invoice over 121.00, two lines of 60.00 and 40.00 net."""
    client = client_of(world)
    contract_of(world, client, "flat_fee", {"fee": "60.00"}, name="Uno")
    contract_of(world, client, "flat_fee", {"fee": "40.00"}, name="Dos")
    _, (draft,) = run(world, clients=[client])
    return issued(world, draft)


@pytest.fixture
def bill(world: World) -> Invoice:
    return billed(world)


@pytest.fixture
def collected(world: World, stripe_there: StripeServer, drain: Drain) -> tuple[Invoice, str]:  # noqa: F811
    """The same, with its Stripe invoice open."""
    bill = billed(world)
    drain()
    return bill, str(twins(stripe_there)[0]["id"])


def news(server: StripeServer, drain: Drain) -> None:
    drain()
    assert server.settle()
    drain()


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def paid(bill: Invoice, minor: int, **more: Any) -> PaymentEntry:
    details: Json = {"direction": "received", "method": "transfer", "on": DAY} | more
    with work(Scope.staff()):
        return note_payment(bill.id, amount=euros(minor), at=clock.now(), **details)


def credited(bill: Invoice, parts: list[Part] | None = None) -> Invoice:
    with work(Scope.staff()):
        return credit(bill.id, reason="Error", parts=parts, at=clock.now())


def ledger(bill: Invoice) -> list[tuple[str, int]]:
    with work(Scope.staff()):
        return [(entry.kind, entry.amount) for entry in entries_of(bill.id)]


def word_of(bill: Invoice) -> str:
    return state_of(bill, payment(bill).state, DAY)


def in_two_parts(bill: Invoice) -> None:
    for line in bill.lines:
        credited(bill, [Part(line.id)])


def test_an_invoice_credited_in_two_parts_is_credited_not_paid(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, _ = collected
    in_two_parts(bill)
    news(stripe_there, drain)
    clock.advance(timedelta(hours=1))
    news(stripe_there, drain)
    found = payment(bill)
    assert (found.state, found.amount_paid, found.paid_at) == ("void", 0, None)
    assert word_of(bill) == "void" and "invoice.paid" not in events_of(bill)


def test_credited_in_parts_without_stripe_it_is_credited_too(bill: Invoice) -> None:
    first = bill.lines[0]
    credited(bill, [Part(first.id, net=euros(20_00))])
    assert payment(bill).state == "pending"
    credited(bill, [Part(first.id), Part(bill.lines[1].id)])
    assert payment(bill).state == "void"


def test_a_transfer_pays_and_a_second_part_of_it(bill: Invoice) -> None:
    paid(bill, 21_00)
    assert (payment(bill).state, payment(bill).amount_paid, word_of(bill)) == ("partly_paid", 21_00, "partly_paid")
    paid(bill, 100_00)
    found = payment(bill)
    assert (found.state, found.amount_paid) == ("paid", WHOLE) and found.paid_at is not None
    assert ledger(bill) == [("transfer", 21_00), ("transfer", 100_00)]
    assert events_of(bill).count("invoice.paid") == 1


def test_what_a_credit_note_leaves_is_what_is_owed(bill: Invoice) -> None:
    credited(bill, [Part(bill.lines[1].id)])
    with pytest.raises(Invalid):
        paid(bill, WHOLE)
    paid(bill, 72_60)
    assert payment(bill).state == "paid"


def test_an_invoice_paid_first_and_credited_afterwards_is_credited_and_money_is_to_be_returned(bill: Invoice) -> None:
    paid(bill, WHOLE)
    credited(bill)
    assert (payment(bill).state, payment(bill).amount_paid) == ("void", WHOLE)
    paid(bill, WHOLE, direction="returned")
    assert (payment(bill).state, payment(bill).amount_paid) == ("void", 0)


def test_a_refund_by_hand_is_owed_again(bill: Invoice) -> None:
    paid(bill, WHOLE)
    paid(bill, WHOLE, direction="returned")
    assert payment(bill).state == "refunded"
    with pytest.raises(Invalid):
        paid(bill, 1, direction="returned")


def test_a_mistake_is_taken_back_once(bill: Invoice) -> None:
    entry = paid(bill, WHOLE)
    with work(Scope.staff()):
        reverse_entry(entry.id, at=clock.now())
    assert (payment(bill).state, ledger(bill)) == ("pending", [("transfer", WHOLE), ("correction", -WHOLE)])
    with pytest.raises(Conflict), work(Scope.staff()):
        reverse_entry(entry.id, at=clock.now())


@pytest.mark.parametrize(
    ("minor", "more"),
    [
        (0, {}),
        (-1, {}),
        (WHOLE + 1, {}),
        (1, {"direction": "returned"}),
        (1, {"method": "bitcoin"}),
        (1, {"on": date(2026, 11, 24)}),
        (1, {"on": date(1, 1, 1)}),
        (1, {"note": "a\x00b"}),
        (1, {"note": "x" * 201}),
    ],
    ids=str,
)
def test_what_cannot_be_is_not_noted(bill: Invoice, minor: int, more: Json) -> None:
    with pytest.raises(Invalid):
        paid(bill, minor, **more)
    assert ledger(bill) == []


def test_drafts_and_credit_notes_are_not_paid(world: World, bill: Invoice) -> None:
    note = credited(bill)
    with pytest.raises(Conflict):
        paid(note, 1)


def test_paid_by_transfer_stripe_no_longer_asks_for_it(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, _ = collected
    paid(bill, WHOLE)
    news(stripe_there, drain)
    assert twins(stripe_there)[0]["status"] == "paid"
    assert (payment(bill).state, ledger(bill)) == ("paid", [("transfer", WHOLE)])


def test_marked_as_paid_outside_at_stripe_it_comes_to_the_ledger(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    client = connect("sk_test_0123456789abcdefghij", base=stripe_there.url)
    client.v1.invoices.pay(twin, {"paid_out_of_band": True})
    news(stripe_there, drain)
    assert (payment(bill).state, ledger(bill)) == ("paid", [("other", WHOLE)])


def test_a_refund_at_stripe_is_heard(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    stripe_there.pay(twin)
    news(stripe_there, drain)
    stripe_there.refund(twin, 21_00)
    news(stripe_there, drain)
    assert (payment(bill).state, payment(bill).amount_paid) == ("partly_paid", 100_00)
    stripe_there.refund(twin)
    stripe_there.configure(duplicates=3)
    news(stripe_there, drain)
    assert (payment(bill).state, word_of(bill)) == ("refunded", "refunded")
    assert ledger(bill) == [("stripe", WHOLE), ("refund", -21_00), ("refund", -100_00)]


def test_a_dispute_at_stripe_is_heard_until_it_is_decided(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    stripe_there.pay(twin)
    news(stripe_there, drain)
    inquiry = stripe_there.dispute(twin, "warning_needs_response")
    news(stripe_there, drain)
    assert payment(bill).state == "paid"
    stripe_there.close_dispute(inquiry["id"], "warning_closed")
    dispute = stripe_there.dispute(twin)
    news(stripe_there, drain)
    assert (payment(bill).state, payment(bill).amount_paid) == ("disputed", 0)
    stripe_there.close_dispute(dispute["id"], "won")
    news(stripe_there, drain)
    assert (payment(bill).state, payment(bill).amount_paid) == ("paid", WHOLE)


def test_a_lost_dispute_is_owed_again(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    stripe_there.pay(twin)
    news(stripe_there, drain)
    stripe_there.close_dispute(stripe_there.dispute(twin)["id"], "lost")
    news(stripe_there, drain)
    assert (payment(bill).state, payment(bill).amount_paid) == ("open", 0)


def test_cancelled_at_stripe_without_a_credit_note_it_is_still_owed(
    world: World,
    web: FlaskClient,
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    stripe_there.void(twin)
    news(stripe_there, drain)
    assert (payment(bill).state, word_of(bill)) == ("cancelled", "issued")
    page = sign_in(web, world.carmen).get(f"/billing/invoices/{bill.id}").text
    assert "sigue pendiente" in page
    credited(bill)
    news(stripe_there, drain)
    assert (payment(bill).state, word_of(bill)) == ("void", "void")


def test_page_and_api_note_payments(
    world: World,
    web: FlaskClient,
    program: Programs,  # noqa: F811
    bill: Invoice,
) -> None:
    browser = sign_in(web, world.carmen)
    form = {"direction": "received", "amount": "21,00", "on": "2026-11-20", "method": "transfer", "note": "Recibo 5"}
    page = browser.post(f"/billing/invoices/{bill.id}/payments", data=form, follow_redirects=True)
    assert "Recibo 5" in page.text and "Transferencia" in page.text
    assert ">Tipo<" in page.text and "<h2>Historial" in page.text
    refused = browser.post(
        f"/billing/invoices/{bill.id}/payments", data=form | {"amount": "500"}, follow_redirects=True
    )
    assert "Supera el importe pendiente" in refused.text
    carmen = program(world.carmen)
    body = {"amount": {"amount": "100.00", "currency": "EUR"}, "on": "2026-11-21"}
    made = carmen.post(f"/invoices/{bill.id}/payments", body)
    assert (made.status_code, made.get_json()["payment"]["state"]) == (201, "paid")
    entry = made.get_json()["payment"]["entries"][1]
    assert entry["amount"] == {"amount": "100.00", "currency": "EUR"}
    back = carmen.post(f"/invoices/{bill.id}/payments/{entry['id']}/reversal")
    assert (back.status_code, back.get_json()["payment"]["state"]) == (201, "partly_paid")
    assert program(world.tomas).post(f"/invoices/{bill.id}/payments", body).status_code == 403
    assert browser.post(f"/billing/invoices/{bill.id}/payments/{bill.id}/take-back").status_code == 404


def test_the_ledger_is_only_added_to_and_seen_by_its_client(world: World, bill: Invoice, app: Flask) -> None:
    paid(bill, 21_00)
    with work(Scope.client(bill.client_id)) as session:
        assert session.query(PaymentEntry).count() == 1
    with work(Scope.client(world.azcarate.id)) as session:
        assert session.query(PaymentEntry).count() == 0
    with work(Scope.staff()) as session:
        assert (received(bill.id), due_of(bill)) == (21_00, WHOLE)
        assert session.get_one(Payment, bill.id).state == "partly_paid"


# --- Stripe events together with payments entered by people


def test_the_books_have_the_days_of_the_place_of_issue(bill: Invoice) -> None:
    clock.advance(datetime(2026, 11, 23, 23, 30, tzinfo=UTC) - clock.now())  # half past midnight in Madrid
    assert paid(bill, 1, on=date(2026, 11, 24)).on_day == date(2026, 11, 24)
    with pytest.raises(Invalid):
        paid(bill, 1, on=date(2026, 11, 25))


def test_a_transfer_taken_back_stays_so_whatever_stripe_tells_again(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    entry = paid(bill, WHOLE)
    news(stripe_there, drain)
    with work(Scope.staff()):
        reverse_entry(entry.id, at=clock.now())
    stripe_there.configure(duplicates=2)
    client = connect("sk_test_0123456789abcdefghij", base=stripe_there.url)
    client.v1.invoices.update(twin, {"description": "Otra vez"})
    news(stripe_there, drain)
    assert ledger(bill) == [("transfer", WHOLE), ("correction", -WHOLE)]
    assert (payment(bill).state, payment(bill).amount_paid) == ("cancelled", 0)  # owed, but cannot be paid there


def test_a_refund_heard_before_its_payment_is_not_a_debt(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, twin = collected
    stripe_there.pay(twin)
    assert stripe_there.settle()
    with work(Scope.system()) as session:
        session.query(Inbound).delete()  # the payment event is late
    stripe_there.refund(twin, 21_00)
    news(stripe_there, drain)
    assert ledger(bill) == [("stripe", WHOLE), ("refund", -21_00)]
    assert payment(bill).state == "partly_paid"


def test_what_a_credit_note_settles_is_not_asked_for_at_stripe(
    collected: tuple[Invoice, str],
    stripe_there: StripeServer,  # noqa: F811
    drain: Drain,
) -> None:
    bill, _ = collected
    paid(bill, 72_60)
    credited(bill, [Part(bill.lines[1].id)])
    news(stripe_there, drain)
    twin = twins(stripe_there)[0]
    assert (twin["status"], twin["amount_remaining"]) == ("paid", 0)
    assert (payment(bill).state, ledger(bill)) == ("paid", [("transfer", 72_60)])

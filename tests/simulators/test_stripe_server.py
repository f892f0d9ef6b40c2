"""The local Stripe through the real stripe-python client, over HTTP on a loopback port."""

import dataclasses
import http.server
import inspect
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from simulators.stripe.server import StripeServer, create_stripe_server
from simulators.stripe.totals import Rate, line_taxes, total_taxes
from simulators.stripe.webhooks import signature

SECRET = "whsec_local"
KEY = "sk_test_guardia"


@dataclasses.dataclass
class Desk:
    """An application that receives webhooks: what came, and the statuses to answer with first."""

    url: str = ""
    received: list[tuple[dict[str, Any], bytes, str]] = dataclasses.field(default_factory=list)
    answers: list[int] = dataclasses.field(default_factory=list)

    def types(self) -> list[str]:
        return [event["type"] for event, _, _ in self.received]


@pytest.fixture
def desk() -> Iterator[Desk]:
    seen = Desk()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.received.append((json.loads(body), body, self.headers["Stripe-Signature"]))
            self.send_response(seen.answers.pop(0) if seen.answers else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        seen.url = f"http://127.0.0.1:{listening.server_port}/stripe/webhook"
        yield seen
        listening.shutdown()
        thread.join()


@pytest.fixture
def server(desk: Desk) -> Iterator[StripeServer]:
    created = create_stripe_server([(desk.url, SECRET)], retry_schedule=(0.0, 0.0))
    with created.serve():
        yield created


@pytest.fixture
def client(server: StripeServer) -> stripe.StripeClient:
    return connect(server)


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


# --- customers and tax rates


def test_customer_is_created_changed_listed_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create(
        {
            "name": "Ferretería Lozano",
            "email": "cuentas@lozano.example",
            "preferred_locales": ["es"],
            "address": {"line1": "C/ Mayor 1", "city": "Getafe", "country": "ES"},
            "metadata": {"tenant": "lozano"},
            "tax_id_data": [{"type": "es_cif", "value": "B12345674"}],
        }
    )
    assert made.id.startswith("cus_")
    assert made.address is not None and made.address.postal_code is None
    client.v1.customers.update(made.id, {"email": "", "metadata": {"tenant": "", "plan": "oro"}})
    changed = client.v1.customers.retrieve(made.id)
    assert changed.email is None
    assert changed.metadata is not None and changed.metadata.to_dict() == {"plan": "oro"}
    assert [one.id for one in client.v1.customers.list().data] == [made.id]
    client.v1.customers.delete(made.id)
    assert client.v1.customers.retrieve(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(made.id, {"name": "x"})
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_customers_are_found_by_metadata(client: stripe.StripeClient) -> None:
    wanted = client.v1.customers.create({"metadata": {"client": "7"}, "name": "Uno"})
    client.v1.customers.create({"metadata": {"client": "77"}, "name": "Dos"})
    found = client.v1.customers.search({"query": "metadata['client']:'7'"})
    assert [one.id for one in found.data] == [wanted.id]
    assert client.v1.customers.search({"query": "metadata['client']:'7' AND name:'Dos'"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="unable to parse"):
        client.v1.customers.search({"query": "anything"})


def test_lists_have_pages_and_filters(client: stripe.StripeClient) -> None:
    ids = [client.v1.customers.create({"email": f"{n}@example.com"}).id for n in range(5)]
    first = client.v1.customers.list({"limit": 2})
    assert [one.id for one in first.data] == [ids[4], ids[3]]
    assert first.has_more is True
    assert [one.id for one in first.auto_paging_iter()] == ids[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": ids[1]})
    assert [one.id for one in before.data] == [ids[3], ids[2]]
    assert [one.id for one in client.v1.customers.list({"email": "3@example.com"}).data] == [ids[3]]
    assert client.v1.customers.list({"created": {"gt": 4_000_000_000}}).data == []


def test_tax_rate_keeps_its_percentage(client: stripe.StripeClient) -> None:
    rate = client.v1.tax_rates.create({"display_name": "IVA", "percentage": 5.2, "inclusive": False})
    assert rate.percentage == 5.2
    client.v1.tax_rates.update(rate.id, {"active": False})
    assert client.v1.tax_rates.list({"active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="percentage"):
        client.v1.tax_rates.create({"display_name": "IVA", "percentage": 121, "inclusive": False})


# --- an invoice's life


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


# --- credit notes and refunds


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


# --- the contract: parameters, keys, versions, shapes


@pytest.mark.parametrize(
    ("path", "form", "code", "param"),
    [
        ("invoices", {"customer": "cus_x", "colour": "red"}, "parameter_unknown", "colour"),
        ("invoices", {"customer": "cus_x", "metadata[a]": "1"}, "resource_missing", "customer"),
        ("invoices", {"customer": "cus_x", "days_until_due": "soon"}, "parameter_invalid_integer", "days_until_due"),
        ("invoices", {"customer": "cus_x", "collection_method": "pigeon"}, None, "collection_method"),
        ("invoices", {"customer": "cus_x", "subscription": "sub_1"}, "parameter_unsupported_here", "subscription"),
        ("invoices", {"customer": "cus_x", "automatic_tax[on]": "true"}, "parameter_unknown", "automatic_tax[on]"),
        ("tax_rates", {"display_name": "IVA", "inclusive": "false"}, "parameter_missing", "percentage"),
        ("tax_rates", {"display_name": "I", "percentage": "x", "inclusive": "no"}, None, "percentage"),
        ("customers", {"metadata": {"a": "1"}, "metadata[a][b]": "1"}, None, "metadata"),
        ("customers", {"email[a]": "1"}, None, "email"),
        ("refunds", {"payment_intent": "pi_1", "amount": ""}, "parameter_invalid_empty", "amount"),
    ],
)
def test_wrong_parameters_are_named(
    server: StripeServer, path: str, form: dict[str, Any], code: str | None, param: str
) -> None:
    auth = {"Authorization": f"Bearer {KEY}"}
    reply = requests.post(f"{server.url}/v1/{path}", data=form, headers=auth, timeout=10)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["type"], error.get("code"), error["param"]) == ("invalid_request_error", code, param)
    assert reply.headers["Request-Id"].startswith("req_")
    assert server.world.all("customers") == []


def test_callers_are_checked(server: StripeServer) -> None:
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_live_no", base_addresses={"api": server.url}).v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="API version"):
        connect(server, stripe_version="2020-08-27").v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        connect(server).v1.coupons.list()
    assert requests.get(f"{server.url}/v1/customers", timeout=10).status_code == 401
    with create_stripe_server(api_key="sk_test_one").serve() as running, pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_test_two", base_addresses={"api": running.url}).v1.customers.list()


def test_same_key_is_answered_with_the_first_answer(client: stripe.StripeClient, server: StripeServer) -> None:
    params: Any = {"name": "Lozano"}
    first = client.v1.customers.create(params, {"idempotency_key": "client-1"})
    second = client.v1.customers.create(params, {"idempotency_key": "client-1"})
    assert first.id == second.id
    assert second.last_response is not None and second.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"name": "Otro"}, {"idempotency_key": "client-1"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.invoices.create({"customer": first.id}, {"idempotency_key": "client-1"})
    assert len(server.world.all("customers")) == 1


def test_refused_parameters_leave_the_key_free_and_refused_moves_do_not(client: stripe.StripeClient) -> None:
    key: Any = {"idempotency_key": "k"}
    unknown: Any = {"colour": "red"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create(unknown, key)
    assert client.v1.customers.create({"name": "x"}, key).id
    invoice = draft(client)
    used: Any = {"idempotency_key": "v"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.void_invoice(invoice.id, {}, used)
    client.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="open invoices"):
        client.v1.invoices.void_invoice(invoice.id, {}, used)


def declared_fields(of: type) -> tuple[set[str], set[str]]:
    """The fields stripe-python declares for an object, and those that are never null."""
    body = inspect.getsource(of)
    fields = re.findall(r"^    ([a-z_0-9]+): (\S+)", body, re.MULTILINE)
    return {name for name, _ in fields}, {
        name for name, type in fields if not type.startswith(("Optional", "ClassVar"))
    }


def test_objects_have_the_fields_that_the_library_declares(client: stripe.StripeClient, server: StripeServer) -> None:
    invoice = finalized(client, amounts=(10_000, 500))
    client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    client.v1.credit_notes.create({"invoice": invoice.id, "amount": 100, "refund_amount": 100})
    draft(client)
    kinds: dict[str, type] = {
        "customers": stripe.Customer, "tax_rates": stripe.TaxRate, "invoiceitems": stripe.InvoiceItem,
        "invoices": stripe.Invoice, "credit_notes": stripe.CreditNote, "refunds": stripe.Refund,
        "invoice_payments": stripe.InvoicePayment, "events": stripe.Event,
    }  # fmt: skip
    objects = server.describe()["objects"]
    checked = [(of, one) for kind, of in kinds.items() for one in objects[kind]]
    checked += [(stripe.InvoiceLineItem, line) for one in objects["invoices"] for line in one["lines"]["data"]]
    checked += [(stripe.CreditNoteLineItem, line) for one in objects["credit_notes"] for line in one["lines"]["data"]]
    assert {of for of, _ in checked} >= set(kinds.values())
    for of, one in checked:
        known, never_null = declared_fields(of)
        assert one.keys() <= known, of
        assert {name for name in never_null if one.get(name) is None} <= {"deleted"}, of


@pytest.mark.parametrize(("rounding", "total"), [("line", 3 * 333 + 3 * 70), ("invoice", 999 + 210)])
def test_tax_is_rounded_where_the_account_rounds_it(
    client: stripe.StripeClient, server: StripeServer, rounding: str, total: int
) -> None:
    control(server, "settings", {"tax_rounding": rounding})
    assert draft(client, amounts=(333, 333, 333)).total == total


def test_tax_sums() -> None:
    iva, held = Rate("a", Decimal(21), False), Rate("b", Decimal(21), True)
    assert [t["amount"] for t in line_taxes(50, [iva])] == [11]
    assert [t["amount"] for t in line_taxes(-50, [iva])] == [-11]
    assert [(t["amount"], t["taxable_amount"]) for t in line_taxes(121, [held])] == [(21, 100)]
    lines = [(2, [iva])] * 10
    assert [t["amount"] for t in total_taxes(lines, rounding="line")] == [0]
    assert [t["amount"] for t in total_taxes(lines, rounding="invoice")] == [4]


# --- the page


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


# --- webhooks


def test_webhooks_are_signed_in_order_and_of_the_pinned_version(
    client: stripe.StripeClient, server: StripeServer, desk: Desk
) -> None:
    invoice = finalized(client)
    server.pay(invoice.id)
    assert server.settle()
    assert desk.types() == [event["type"] for event in server.messages()]
    for _, body, header in desk.received:
        event = stripe.Webhook.construct_event(body, header, SECRET)
        assert event.api_version == stripe.api_version
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", header, SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, "whsec_other")
    paid = next(event for event, _, _ in desk.received if event["type"] == "invoice.paid")
    assert (paid["data"]["object"]["id"], paid["data"]["object"]["status"]) == (invoice.id, "paid")
    assert client.v1.events.retrieve(paid["id"]).type == "invoice.paid"


def test_an_old_signature_is_what_the_library_refuses() -> None:
    body, moment = b'{"object": "event"}', int(datetime.now(UTC).timestamp())
    fresh = signature(SECRET, body=body, timestamp=moment)
    assert stripe.Webhook.construct_event(body, fresh, SECRET)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(body, signature(SECRET, body=body, timestamp=moment - 301), SECRET)


def test_webhooks_twice_backwards_and_held(client: stripe.StripeClient, server: StripeServer, desk: Desk) -> None:
    control(server, "settings", {"held": True, "duplicates": 1, "order": "reversed"})
    for name in ("uno", "dos"):
        client.v1.customers.create({"name": name})
    assert desk.received == []
    control(server, "settings", {"held": False})
    assert control(server, "settle", {"timeout": 10})["settled"]
    assert [event["data"]["object"]["name"] for event, _, _ in desk.received] == ["dos", "dos", "uno", "uno"]
    assert len({event["id"] for event, _, _ in desk.received}) == 2


def test_shuffled_and_late_webhooks_all_arrive(client: stripe.StripeClient, server: StripeServer, desk: Desk) -> None:
    control(server, "settings", {"order": "shuffled", "delay": 0.05})
    for number in range(5):
        client.v1.customers.create({"name": str(number)})
    assert control(server, "settle", {"timeout": 10})["settled"]
    assert sorted(event["data"]["object"]["name"] for event, _, _ in desk.received) == list("01234")


def test_refused_webhook_comes_again_and_can_be_resent(
    client: stripe.StripeClient, server: StripeServer, desk: Desk
) -> None:
    desk.answers[:] = [500, 401]
    client.v1.customers.create({"name": "x"})
    assert server.settle()
    assert len(desk.received) == 3
    delivery = control(server, "deliveries")["deliveries"][0]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 401, 200]
    control(server, "act/resend", {"event": delivery["id"]})
    assert server.settle()
    assert len(desk.received) == 4


def test_only_wanted_events_are_sent(desk: Desk) -> None:
    created = create_stripe_server([(desk.url, SECRET)], enabled_events=("invoice.*",))
    with created.serve():
        finalized(connect(created))
        assert created.settle()
    assert set(desk.types()) == {"invoice.created", "invoice.finalized"}


# --- bad days


def test_rate_limit_then_well(client: stripe.StripeClient, server: StripeServer) -> None:
    control(server, "faults", {"operation": "customers.create", "kind": "429", "times": 2})
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.customers.create({"name": "x"}, {"idempotency_key": "k"})
    assert client.v1.customers.create({"name": "x"}, {"idempotency_key": "k"}).name == "x"
    calls = control(server, "calls")["calls"]
    assert [(call["status"], call["fault"]) for call in calls] == [(429, "429"), (429, "429"), (200, None)]
    assert calls[0]["params"] == {"name": "x"} and calls[0]["idempotency_key"] == "k"


@pytest.mark.parametrize(
    "fault",
    [{"kind": "error", "error": "after_commit"}, {"kind": "drop"}, {"kind": "500"}, {"kind": "503"}],
    ids=lambda fault: str(fault.get("error", fault["kind"])),
)
def test_lost_answers_do_not_make_two(server: StripeServer, fault: dict[str, Any]) -> None:
    control(server, "faults", {"operation": "customers.create", **fault})
    client = connect(server, max_network_retries=2)
    assert client.v1.customers.create({"name": "x"}).name == "x"
    assert len(server.world.all("customers")) == 1


def test_a_kept_500_is_found_again_by_search(client: stripe.StripeClient, server: StripeServer) -> None:
    control(
        server, "faults", {"operation": "customers.create", "kind": "error", "error": "after_commit_for_good"}
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(stripe.APIError) as sorry:
            client.v1.customers.create({"metadata": {"client": "9"}}, {"idempotency_key": "k"})
        assert sorry.value.http_status == 500
    assert len(client.v1.customers.search({"query": "metadata['client']:'9'"}).data) == 1


def test_timeout_and_a_second_request_meanwhile(server: StripeServer) -> None:
    control(server, "faults", {"operation": "customers.create", "kind": "hang", "seconds": 30})
    impatient = connect(server, http_client=stripe.RequestsClient(timeout=0.3))
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.create({"name": "x"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.APIError) as busy:
        connect(server).v1.customers.create({"name": "x"}, {"idempotency_key": "k"})
    assert busy.value.http_status == 409
    assert json.loads(str(busy.value.http_body))["error"]["code"] == "idempotency_key_in_use"
    assert server.world.all("customers") == []


# --- control and keeping


def test_acts_over_http(client: stripe.StripeClient, server: StripeServer) -> None:
    invoice = finalized(client)
    assert control(server, "act/decline", {"invoice": invoice.id})["result"]["status"] == "open"
    assert control(server, "act/pay", {"invoice": invoice.id})["result"]["status"] == "paid"
    for wrong in ({"invoice": invoice.id}, {"invoice": "in_none"}):
        assert requests.post(f"{server.url}/_control/act/pay", json=wrong, timeout=10).status_code == 400
    assert requests.post(f"{server.url}/_control/settings", json={"order": "x"}, timeout=10).status_code == 400
    assert len(control(server, "state")["objects"]["invoices"]) == 1
    control(server, "reset", {"keep_world": False})
    assert client.v1.invoices.list().data == []


def test_state_outlives_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "stripe" / "state.json"
    with (first := create_stripe_server(state=kept)).serve():
        invoice = finalized(connect(first))
        customer = connect(first).v1.customers.create({"name": "x"}, {"idempotency_key": "k"}).id
    with (second := create_stripe_server(state=kept)).serve():
        again = connect(second)
        assert again.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"}).status == "paid"
        assert again.v1.customers.create({"name": "x"}, {"idempotency_key": "k"}).id == customer


def test_keys_end_after_a_day() -> None:
    moment = [1_800_000_000]
    created = create_stripe_server(now=lambda: datetime.fromtimestamp(moment[0], UTC))
    with created.serve():
        client = connect(created)
        first = client.v1.customers.create({"name": "x"}, {"idempotency_key": "k"})
        moment[0] += 86_401
        assert client.v1.customers.create({"name": "x"}, {"idempotency_key": "k"}).id != first.id

"""Errors of the local Stripe, its idempotency keys, versions and the shapes of its objects."""

import inspect
import re
from decimal import Decimal
from typing import Any

import pytest
import requests
import stripe

from simulators.stripe.server import StripeServer, create_stripe_server
from simulators.stripe.totals import Rate, line_taxes, total_taxes
from tests.simulators.stripe.kit import KEY, connect, control, draft, finalized


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
    """The fields that stripe-python declares for an object, and those that are never null."""
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

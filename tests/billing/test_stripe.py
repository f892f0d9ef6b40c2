"""Collecting through Stripe, against a local server with its protocol: pushed once, paid, and failures."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.serving import make_server

from billing import stripe as collecting
from billing.credit_notes import Part, credit
from billing.events import InvoicePushRequested
from billing.models import Invoice, Payment, StripeCustomer
from billing.stripe_client import connect
from msp.config import Settings
from msp.kernel import clock, settings
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, StoredEvent, emit
from msp.kernel.inbox import Inbound
from simulators.stripe.server import StripeServer, create_stripe_server
from simulators.stripe.webhooks import signature
from tests.billing.desk import NOVEMBER, client_of, contract_of, issued, log, run, ticket_of, utc
from tests.conftest import STRIPE_WEBHOOK_SECRET
from tests.world import World

KEY = "sk_test_0123456789abcdefghij"
Drain = Callable[[], int]


@pytest.fixture
def door(app: Flask) -> Iterator[str]:
    """The desk on a port that receives the webhooks."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/stripe/webhook"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stripe_there(app: Flask, door: str) -> Iterator[StripeServer]:
    """A Stripe account through which the desk collects."""
    server = create_stripe_server([(door, STRIPE_WEBHOOK_SECRET)], retry_schedule=(0.0, 0.0))
    with server.serve():
        collecting.listen(connect(KEY, base=server.url))
        yield server
    collecting.listen(connect(KEY, base="http://127.0.0.1:1"))


@pytest.fixture
def invoice(world: World, stripe_there: StripeServer) -> Invoice:
    """October of Lozano, issued: 206.25 net, 249.56 in total."""
    ticket = ticket_of(world)
    log(ticket, world.tomas, utc(6, 8), 110)
    log(ticket, world.irene, utc(7, 18), 20)
    _, (draft,) = run(world)
    return issued(world, draft)


def payment(invoice: Invoice) -> Payment:
    with work(Scope.staff()) as session:
        return session.get_one(Payment, invoice.id)


def later(drain: Drain, tries: int = 1) -> None:
    """Move time past the retry delays of failed deliveries, and process them."""
    for _ in range(tries):
        clock.advance(timedelta(hours=1))
        drain()


def events_of(invoice: Invoice) -> list[str]:
    with work(Scope.staff()) as session:
        return list(
            session.scalars(
                select(StoredEvent.kind).where(StoredEvent.subject_id == invoice.id).order_by(StoredEvent.seq)
            )
        )


def twins(server: StripeServer) -> list[dict[str, object]]:
    return list(server.describe()["objects"]["invoices"])


def test_an_issued_invoice_is_pushed_paid_and_known_to_be_paid(
    invoice: Invoice, stripe_there: StripeServer, drain: Drain
) -> None:
    """Step 6: issue, Stripe invoice with our number and totals, its page, the button, the webhook, paid."""
    drain()
    (twin,) = twins(stripe_there)
    assert (twin["number"], twin["total"], twin["status"]) == ("F26-000001", 249_56, "open")
    assert (twin["collection_method"], twin["auto_advance"]) == ("send_invoice", False)
    assert twin["metadata"]["invoice_uuid"] == str(invoice.id)  # type: ignore[index]
    waiting = payment(invoice)
    assert (waiting.state, waiting.stripe_invoice_id) == ("open", twin["id"])
    assert waiting.hosted_url == twin["hosted_invoice_url"]
    stripe_there.pay(str(twin["id"]))
    assert stripe_there.settle()
    drain()
    paid = payment(invoice)
    assert (paid.state, paid.amount_paid, paid.reason) == ("paid", 249_56, None)
    assert paid.paid_at is not None
    assert events_of(invoice)[-2:] == ["invoice.sent", "invoice.paid"]


def test_a_second_invoice_finds_the_customer_and_the_tax_rate(
    world: World, invoice: Invoice, stripe_there: StripeServer, drain: Drain
) -> None:
    drain()
    log(ticket_of(world), world.tomas, utc(3, 9, month=11), 60)
    _, (draft,) = run(world, NOVEMBER, clients=[world.lozano])
    issued(world, draft)
    drain()
    objects = stripe_there.describe()["objects"]
    assert [len(objects[kind]) for kind in ("customers", "tax_rates", "invoices")] == [1, 1, 2]
    with work(Scope.staff()) as session:
        assert session.scalar(select(func.count()).select_from(StripeCustomer)) == 1


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("customers.search", "429"),
        ("customers.create", "after_commit"),
        ("invoices.list", "500"),
        ("invoices.create", "drop"),
        ("invoices.create", "after_commit"),
        ("tax_rates.create", "drop"),
        ("invoiceitems.create", "after_commit"),
        ("invoices.get", "503"),
        ("invoices.finalize", "drop"),
        ("invoices.finalize", "after_commit"),
        ("invoices.create", "html"),
        ("invoices.finalize", "garbage"),
    ],
)
def test_a_bad_day_at_any_step_makes_one_invoice(
    invoice: Invoice, stripe_there: StripeServer, drain: Drain, operation: str, kind: str
) -> None:
    fault = {"kind": "error", "error": "after_commit"} if kind == "after_commit" else {"kind": kind}
    stripe_there.faults.add(operation, **fault)
    drain()
    later(drain, 3)
    objects = stripe_there.describe()["objects"]
    assert [len(objects[name]) for name in ("customers", "tax_rates", "invoices", "invoiceitems")] == [1, 1, 1, 1]
    assert (objects["invoices"][0]["status"], objects["invoices"][0]["total"]) == ("open", 249_56)
    assert payment(invoice).state == "open"


def test_delivered_twice_it_is_still_one(invoice: Invoice, stripe_there: StripeServer, drain: Drain) -> None:
    drain()
    with work(Scope.system()) as session:
        session.execute(update(Delivery).values(state="pending", due_at=clock.now(), lease_until=None))
    drain()
    objects = stripe_there.describe()["objects"]
    assert [len(objects[name]) for name in ("customers", "invoices", "invoiceitems")] == [1, 1, 1]


def test_a_refusal_is_shown_and_can_be_pushed_again(invoice: Invoice, stripe_there: StripeServer, drain: Drain) -> None:
    stripe_there.faults.add("invoices.create", "error", error="parameter_invalid_empty", status=400)
    drain()
    refused = payment(invoice)
    assert (refused.state, twins(stripe_there)) == ("pending", [])
    assert refused.reason
    with work(Scope.system()) as session:
        assert session.scalar(select(Delivery.state).where(Delivery.subscriber == "stripe")) == "dead"
        emit(InvoicePushRequested(), invoice.id, client_id=invoice.client_id)
    drain()
    assert (payment(invoice).state, payment(invoice).reason) == ("open", None)


def test_a_cent_of_difference_is_not_collected(world: World, stripe_there: StripeServer, drain: Drain) -> None:
    """Stripe may round the tax of each line: 3 and 3 cents for two sections of 0.12, where the tax on 0.24 is 5."""
    stripe_there.configure(tax_rounding="line")
    client = client_of(world)
    for name in ("Uno", "Dos"):
        contract_of(world, client, "flat_fee", {"fee": "0.12"}, name=name)
    _, (draft,) = run(world, clients=[client])
    assert (draft.net, draft.tax) == (24, 5)
    bill = issued(world, draft)
    drain()
    (twin,) = [each for each in twins(stripe_there) if each["status"] != "deleted"]
    assert (twin["total"], twin["status"]) == (bill.total, "open")
    assert payment(bill).stripe_invoice_id == twin["id"]


def test_withholding_lowers_what_is_asked_for(world: World, stripe_there: StripeServer, drain: Drain) -> None:
    with work(Scope.staff()):
        settings.write("provider", settings.read("provider") | {"withholding": "professional"})
    log(ticket_of(world), world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world)
    bill = issued(world, draft)
    drain()
    assert twins(stripe_there)[0]["total"] == bill.payable == 75_00 + 15_75 - 11_25


def test_a_whole_credit_note_voids_what_is_not_paid(invoice: Invoice, stripe_there: StripeServer, drain: Drain) -> None:
    drain()
    with work(Scope.staff()):
        credit(invoice.id, reason="Error", at=clock.now())
    drain()
    assert [twin["status"] for twin in twins(stripe_there)] == ["void"]
    assert stripe_there.settle()
    drain()
    assert payment(invoice).state == "void"


def test_a_whole_credit_note_before_the_push_leaves_nothing_to_pay(
    invoice: Invoice, stripe_there: StripeServer, drain: Drain
) -> None:
    with work(Scope.staff()):
        credit(invoice.id, reason="Error", at=clock.now())
    drain()
    assert [twin for twin in twins(stripe_there) if twin["status"] == "open"] == []


def test_a_part_credited_is_taken_off_what_is_due(invoice: Invoice, stripe_there: StripeServer, drain: Drain) -> None:
    with work(Scope.staff()):
        credit(invoice.id, reason="Una hora", parts=[Part(invoice.lines[0].id, minutes=60)], at=clock.now())
    drain()
    later(drain)
    (twin,) = twins(stripe_there)
    assert (twin["status"], twin["amount_remaining"]) == ("open", 249_56 - 90_75)
    assert len(stripe_there.describe()["objects"]["credit_notes"]) == 1


def test_a_declined_card_is_told_and_a_paid_invoice_stays_paid(
    invoice: Invoice, stripe_there: StripeServer, drain: Drain
) -> None:
    drain()
    stripe_there.configure(held=True)
    twin = str(twins(stripe_there)[0]["id"])
    stripe_there.decline(twin)
    stripe_there.configure(held=False)
    assert stripe_there.settle()
    drain()
    assert payment(invoice).state == "failed"
    stripe_there.configure(order="reversed", duplicates=4)
    stripe_there.decline(twin)
    stripe_there.pay(twin)
    assert stripe_there.settle()
    drain()
    assert payment(invoice).state == "paid"
    assert events_of(invoice).count("invoice.paid") == 1
    with work(Scope.system()) as session:
        ids = session.scalars(select(Inbound.external_id).where(Inbound.source == "stripe")).all()
        assert len(ids) == len(set(ids))


def test_an_invoice_that_is_not_ours_is_no_concern(world: World, stripe_there: StripeServer, drain: Drain) -> None:
    client = connect(KEY, base=stripe_there.url)
    other = client.v1.customers.create({"name": "Otra cosa"})
    alien = client.v1.invoices.create({"customer": other.id, "collection_method": "send_invoice", "days_until_due": 5})
    client.v1.invoices.finalize_invoice(str(alien.id))
    assert stripe_there.settle()
    drain()
    with work(Scope.system()) as session:
        assert session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state != "done")) == 0


def an_event(**more: object) -> bytes:
    subject = {"object": "invoice", "id": "in_unknown"}
    return json.dumps(
        {"object": "event", "id": f"evt_{uuid4().hex}", "type": "invoice.paid"} | {"data": {"object": subject}} | more
    ).encode()


def post(web: FlaskClient, body: bytes, *, at: int | None = None, secret: str = STRIPE_WEBHOOK_SECRET) -> int:
    header = signature(secret, body=body, timestamp=at or int(time.time()))
    return web.post("/stripe/webhook", data=body, headers={"Stripe-Signature": header}).status_code


def stored() -> int:
    with work(Scope.system()) as session:
        return session.scalar(select(func.count()).select_from(Inbound)) or 0


def test_what_stripe_signed_is_stored_once(web: FlaskClient) -> None:
    body = an_event()
    assert [post(web, body) for _ in range(5)] == [200] * 5
    assert stored() == 1


def test_forged_stale_and_unsigned_events_are_refused(web: FlaskClient) -> None:
    body = an_event()
    assert post(web, body, secret="whsec_another") == 401
    assert post(web, body, at=int(time.time()) - 301) == 401
    assert web.post("/stripe/webhook", data=body).status_code == 401
    assert web.post("/stripe/webhook", data=body, headers={"Stripe-Signature": "t=x,v1=\xff"}).status_code == 401
    header = signature(STRIPE_WEBHOOK_SECRET, body=body, timestamp=int(time.time()))
    tampered = web.post("/stripe/webhook", data=body + b" ", headers={"Stripe-Signature": header})
    assert (tampered.status_code, stored()) == (401, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"event"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"object": "v2.core.event", "id": "evt_1", "type": "v1.billing.meter.error_report_triggered"}',
        b'{"object": "event", "id": "evt_1", "type": "invoice.paid", "data": {}}',
        b'{"object": "event", "id": 5, "type": "invoice.paid", "data": {"object": {}}}',
        b'{"object": "event", "id": "evt_1", "type": "a", "data": {"object": {"id": "\\u0000"}}}',
    ],
)
def test_what_is_no_event_is_malformed(web: FlaskClient, body: bytes) -> None:
    assert (post(web, body), stored()) == (400, 0)


def test_more_than_a_megabyte_is_too_much(web: FlaskClient) -> None:
    assert post(web, an_event(padding="x" * 1024 * 1024)) == 413
    assert stored() == 0


def test_without_keys_there_is_no_door(request: pytest.FixtureRequest) -> None:
    whole: Settings = request.getfixturevalue("settings")
    bare = Flask("bare")
    collecting.register(bare, replace(whole, stripe_api_key=""))
    assert "stripe_webhook" not in bare.view_functions

"""Webhooks of the local Stripe: signatures, order, retries."""

from datetime import UTC, datetime

import pytest
import stripe

from simulators.stripe.server import StripeServer, create_stripe_server
from simulators.stripe.webhooks import signature
from tests.simulators.stripe.kit import SECRET, Desk, connect, control, finalized


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

"""The local Stripe when it fails, is slow, or restarts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from simulators.stripe.server import StripeServer, create_stripe_server
from tests.simulators.stripe.kit import connect, control, finalized


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

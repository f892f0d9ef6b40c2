"""A local Stripe on a port, its client, and an application that receives its webhooks."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest
import stripe

from simulators.stripe.server import StripeServer, create_stripe_server
from tests.simulators.stripe.kit import SECRET, Desk, connect


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

"""Calls of every integration end in time, however slowly the other side answers (F9)."""

import time

import pytest
from stripe import StripeClient

from billing import stripe as payments
from billing.stripe_client import connect
from integrations.mail import smtp
from integrations.slack import web_api
from integrations.teams import connector
from integrations.webhooks.http import Poster
from msp.config import Settings
from msp.kernel.errors import OutsideFailure
from tests.kernel.slow_servers import dripping

HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: "
LIMIT = 1.0


def post_a_webhook(port: int, _settings: Settings) -> None:
    Poster(timeout=LIMIT, may_stay_inside=True).post(f"http://127.0.0.1:{port}/", b"{}", {})


def call_slack(port: int, _settings: Settings) -> None:
    web_api.call(web_api.client("xoxb-1", base_url=f"http://127.0.0.1:{port}/api/", timeout=1).auth_test)


class _Known(connector.Token):
    """A token that needs no request."""

    def value(self) -> str:
        return "x"


def call_teams(port: int, settings: Settings) -> None:
    token = _Known(settings)
    web = connector.client(token, f"http://127.0.0.1:{port}/")
    connector.call(token, web.conversations.get_conversation_members, "a:1")


def ask_stripe(port: int, _settings: Settings) -> None:
    client: StripeClient = connect("sk_test_1", base=f"http://127.0.0.1:{port}")
    payments._call(lambda: client.v1.invoices.retrieve("in_1"))


def hand_over_a_mail(port: int, _settings: Settings) -> None:
    server = smtp.Server("127.0.0.1", port, "offered", timeout=LIMIT / 3)
    with smtp._line(server):
        pass


@pytest.mark.parametrize(
    ("ask", "first"),
    [
        (post_a_webhook, HEADERS),
        (call_slack, HEADERS),
        (call_slack, HEADERS + b"1\r\n\r\n{"),
        (call_teams, HEADERS),
        (ask_stripe, HEADERS),
        (hand_over_a_mail, b"220-"),
    ],
)
def test_a_call_ends_in_time(settings: Settings, monkeypatch: pytest.MonkeyPatch, ask: object, first: bytes) -> None:
    monkeypatch.setattr(payments, "ASKED_SECONDS", LIMIT)
    monkeypatch.setattr(web_api, "WAITS", LIMIT)
    monkeypatch.setattr(connector, "CALL_SECONDS", LIMIT)
    assert callable(ask)
    with dripping(first) as port:
        began = time.monotonic()
        with pytest.raises(OutsideFailure):
            ask(port, settings)
        assert LIMIT - 0.1 < time.monotonic() - began < LIMIT + 1.5

"""Stripe client: API version and timeouts."""

from typing import Any

import requests
import stripe
from requests.adapters import HTTPAdapter
from stripe import StripeClient

API_VERSION = "2026-10-28.endive"  # also to be set on the webhook endpoint
TIMEOUT = 15.0  # seconds per socket operation


def connect(api_key: str, *, base: str) -> StripeClient:
    """A client for an account. No automatic retries: the outbox retries, within its own limits."""
    return StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base.rstrip("/")},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT, session=_session()),
    )


class _OneUse(HTTPAdapter):
    """Opens a new connection per request, so that each is within the deadline of its call."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request without keeping the connection."""
        answer = super().send(*arguments, **options)
        self.poolmanager.clear()
        return answer


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _OneUse())
    return session

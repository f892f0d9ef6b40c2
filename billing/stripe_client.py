"""The client for an account at Stripe: the version it speaks, and how long it waits."""

from typing import Any

import requests
import stripe
from requests.adapters import HTTPAdapter
from stripe import StripeClient

API_VERSION = "2026-10-28.endive"  # the webhook's endpoint is to be set to it as well
TIMEOUT = 15.0  # seconds for one wait


def connect(api_key: str, *, base: str) -> StripeClient:
    """A client for an account. It does not retry by itself: our outbox does, and knows how long it may."""
    return StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base.rstrip("/")},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT, session=_session()),
    )


class _OneUse(HTTPAdapter):
    """Keeps no connection, so that each is opened within the deadline of its call."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request, and forget the connection."""
        answer = super().send(*arguments, **options)
        self.poolmanager.clear()
        return answer


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _OneUse())
    return session

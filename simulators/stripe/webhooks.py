"""Signed webhooks of a local Stripe account, with faults on demand.

Source of the signature: docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulators.courier import Courier
from simulators.stripe.world import Object

ORDERS = ("kept", "reversed", "shuffled")
_GATHER_SECONDS = 0.2


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint: URL, secret, and event types: names, a trailing * for the rest, or "*"."""

    url: str
    secret: str
    enabled_events: tuple[str, ...] = ("*",)

    def wants(self, type: str) -> bool:
        """Whether events of this type are sent there."""
        return any(
            type.startswith(pattern[:-1]) if pattern.endswith("*") else type == pattern
            for pattern in self.enabled_events
        )


class StripeWebhooks:
    """Sends events one after another; with `duplicates` several times, in another `order`, late or not yet.

    `duplicates` is the number of extra copies; `order` reorders pending events; `delay` is in seconds; while `held`
    nothing is sent. Refused events are sent again on the courier's schedule, newly signed.
    """

    def __init__(self, courier: Courier, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = list(endpoints)
        self.duplicates = 0
        self.order = "kept"
        self.delay = 0.0
        self.held = False
        self._courier = courier
        self._waiting: list[tuple[Endpoint, Object]] = []
        self._busy = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def configure(self, **settings: Any) -> None:
        """Change duplicates, order, delay, held or the endpoints ([url, secret] pairs)."""
        with self._changed:
            if settings.get("order", "kept") not in ORDERS:
                raise ValueError(f"an order is one of {', '.join(ORDERS)}")
            if "endpoints" in settings:
                self.endpoints = [Endpoint(url, secret) for url, secret in settings.pop("endpoints")]
            for name, value in settings.items():
                if name not in ("duplicates", "order", "delay", "held"):
                    raise ValueError(f"webhooks have no setting {name}")
                setattr(self, name, type(getattr(self, name))(value))
            self._changed.notify_all()

    def describe(self) -> dict[str, Any]:
        """The settings and pending events."""
        with self._changed:
            return {
                "endpoints": [[endpoint.url, list(endpoint.enabled_events)] for endpoint in self.endpoints],
                "duplicates": self.duplicates, "order": self.order, "delay": self.delay, "held": self.held,
                "waiting": [event["id"] for _, event in self._waiting],
            }  # fmt: skip

    def send(self, events: Iterable[Object]) -> None:
        """Queue events for every endpoint with their type."""
        wanted = [(to, event) for event in events for to in self.endpoints if to.wants(event["type"])]
        if not wanted:
            return
        with self._changed:
            self._waiting += wanted
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="stripe webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait until everything queued was accepted or given up; held events do not count."""
        limit = time.monotonic() + timeout
        with self._changed:
            idle = self._changed.wait_for(lambda: not self._busy and (self.held or not self._waiting), timeout=timeout)
        return idle and self._courier.settle(max(0.0, limit - time.monotonic()))

    def close(self) -> None:
        """Stop sending."""
        self._courier.close()
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        closing = self._courier.closing
        while not closing.is_set():
            with self._changed:
                self._changed.wait_for(lambda: closing.is_set() or (self._waiting and not self.held))
                pause = self.delay or (0.0 if self.order == "kept" else _GATHER_SECONDS)
                if pause:
                    self._changed.wait_for(closing.is_set, timeout=pause)
                batch, self._waiting = self._arranged(self._waiting), []
                self._busy = True
            for endpoint, event in batch:
                if not closing.is_set():
                    self._deliver(endpoint, event)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _arranged(self, waiting: list[tuple[Endpoint, Object]]) -> list[tuple[Endpoint, Object]]:
        batch = [one for one in waiting for _ in range(1 + self.duplicates)]
        if self.order == "reversed":
            batch.reverse()
        elif self.order == "shuffled":
            secrets.SystemRandom().shuffle(batch)
        return batch

    def _deliver(self, endpoint: Endpoint, event: Object) -> None:
        body = json.dumps(event, indent=2).encode()

        def prepare(attempt: int, reason: str | None) -> tuple[bytes, dict[str, str]]:
            return body, {
                "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache",
                "Accept": "*/*; q=0.5, application/xml",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Stripe-Signature": signature(endpoint.secret, body=body, timestamp=_machine_time()),
            }  # fmt: skip

        self._courier.send(event["type"], event["id"], url=endpoint.url, prepare=prepare, wait=True)


def signature(secret: str, *, body: bytes, timestamp: int) -> str:
    """The Stripe-Signature header of a body sent at a Unix time in seconds, with an extra scheme to be ignored."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest},v0={'0' * 64}"


def _machine_time() -> int:
    # Receivers compare the signature's time with the machine's own clock (stripe-python reads it directly),
    # which a demo or a test that moves the project's clock does not move.
    return int(time.time())  # noqa: TID251

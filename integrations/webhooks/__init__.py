"""Webhooks: signed POST requests that notify other programs of escalations.

- `calls`: the content of a call
- `http`: one signed POST to an address that an administrator has entered
"""

from functools import partial

from flask import Flask

from integrations.webhooks.calls import call, test
from integrations.webhooks.http import Poster
from msp.config import Settings
from msp.kernel.destinations import WEBHOOKS
from msp.kernel.events import subscribe
from msp.kernel.leases import LATER
from msp.notify.events import WebhookTestRequested
from msp.tickets.events import EscalationWebhookCalled


def register(app: Flask, settings: Settings) -> None:
    """Enable webhooks; in production none to addresses in our own network."""
    listen(settings)


def listen(settings: Settings, *, timeout: float = 10.0) -> None:
    """Subscribe this process's workers; `timeout` in seconds for a whole call."""
    poster = Poster(timeout=timeout, may_stay_inside=settings.is_demo)
    subscribe(
        "webhooks",
        to={EscalationWebhookCalled},
        handler=partial(call, poster, settings.public_url),
        priority=LATER,
        destination=WEBHOOKS,
    )
    subscribe("webhook_tests", to={WebhookTestRequested}, handler=partial(test, poster), destination=WEBHOOKS)

"""Stripe's webhook endpoint: verifies and stores events; `billing.stripe` handles them."""

import json

import stripe
from flask import Response, request

from billing.stripe_returns import subject_of
from msp.kernel import inbox
from msp.kernel.foreign_json import NotJson, parse_object
from msp.kernel.leases import LATER
from msp.kernel.storable import is_storable

MAX_BODY = 1024 * 1024
TOLERANCE = 300  # seconds


def webhook(secret: str) -> Response:
    """Stripe's webhook endpoint: verifies the signature of the raw body and stores the event once. A worker handles it.

    401 for a signature that is missing, forged or older than five minutes, 400 for what is no event, 413 over 1 MiB.
    """
    body = _body()
    if body is None:
        return _answer(413, "too_large")
    try:
        stripe.WebhookSignature.verify_header(body, request.headers.get("Stripe-Signature"), secret, TOLERANCE)
        event = parse_object(body)
    except stripe.SignatureVerificationError:
        return _answer(401, "signature_invalid")
    except NotJson as wrong:
        return _answer(400, "not_an_event" if wrong.code == "not_an_object" else "malformed")
    except ValueError:  # header or body is not UTF-8
        return _answer(400, "malformed")
    if not (_is_event(event) and is_storable(json.loads(body))):
        return _answer(400, "not_an_event")
    if subject := subject_of(event):
        inbox.store("stripe", event["id"], event, key=subject, priority=LATER)
    return _answer(200, "received")


def _body() -> bytes | None:
    """The raw body; None if it is longer than allowed, whatever its declared length."""
    if (request.content_length or 0) > MAX_BODY:
        return None
    body = request.stream.read(MAX_BODY + 1)
    return None if len(body) > MAX_BODY else body


def _answer(status: int, result: str) -> Response:
    return Response(json.dumps({"result": result}), status, mimetype="application/json")


def _is_event(event: object) -> bool:
    """Whether it is a snapshot event; thin events of API v2 are not supported by the endpoint."""
    if not isinstance(event, dict) or event.get("object") != "event":
        return False
    data = event.get("data")
    named = all(isinstance(event.get(name), str) and 0 < len(event[name]) <= 255 for name in ("id", "type"))
    return named and isinstance(data, dict) and isinstance(data.get("object"), dict)

"""The content of webhook calls: ticket, SLA target, escalation step and links."""

import json
from uuid import UUID

from integrations.webhooks.http import Poster, signature
from msp.kernel import clock, crypto, leases
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import NotFound, OutsideFailure, Permanent
from msp.kernel.event_types import to_json
from msp.kernel.events import DeliveredEvent
from msp.notify.events import WebhookTestRequested
from msp.notify.webhooks import Webhook, access_webhook, note_outcome
from msp.tickets.events import EscalationWebhookCalled
from msp.tickets.models import Ticket


def call(poster: Poster, public_url: str, called: DeliveredEvent[EscalationWebhookCalled]) -> None:
    """Post an escalation to its webhook; raises Temporary to be retried, Permanent if a retry cannot succeed."""
    with work(Scope.system()) as session:
        webhook = _active(called.event.webhook_id)
        ticket = session.get_one(Ticket, called.subject_id)
        body = _body(called, ticket, public_url)
    _post(poster, webhook, called.delivery_id, body, kind="escalation")


def test(poster: Poster, requested: DeliveredEvent[WebhookTestRequested]) -> None:
    """Post a test message once; the outcome is stored with the webhook."""
    with work(Scope.system()):
        webhook = _active(requested.subject_id)
    try:
        _post(poster, webhook, requested.delivery_id, {"event_id": str(requested.id), "type": "test"}, kind="test")
    except OutsideFailure:  # the outcome is shown where the button was clicked
        pass


def _active(webhook_id: UUID) -> Webhook:
    try:
        webhook = access_webhook(webhook_id)
    except NotFound as gone:
        raise Permanent("webhook_removed") from gone
    if not webhook.is_active:
        raise Permanent("webhook_off")
    return webhook


def _body(called: DeliveredEvent[EscalationWebhookCalled], ticket: Ticket, public_url: str) -> Json:
    event = called.event
    return {
        "event_id": str(called.id),
        "type": "escalation",
        "at": called.at.isoformat(),
        "ticket": ticket.label,
        "ticket_id": str(ticket.id),
        "subject": ticket.subject,
        "priority": ticket.priority,
        "client": {"id": str(ticket.client_id), "code": ticket.client.code, "name": ticket.client.name},
        "clock": event.clock,
        "step": event.step,
        "due_at": to_json(event.due_at),
        "is_late": event.is_late,
        "links": {
            "desk": f"{public_url}/desk/tickets/{ticket.label}",
            "api": f"{public_url}/api/v1/tickets/{ticket.id}",
        },
    }


def _post(poster: Poster, webhook: Webhook, delivery_id: int, payload: Json, *, kind: str) -> None:
    body, timestamp = json.dumps(payload, ensure_ascii=False).encode(), int(clock.now().timestamp())
    headers = {
        "X-Guardia-Event": kind,
        "X-Guardia-Timestamp": str(timestamp),
        "X-Guardia-Signature": signature(crypto.unseal(webhook.secret), timestamp=timestamp, body=body),
        "Idempotency-Key": str(delivery_id),
    }
    leases.ensure_lease()
    try:
        status = poster.post(webhook.url, body, headers)
    except OutsideFailure as failure:
        _note(webhook.id, status=None, reason=failure.reason)
        raise
    _note(webhook.id, status=status, reason=None)


def _note(webhook_id: UUID, *, status: int | None, reason: str | None) -> None:
    with work(Scope.system()) as session:
        webhook = session.get_one(Webhook, webhook_id)
        note_outcome(webhook, status=status, reason=reason, at=clock.now())

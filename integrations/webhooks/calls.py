"""What is posted: which ticket, which promise, which step, and where to look."""

import json
from typing import Any
from uuid import UUID

from integrations.webhooks.http import Poster, signature
from msp.kernel import clock, crypto, leases
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import NotFound, OutsideFailure, Permanent
from msp.kernel.events import DeliveredEvent
from msp.notify.events import WebhookTestRequested
from msp.notify.webhooks import Webhook, access_webhook, note_outcome
from msp.tickets.models import Ticket

CALLED = {"escalation.webhook"}
TEST_REQUESTED = {WebhookTestRequested}


def call(poster: Poster, public_url: str, fact: DeliveredEvent[Any]) -> None:
    """Post what an escalation says; raises Temporary to be asked again, Permanent where it is no use."""
    with work(Scope.system()) as session:
        webhook = _active(UUID(str(fact.data["webhook_id"])))
        ticket = session.get_one(Ticket, fact.subject_id)
        body = _body(fact, ticket, public_url)
    _post(poster, webhook, fact, body, kind="escalation")


def test(poster: Poster, fact: DeliveredEvent[Any]) -> None:
    """Post a harmless message once; how it went stands at the webhook."""
    with work(Scope.system()):
        webhook = _active(fact.subject_id)
    try:
        _post(poster, webhook, fact, {"event_id": str(fact.id), "type": "test"}, kind="test")
    except OutsideFailure:  # whoever pressed the button sees it there
        pass


def _active(webhook_id: UUID) -> Webhook:
    try:
        webhook = access_webhook(webhook_id)
    except NotFound as gone:
        raise Permanent("webhook_removed") from gone
    if not webhook.is_active:
        raise Permanent("webhook_off")
    return webhook


def _body(fact: DeliveredEvent[Any], ticket: Ticket, public_url: str) -> Json:
    told = {name: fact.data.get(name) for name in ("clock", "step", "due_at", "is_late")}
    return {
        "event_id": str(fact.id),
        "type": "escalation",
        "at": fact.at.isoformat(),
        "ticket": ticket.label,
        "ticket_id": str(ticket.id),
        "subject": ticket.subject,
        "priority": ticket.priority,
        "client": {"id": str(ticket.client_id), "code": ticket.client.code, "name": ticket.client.name},
        **told,
        "links": {
            "desk": f"{public_url}/desk/tickets/{ticket.label}",
            "api": f"{public_url}/api/v1/tickets/{ticket.id}",
        },
    }


def _post(poster: Poster, webhook: Webhook, fact: DeliveredEvent[Any], said: Json, *, kind: str) -> None:
    body, timestamp = json.dumps(said, ensure_ascii=False).encode(), int(clock.now().timestamp())
    headers = {
        "X-Guardia-Event": kind,
        "X-Guardia-Timestamp": str(timestamp),
        "X-Guardia-Signature": signature(crypto.unseal(webhook.secret), timestamp=timestamp, body=body),
        "Idempotency-Key": str(fact.delivery_id),
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

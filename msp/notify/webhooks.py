"""Webhooks: addresses of other programs that an escalation may call. An integration makes the calls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel import crypto
from msp.kernel.collation import by_name
from msp.kernel.db import Model, db
from msp.kernel.errors import Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id, new_token
from msp.kernel.web_address import parse_web_address
from msp.notify.events import (
    WebhookAdded,
    WebhookChanged,
    WebhookEvent,
    WebhookRemoved,
    WebhookSecretRenewed,
    WebhookTestRequested,
)

LONGEST_URL = 2000


class Webhook(Model):
    """A webhook with the secret that signs its requests; `last_…` has the result of the last call."""

    __tablename__ = "webhook"
    __table_args__ = ({"info": {"access": "staff"}},)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    secret: Mapped[str]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_reason: Mapped[str | None]


def webhooks() -> list[Webhook]:
    """Every webhook by name."""
    query = select(Webhook).where(Webhook.removed_at.is_(None)).order_by(by_name(Webhook.name), Webhook.id)
    return list(db.session.scalars(query))


def access_webhook(webhook_id: UUID) -> Webhook:
    """The webhook; raises NotFound."""
    found = db.session.get(Webhook, webhook_id)
    if found is None or found.removed_at is not None:
        raise NotFound("webhook")
    return found


def add_webhook(*, name: str, url: str, at: datetime) -> tuple[Webhook, str]:
    """Add a webhook and return it with its secret, which is not shown again; emits `webhook.added`."""
    _check(name, url)
    secret = new_token("whsec")
    made = Webhook(id=new_id(), name=name.strip(), url=url, secret=crypto.seal(secret), is_active=True, created_at=at)
    db.session.add(made)
    _emit(WebhookAdded, made, at=at)
    return made, secret


def change_webhook(webhook: Webhook, *, name: str, url: str, is_active: bool, at: datetime) -> None:
    """Change name, address or state; emits `webhook.changed`. Refuses addresses that are not http or https."""
    _check(name, url)
    webhook.name, webhook.url, webhook.is_active = name.strip(), url, is_active
    _emit(WebhookChanged, webhook, at=at)


def renew_secret(webhook: Webhook, *, at: datetime) -> str:
    """Replace the secret and return the new one, shown only now; emits `webhook.secret_renewed`."""
    secret = new_token("whsec")
    webhook.secret = crypto.seal(secret)
    _emit(WebhookSecretRenewed, webhook, at=at)
    return secret


def remove_webhook(webhook: Webhook, *, at: datetime) -> None:
    """Delete the webhook with its secret; emits `webhook.removed`."""
    webhook.removed_at, webhook.is_active, webhook.secret = at, False, ""
    _emit(WebhookRemoved, webhook, at=at)


def ask_for_test(webhook: Webhook, *, at: datetime) -> None:
    """Request a test message; emits `webhook.test_asked`. The result is recorded in the webhook."""
    webhook.last_at = webhook.last_status = webhook.last_reason = None
    _emit(WebhookTestRequested, webhook, at=at)


def note_outcome(webhook: Webhook, *, status: int | None, reason: str | None, at: datetime) -> None:
    """Record the result of the last call: the HTTP status if there was one, and the reason if it failed."""
    webhook.last_at, webhook.last_status, webhook.last_reason = at, status, reason


def _check(name: str, url: str) -> None:
    wrong = {"name": [] if name.strip() else ["required"], "url": [] if is_web_url(url) else ["url_shape"]}
    if any(wrong.values()):
        raise Invalid(fields={field: codes for field, codes in wrong.items() if codes})


def is_web_url(url: str) -> bool:
    """Whether it is a full http or https address without a user in it."""
    return (
        url.isascii()
        and url.isprintable()
        and " " not in url
        and len(url) <= LONGEST_URL
        and parse_web_address(url) is not None
    )


def _emit(event: type[WebhookEvent], webhook: Webhook, *, at: datetime) -> None:
    emit(event(name=webhook.name, url=webhook.url), webhook.id, client_id=None, at=at)

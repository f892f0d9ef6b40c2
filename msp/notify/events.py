"""Events of notifications and webhooks."""

from msp.kernel.event_types import Event


class NotificationCreated(Event, kind="notification.made", icon="bell"):
    """A notification of one person is to be sent by chat or mail too."""


class WebhookEvent(Event):
    """Its subject is a webhook."""

    name: str
    url: str


class WebhookAdded(WebhookEvent, kind="webhook.added", icon="webhook"):
    """A webhook was added."""


class WebhookChanged(WebhookEvent, kind="webhook.changed", icon="file-pen-line"):
    """Name, address or state of a webhook changed."""


class WebhookSecretRenewed(WebhookEvent, kind="webhook.secret_renewed", icon="key-round"):
    """A webhook signs with a new secret."""


class WebhookRemoved(WebhookEvent, kind="webhook.removed", icon="trash-2"):
    """A webhook was removed."""


class WebhookTestRequested(WebhookEvent, kind="webhook.test_asked", icon="send-horizontal"):
    """A test message to a webhook was requested."""

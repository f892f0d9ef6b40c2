"""A sentence for each event of notifications and webhooks (msp.words.event_messages)."""

from flask_babel import gettext

from msp.notify import events
from msp.words.event_messages import add_event_messages

add_event_messages(
    {
        events.NotificationCreated: lambda _: gettext("Notification to send"),
        events.WebhookAdded: lambda _: gettext("Webhook added"),
        events.WebhookChanged: lambda _: gettext("Webhook changed"),
        events.WebhookSecretRenewed: lambda _: gettext("Webhook secret renewed"),
        events.WebhookRemoved: lambda _: gettext("Webhook removed"),
        events.WebhookTestRequested: lambda _: gettext("Webhook test requested"),
    }
)

"""Notifications and reply delivery: who is notified of what, when and by which channel (console, chat, mail).

- `inbox`: creates one notification for each person and event
- `recipients`: who is notified of an event, by which media, and whether it is urgent
- `dispatch`: sends notifications, several as one, outside quiet hours
- `channels`: registry of notification channels
- `preferences`: notification preferences of a person
- `quiet_hours`: when a person may be notified; pure
- `about`: label and subject of a notification's ticket
- `replies`: the channels that can send a reply, in order
- `requester_contact`: how a requester can be contacted
- `reply_delivery`: delivers a reply by the first channel that works
- `reply_copies`: copies of a reply for the people in CC
- `reply_attempts`: attempts of each channel at a reply
- `rating_link`: the signed link by which a requester rates a ticket
- `resending`: resends replies when a connection works again
- `portal_channel`: replies in the portal
- `webhooks`: addresses that an escalation may call
- `events`, `event_messages`: events of notifications and webhooks, and a sentence for each
- `models`: notifications, preferences, webhooks
"""

from msp.notify import event_messages as _event_messages  # noqa: F401  (registers them)
from msp.notify.channels import Bundle, Channel, Notice, add_channel, remove_channel
from msp.notify.inbox import register, unread_of

__all__ = ["Bundle", "Channel", "Notice", "add_channel", "register", "remove_channel", "unread_of"]

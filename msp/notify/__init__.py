"""Who hears what, how and when: the console's bell, a person's own chat, mail."""

from msp.notify.channels import Bundle, Channel, Notice, add_channel, remove_channel
from msp.notify.inbox import register, unread_of

__all__ = ["Bundle", "Channel", "Notice", "add_channel", "register", "remove_channel", "unread_of"]

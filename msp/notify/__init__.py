"""Who hears what: the console's bell, and a person's own chat."""

from msp.notify.channels import Nudge, add_channel
from msp.notify.rules import register, unread_of

__all__ = ["Nudge", "add_channel", "register", "unread_of"]

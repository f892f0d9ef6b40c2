"""Events of spam tickets and blocked senders."""

from uuid import UUID

from msp.tickets.events import TicketEvent


class SpamMarked(TicketEvent, kind="ticket.spam_marked", icon="ban"):
    """A ticket was closed as spam."""


class SpamUnmarked(TicketEvent, kind="ticket.spam_unmarked", icon="rotate-ccw"):
    """A ticket is no spam after all."""


class SpamDeleted(TicketEvent, kind="ticket.spam_deleted", icon="trash-2"):
    """Text and files of a spam ticket were deleted."""


class SenderEvent(TicketEvent):
    """An event of the requester as a sender."""

    person_id: UUID


class SenderBlocked(SenderEvent, kind="ticket.sender_blocked", icon="ban"):
    """The requester's messages are no longer stored."""


class SenderUnblocked(SenderEvent, kind="ticket.sender_unblocked", icon="circle-check"):
    """The requester's messages are stored again."""

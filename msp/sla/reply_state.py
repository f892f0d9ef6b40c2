"""Whether the desk owes the client a reply. Pure.

A response is a public message of staff that reached the client. Automatic messages, internal notes, the client's own
messages and undelivered replies are none. A public message of the client's side asks for a response.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A message on a ticket: by staff, by the client, or automatic.

    `at` is when it counts: for a reply that failed first, when it was delivered.
    """

    at: datetime
    is_by_desk: bool
    is_by_client: bool
    is_public: bool
    is_delivered: bool = True

    @property
    def is_response(self) -> bool:
        """Whether it is a response to the client."""
        return self.is_public and self.is_by_desk and self.is_delivered

    @property
    def is_question(self) -> bool:
        """Whether the client's side waits for a reply to it."""
        return self.is_public and self.is_by_client


@dataclass(frozen=True, slots=True)
class ReplyState:
    """State of a conversation: when it was first answered, and since when a reply is owed (None: it is not)."""

    answered_at: datetime | None
    owed_since: datetime | None


def reply_state(conversation: Iterable[TicketMessage]) -> ReplyState:
    """The state of a conversation after all its messages, in the order given."""
    answered_at = owed_since = None
    for message in conversation:
        if message.is_response:
            answered_at, owed_since = answered_at or message.at, None
        elif message.is_question:
            owed_since = owed_since or message.at
    return ReplyState(answered_at, owed_since)

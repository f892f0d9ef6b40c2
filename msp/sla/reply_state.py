"""Who owes whom an answer. Pure.

A response is what a person of the desk says to the client: not what the machine says by itself, not a note among us,
not what the client's own side writes, and not what could not be delivered. What the client's side says in public asks
for one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """Something that was said on a ticket: by the desk's person, the client's, or nobody (the machine).

    `at` is when it counts: of a reply that failed first, when it arrived at last.
    """

    at: datetime
    is_by_desk: bool
    is_by_client: bool
    is_public: bool
    is_delivered: bool = True

    @property
    def is_response(self) -> bool:
        """Whether it answers the client."""
        return self.is_public and self.is_by_desk and self.is_delivered

    @property
    def is_question(self) -> bool:
        """Whether the client's side waits for an answer to it."""
        return self.is_public and self.is_by_client


@dataclass(frozen=True, slots=True)
class ReplyState:
    """Where a conversation stands: when it was first answered, and since when an answer is owed (None: it is not)."""

    answered_at: datetime | None
    owed_since: datetime | None


def reply_state(conversation: Iterable[TicketMessage]) -> ReplyState:
    """Where a conversation stands after all that was said, in the order given."""
    answered_at = owed_since = None
    for said in conversation:
        if said.is_response:
            answered_at, owed_since = answered_at or said.at, None
        elif said.is_question:
            owed_since = owed_since or said.at
    return ReplyState(answered_at, owed_since)

"""Edit and retract one's own replies and notes, as far as the channel that sent a reply supports it.

A mail cannot be changed any more. A reply that is still pending is not changed either, since it is being sent; one that
can be undone is undone instead. What was posted in chat is changed by integrations.channels.reply_changes.
"""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msp.clients.platforms import platform_named
from msp.kernel.errors import Conflict, Denied, Invalid
from msp.people.models import Person
from msp.tickets.message_changes import delete_message, edit_message
from msp.tickets.messages import MAX_BODY
from msp.tickets.models import Message, Ticket

EDIT, RETRACT = "edit", "retract"
_BOTH = frozenset((EDIT, RETRACT))


class OwnMessage(Protocol):
    """A message, as model or row."""

    @property
    def author_id(self) -> UUID | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def visibility(self) -> str: ...
    @property
    def deleted_at(self) -> datetime | None: ...
    @property
    def delivery_state(self) -> str: ...
    @property
    def delivery_channel(self) -> str | None: ...
    @property
    def delivery_key(self) -> str | None: ...


def possible_changes(message: OwnMessage) -> frozenset[str]:
    """What its author can do with a message of staff now: EDIT, RETRACT, both or nothing."""
    if message.deleted_at is not None or platform_named(message.channel) is not None:
        return frozenset()  # what was written in chat is changed there
    if message.visibility == "internal" or message.delivery_state == "failed":
        return _BOTH
    if message.delivery_state != "sent":
        return frozenset()
    if message.delivery_channel == "portal":
        return _BOTH
    platform = platform_named(message.delivery_channel or "")
    if platform is None or message.delivery_key is None:
        return frozenset()
    able = platform.capabilities
    return frozenset(name for name, is_able in ((EDIT, able.edits_out), (RETRACT, able.deletions_out)) if is_able)


def edit_own(ticket: Ticket, message: Message, *, person: Person, body: str, at: datetime) -> None:
    """Replace the text (Markdown) of a person's own message; emits `ticket.message_edited`.

    Raises Denied for a message of somebody else, Conflict if its channel cannot change it, Invalid for the text.
    """
    _check(message, person, EDIT)
    if not body.strip():
        raise Invalid(fields={"body": ["required"]})
    if len(body) > MAX_BODY:
        raise Invalid(fields={"body": ["too_long"]})
    edit_message(ticket, message, body=body, at=at)


def retract_own(ticket: Ticket, message: Message, *, person: Person, at: datetime) -> None:
    """Delete a person's own message with its files; emits `ticket.message_deleted`. Raises as `edit_own` does."""
    _check(message, person, RETRACT)
    delete_message(ticket, message, at=at)


def _check(message: Message, person: Person, change: str) -> None:
    if message.author_id != person.id or not person.is_staff:
        raise Denied("not_allowed")
    if change not in possible_changes(message):
        raise Conflict("message_unchangeable")

"""Messages on a ticket that was closed too long ago, or as spam: they open a ticket that follows it, linked to it.

Chat, portal and API write by `write_on`; a setting says for how many days a message reopens a closed ticket.
"""

from datetime import datetime, timedelta

from msp.kernel import settings
from msp.kernel.db import Json
from msp.kernel.errors import Conflict, Invalid
from msp.people.models import Person
from msp.tickets.by_requester import add_detail
from msp.tickets.linking import add_link
from msp.tickets.models import Message, Request, Ticket
from msp.tickets.opening import open_ticket
from msp.tickets.small_talk import is_small_talk_reply

SETTING = "reopening"
DEFAULT_DAYS = 14
LONGEST_DAYS = 3650


def reopen_days() -> int:
    """For how many days after it was closed a message reopens a ticket; 0: never."""
    days = settings.read(SETTING).get("days")
    return days if isinstance(days, int) and 0 <= days <= LONGEST_DAYS else DEFAULT_DAYS


def set_reopen_days(days: int) -> None:
    """Change it for later messages; raises Invalid outside 0 to LONGEST_DAYS."""
    if not 0 <= days <= LONGEST_DAYS:
        raise Invalid(fields={"reopen_days": ["out_of_range"]})
    settings.write(SETTING, settings.read(SETTING) | {"days": days})


def may_reopen(ticket: Ticket, *, at: datetime) -> bool:
    """Whether the client may still reopen a finished ticket: resolved, or closed within the days of the setting."""
    if ticket.status != "closed":
        return True
    since = ticket.closed_at or ticket.updated_at
    return ticket.closed_as is None and at <= since + timedelta(days=reopen_days())


def check_may_reopen(ticket: Ticket, *, at: datetime) -> None:
    """Raise Conflict if the client may not reopen the ticket any more."""
    if not may_reopen(ticket, at=at):
        raise Conflict("closed_too_long")


def write_on(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    channel: str,
    at: datetime,
    external_id: str | None = None,
    content: Json | None = None,
) -> tuple[Ticket, Message]:
    """Add a message of the client to a locked ticket, or open one that follows it; returns the ticket it is on.

    Thanks and greetings open none.
    """
    if may_reopen(ticket, at=at) or (ticket.closed_as is None and is_small_talk_reply(body)):
        message = add_detail(
            ticket, author=author, body=body, channel=channel, at=at, external_id=external_id, content=content
        )
        return ticket, message
    request = Request(
        subject=ticket.subject,
        body=body,
        source=channel,
        type=ticket.type,
        external_id=external_id,
        content=content,
    )
    new, message = open_ticket(ticket.client, requester=author, request=request, at=at)
    add_link(new, ticket, "follow_up_of", at=at, actor_id=author.id)
    return new, message

"""Actions of a requester, or a colleague in their company, on a ticket; called by chat, portal and API.

Each takes a locked ticket and returns whether it changed anything; an action that is already done changes nothing. All
raise Denied for people of another company. Callers decide which tickets of their company a person sees: the
conversation in which they click, or portal and API (their own, or all for a client manager).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select

from msp.kernel.db import Json, db
from msp.kernel.errors import Denied
from msp.kernel.events import StoredEvent
from msp.people.models import Person
from msp.tickets import sla_targets
from msp.tickets.actions import change_status, raise_priority
from msp.tickets.events import PersonRequested, TicketPriorityChanged, TicketReceived, emit_ticket_event
from msp.tickets.messages import new_message
from msp.tickets.models import Message, Ticket
from msp.tickets.small_talk import is_small_talk_reply
from msp.tickets.states import FINISHED, PRIORITIES

REPEAT_AFTER = timedelta(minutes=15)  # a repeated request for a person within this time sends no notification


def confirm_solved(ticket: Ticket, person: Person, *, at: datetime) -> bool:
    """Close a resolved ticket."""
    _check_company(ticket, person)
    if ticket.status != "resolved":
        return False
    change_status(ticket, "closed", at=at, actor_id=person.id)
    return True


def reopen(ticket: Ticket, person: Person, *, at: datetime) -> bool:
    """Reopen a resolved or closed ticket that is not solved; does nothing in other statuses."""
    _check_company(ticket, person)
    if ticket.status not in FINISHED:
        return False
    change_status(ticket, "open", at=at, actor_id=person.id)
    return True


def ask_for_person(ticket: Ticket, person: Person, *, at: datetime) -> bool:
    """Request that a person writes or calls, in any status: emits `ticket.person_asked`, once in REPEAT_AFTER."""
    _check_company(ticket, person)
    asked = select(StoredEvent.id).where(
        StoredEvent.subject_id == ticket.id,
        StoredEvent.kind == PersonRequested.kind,
        StoredEvent.at > at - REPEAT_AFTER,
    )
    if db.session.execute(asked.limit(1)).one_or_none():
        return False
    emit_ticket_event(ticket, PersonRequested(), at=at, actor_id=person.id)
    return True


def make_more_urgent(ticket: Ticket, person: Person, *, at: datetime) -> bool:
    """Raise the priority by one, once for each ticket (`may_be_more_urgent`)."""
    _check_company(ticket, person)
    if not may_be_more_urgent(ticket):
        return False
    raise_priority(ticket, at=at, actor_id=person.id)
    return True


def may_be_more_urgent(ticket: Ticket) -> bool:
    """Whether the client may raise the priority: unfinished, not at the highest, and not yet raised by the client."""
    return ticket.status not in FINISHED and ticket.priority != PRIORITIES[0] and not _was_raised_by_client(ticket.id)


def add_detail(
    ticket: Ticket,
    *,
    author: Person,
    body: str,
    channel: str,
    at: datetime,
    external_id: str | None = None,
    content: Json | None = None,
) -> Message:
    """Add a message of the client: emits `ticket.received`; opens a ticket that is pending client, resolved or closed.

    Thanks or a greeting alone do not reopen a finished ticket. If the contract has a reply target, it runs from the
    first unanswered message. `content` is the rich text of `body`.
    """
    _check_company(ticket, author)
    message = new_message(ticket, author=author, body=body, visibility="public", channel=channel, at=at)
    message.external_id, message.content = external_id, content
    emit_ticket_event(ticket, TicketReceived(message_id=message.id), at=at, actor_id=author.id)
    is_reopened = ticket.status in FINISHED and not is_small_talk_reply(body)
    if ticket.status == "waiting_client" or is_reopened:
        change_status(ticket, "open", at=at, actor_id=author.id)
    sla_targets.on_message(ticket, sla_targets.message_of(author, is_public=True, at=at), actor_id=author.id)
    return message


def _check_company(ticket: Ticket, person: Person) -> None:
    if person.client_id != ticket.client_id:
        raise Denied("not_allowed")


def _was_raised_by_client(ticket_id: UUID) -> bool:
    by_client = exists().where(Person.id == StoredEvent.actor_id, Person.client_id.is_not(None))
    query = select(StoredEvent.id).where(
        StoredEvent.subject_id == ticket_id, StoredEvent.kind == TicketPriorityChanged.kind, by_client
    )
    return db.session.execute(query.limit(1)).one_or_none() is not None


RequesterAction = Callable[..., bool]
ACTIONS: dict[str, RequesterAction] = {
    "confirm_solved": confirm_solved,
    "reopen": reopen,
    "ask_for_person": ask_for_person,
    "make_more_urgent": make_more_urgent,
}

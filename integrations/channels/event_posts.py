"""What an event posts in a conversation: a sentence, buttons if it has any, and the card of the ticket."""

from dataclasses import dataclass
from uuid import UUID

from integrations.channels import sentences
from integrations.channels.cards import Card, written
from integrations.channels.values import Post
from msp.kernel import clock
from msp.kernel.db import db
from msp.people.models import Person
from msp.people.names import first_name
from msp.tickets.events import (
    PersonRequested,
    TicketAbsorbed,
    TicketEvent,
    TicketPriorityChanged,
    TicketReceived,
    TicketSplit,
    TicketStatusChanged,
)
from msp.tickets.models import Message, Ticket
from msp.tickets.small_talk import is_small_talk_reply
from msp.tickets.states import FINISHED


@dataclass(frozen=True, slots=True)
class View:
    """A ticket and the values its sentences need, in the client's scope and the requester's language."""

    event: TicketEvent
    actor_id: UUID | None
    ticket: Ticket
    requester: Person
    card: Card

    @property
    def name(self) -> str:
        """The requester's name as we use it; may be empty."""
        return first_name(self.requester.name)

    @property
    def actor(self) -> Person | None:
        """Name of the person who caused the event."""
        return db.session.get(Person, self.actor_id) if self.actor_id else None

    @property
    def is_by_client(self) -> bool:
        """Whether a person of the client caused the event."""
        return self.actor is not None and not self.actor.is_staff


def opening_post(ticket: Ticket, card: Card, *, name: str) -> Post:
    """The card of a ticket with its sentence above, in the reader's language."""
    now = clock.now()
    return Post(sentences.headline(card, name=name, now=now), card=written(card, now=now), ticket_id=ticket.id)


def post_of(view: View, *, conversation_id: UUID) -> Post | None:
    """The message that an event posts below the card of a conversation, or None."""
    match view.event:
        case TicketAbsorbed(label=before, conversation_ids=moved) if conversation_id in moved:
            return Post(sentences.continues_in(before, view.card))
        case TicketStatusChanged(before=before, after=after):
            return _say_status(view, before, after)
        case TicketReceived(message_id=message_id):
            return _say_received(view, message_id)
        case TicketPriorityChanged() if view.is_by_client:
            return Post(sentences.raised(view.card, now=clock.now()))
        case TicketSplit(label=other, new_id=new_id):
            new = db.session.get(Ticket, new_id)
            return Post(sentences.was_split(other, new.subject)) if new is not None else None
        case PersonRequested():
            return Post(sentences.person_asked(name=_actor_name(view)))
    return None


def _say_status(view: View, before: str, after: str) -> Post | None:
    if after == "resolved" and not view.is_by_client:
        by = first_name(view.actor.name) if view.actor else None
        text = sentences.resolved(kind=view.ticket.type, by=by)
        return Post(text, buttons=sentences.resolved_buttons(), ticket_id=view.ticket.id)
    if after in FINISHED and view.is_by_client:
        return Post(sentences.closed(view.card, name=_actor_name(view)))
    if before in FINISHED and view.is_by_client:
        return Post(sentences.reopened(view.card, name=_actor_name(view)))
    return None


def _say_received(view: View, message_id: UUID) -> Post | None:
    """Confirm that thanks arrived; a finished ticket stays finished."""
    if view.ticket.status not in FINISHED:
        return None
    message = db.session.get(Message, message_id)
    if message is None or message.deleted_at is not None or not is_small_talk_reply(message.body):
        return None
    text = sentences.stays_finished(view.card, name=_actor_name(view))
    return Post(text, buttons=sentences.reopen_buttons(), ticket_id=view.ticket.id)


def _actor_name(view: View) -> str:
    return first_name(view.actor.name) if view.actor else view.name

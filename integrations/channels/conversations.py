"""Finds the conversation of a message: its thread's, the one it continues, or the current one of a chat."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from integrations.channels.models import ChatPost
from integrations.channels.values import IncomingMessage, ThreadRef, external_id
from msp.kernel import clock
from msp.kernel.db import db
from msp.people.models import Person
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.states import FINISHED

THANKED_WITHIN = timedelta(days=7)  # thanks outside of any thread belong to a ticket that changed within this time


def conversation_at(place: ThreadRef) -> Conversation | None:
    """The conversation of a thread, as far as the current scope may read it."""
    query = select(Conversation).where(*_in_channel(place), Conversation.thread == place.thread)
    return db.session.scalars(query).one_or_none()


def conversation_of(
    incoming: IncomingMessage, *, author_id: UUID, within: timedelta, quoted_in: UUID | None = None
) -> Conversation | None:
    """The conversation that a message belongs to, or None if it starts a new one (in the client's scope).

    In a thread it is the conversation of that thread, also if the thread's first message joined another ticket. Outside
    of threads a message continues the author's last ticket of that channel if at most `within` has passed between two
    messages and no member of staff has answered. In a chat without threads it is the conversation of the quoted message
    (`quoted_in` if we posted it, see `posted_in`), else the current one.
    """
    if not incoming.place.thread:
        return _quoted(incoming, quoted_in) or conversation_of_current_ticket(incoming.place, author_id=author_id)
    found = conversation_at(incoming.place)
    if found is not None or incoming.is_command:
        return found
    if not incoming.starts_thread:
        return _of_message(incoming.place, incoming.place.thread)
    return _continued(incoming, author_id=author_id, within=within) if incoming.is_addressed else None


def conversation_of_current_ticket(place: ThreadRef, *, author_id: UUID) -> Conversation | None:
    """The conversation of the current ticket in a chat without threads; in a group chat, the one of that person."""
    query = (
        select(Conversation)
        .join(Ticket, Ticket.id == Conversation.ticket_id)
        .where(*_in_channel(place), Conversation.current_at.is_not(None), Ticket.status != "closed")
        .order_by(Conversation.current_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    if not place.is_personal:
        query = query.where(Ticket.requester_id == author_id)
    return db.session.scalars(query).one_or_none()


def thanked_conversation(incoming: IncomingMessage, *, author_id: UUID) -> Conversation | None:
    """The author's latest ticket of that channel that a member of staff answered or finished in the last days."""
    return _latest(incoming, author_id, or_(Ticket.status.in_(FINISHED), _answered()))


def conversation_awaiting_answer(incoming: IncomingMessage, *, author_id: UUID) -> Conversation | None:
    """The author's latest unfinished ticket of that channel: the one meant by "is anyone there?"."""
    return _latest(incoming, author_id, Ticket.status.not_in(FINISHED))


def _latest(incoming: IncomingMessage, author_id: UUID, condition: ColumnElement[bool]) -> Conversation | None:
    """The latest matching ticket of the author in that channel that changed in the last days."""
    query = (
        select(Conversation)
        .join(Ticket, Ticket.id == Conversation.ticket_id)
        .where(
            _where_received(incoming),
            Ticket.requester_id == author_id,
            Ticket.updated_at > incoming.at - THANKED_WITHIN,
            condition,
        )
        .order_by(Ticket.updated_at.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


def conversation_of_ticket(place: ThreadRef, ticket: str) -> Conversation | None:
    """The conversation of a ticket in a channel; the id comes from outside and is only compared."""
    found = db.session.scalars(select(Conversation).where(*_in_channel(place)))
    return next((each for each in found if str(each.ticket_id) == ticket), None)


def posted_in(platform: str, message: str) -> UUID | None:
    """The conversation that one of our own messages was posted in (system scope)."""
    query = select(ChatPost.conversation_id).where(
        ChatPost.external_id == message, ChatPost.platform == platform, ChatPost.conversation_id.is_not(None)
    )
    return db.session.scalars(query.limit(1)).one_or_none()


def make_current_ticket(conversation: Conversation) -> None:
    """Make this the current ticket of its chat, for chats without threads: later than every other one there."""
    latest = select(func.max(Conversation.current_at)).where(
        Conversation.platform == conversation.platform,
        Conversation.workspace == conversation.workspace,
        Conversation.channel == conversation.channel,
    )
    last, now = db.session.scalar(latest), clock.now()
    conversation.current_at = max(now, last + timedelta(microseconds=1)) if last else now


def show_another_ticket(conversation: Conversation, ticket: Ticket) -> None:
    """The thread shows another ticket from now on, with a card of its own: one that follows the ticket it showed."""
    conversation.ticket_id, conversation.person_id = ticket.id, None
    conversation.card_id = conversation.card_digest = None
    conversation.opening_id = conversation.opening_text = None
    conversation.question_id = conversation.question_text = None
    conversation.question_reopens = False


def leave_current_ticket(place: ThreadRef) -> None:
    """Clear the current ticket of a chat: the next message starts a new ticket."""
    db.session.execute(update(Conversation).where(*_in_channel(place)).values(current_at=None))


def _continued(incoming: IncomingMessage, *, author_id: UUID, within: timedelta) -> Conversation | None:
    near = exists().where(
        Message.ticket_id == Ticket.id,
        Message.author_id == author_id,
        Message.at.between(incoming.at - within, incoming.at + within),
    )
    query = (
        select(Conversation)
        .join(Ticket, Ticket.id == Conversation.ticket_id)
        .where(
            _where_received(incoming),
            Ticket.requester_id == author_id,
            Ticket.status.not_in(FINISHED),
            near,
            ~_answered(before=incoming.at),
        )
        .order_by(Ticket.created_at.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


def _where_received(incoming: IncomingMessage) -> ColumnElement[bool]:
    """Matches the message's channel; a private conversation is matched by the channel where the message was written."""
    here = and_(*_in_channel(incoming.place))
    if not incoming.is_shared:
        return here
    return and_(
        Conversation.platform == incoming.place.platform,
        Conversation.workspace == incoming.place.workspace,
        Conversation.asked_in_channel == incoming.place.channel,
    )


def _answered(*, before: datetime | None = None) -> ColumnElement[bool]:
    """Whether a member of staff answered, up to `before` if it is given: messages may arrive late."""
    author, message = aliased(Person), aliased(Message)
    answer = (
        exists()
        .where(message.ticket_id == Ticket.id, message.visibility == "public", author.client_id.is_(None))
        .where(author.id == message.author_id)
    )
    return answer if before is None else answer.where(message.at <= before)


def _quoted(incoming: IncomingMessage, quoted_in: UUID | None) -> Conversation | None:
    if not incoming.quoted:
        return None
    found = _of_message(incoming.place, incoming.quoted)
    if found is None and quoted_in is not None:
        query = select(Conversation).where(*_in_channel(incoming.place), Conversation.id == quoted_in)
        found = db.session.scalars(query).one_or_none()
    return found


def _of_message(place: ThreadRef, message: str) -> Conversation | None:
    """The conversation of the ticket that one of the client's messages is on."""
    query = (
        select(Conversation)
        .join(Message, Message.ticket_id == Conversation.ticket_id)
        .where(
            Message.client_id == Conversation.client_id,
            Message.channel == place.platform,
            Message.external_id == external_id(place, message),
            Conversation.platform == place.platform,
            Conversation.workspace == place.workspace,
        )
        .order_by((Conversation.channel == place.channel).desc(), Conversation.created_at)
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


def _in_channel(place: ThreadRef) -> tuple[ColumnElement[bool], ...]:
    return (
        Conversation.platform == place.platform,
        Conversation.workspace == place.workspace,
        Conversation.channel == place.channel,
    )

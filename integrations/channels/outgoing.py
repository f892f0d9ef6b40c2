"""Shows ticket events in the threads of their conversations: sentences, the question with buttons, the card.

Replies of staff are sent to the requester by integrations.channels.replies. Everything is read in the client's scope,
in which internal notes are not visible.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from integrations.channels import sentences
from integrations.channels.cards import Card, card_of
from integrations.channels.conversation_state import changing, keep_opening, note_unreachable, place_of
from integrations.channels.conversations import make_current_ticket
from integrations.channels.event_posts import View, opening_post, post_of
from integrations.channels.links import find_link
from integrations.channels.posting import parts_of, post_all
from integrations.channels.reachability import note_reachable
from integrations.channels.transport import Broken, Transport, Unreachable
from integrations.channels.transports import transport_of
from integrations.channels.values import Post, ThreadRef, WorkspaceLink
from msp.kernel import clock, leases
from msp.kernel.db import Scope, work
from msp.kernel.destinations import Postponed
from msp.kernel.errors import OutsideFailure, Permanent, Temporary
from msp.kernel.events import DeliveredEvent, StoredEvent, deliver_at
from msp.kernel.i18n import reading_as
from msp.tickets.events import (
    MessageDeleted,
    MessageEdited,
    MessageRestored,
    PersonRequested,
    SlaBreached,
    SlaMet,
    SlaRecomputed,
    SlaReopened,
    TicketAbsorbed,
    TicketAssigned,
    TicketEdited,
    TicketEvent,
    TicketOpened,
    TicketPriorityChanged,
    TicketReceived,
    TicketReplied,
    TicketSplit,
    TicketStatusChanged,
    TicketTierChanged,
    TicketUnmerged,
)
from msp.tickets.models import Conversation, Ticket
from msp.tickets.states import FINISHED

SHOWN: set[type[TicketEvent]] = {
    TicketOpened,
    TicketReplied,
    TicketReceived,
    TicketAssigned,
    TicketStatusChanged,
    TicketPriorityChanged,
    TicketTierChanged,
    TicketEdited,
    TicketAbsorbed,
    TicketUnmerged,
    TicketSplit,
    MessageEdited,
    MessageDeleted,
    MessageRestored,
    PersonRequested,
    SlaBreached,
    SlaMet,
    SlaRecomputed,
    SlaReopened,
}

WAITS_IN_ORDER = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Our last message with working buttons; `reopens` if they reopen a finished ticket."""

    id: str
    text: str
    reopens: bool


@dataclass(frozen=True, slots=True)
class ConversationPlan:
    """What one event changes in one conversation, read before anything is sent."""

    client_id: UUID
    conversation_id: UUID
    link: WorkspaceLink | None
    place: ThreadRef
    direct_to: str | None
    posts: tuple[Post, ...]
    card: Card
    card_post: Post
    card_id: str | None
    opening_id: str | None
    is_card_new: bool
    question: OpenQuestion | None
    opening: str


def show(delivered: DeliveredEvent[TicketEvent]) -> None:
    """Show an event in every conversation of its ticket; at least once, and each post once.

    A conversation that fails does not prevent the others from being updated.
    """
    failures: list[OutsideFailure] = []
    for plan in _plans(delivered):
        transport = transport_of(plan.place.platform)
        if transport is None:  # an integration that was switched off
            continue
        try:
            _carry_out(transport, plan, delivered)
        except Permanent as refused:
            note_unreachable(plan.client_id, plan.conversation_id, refused)
            failures.append(refused)
        except Temporary as later:
            failures.insert(0, later)
    if failures:
        raise failures[0]


def show_in_order(delivered: DeliveredEvent[TicketEvent]) -> None:
    """Like `show`, in order with the ticket's replies; what fails for long is retried elsewhere and blocks nothing."""
    try:
        show(delivered)
    except Postponed:
        raise
    except Temporary as failure:
        if clock.now() - delivered.at < WAITS_IN_ORDER:
            raise
        with work(Scope.system()) as session:
            at = clock.now()
            due_at = at + timedelta(seconds=failure.retry_after or 60)
            late = session.get_one(StoredEvent, delivered.id)
            deliver_at(late, subscriber="chat_late", key=f"chat_late:{delivered.subject_id}", due_at=due_at, at=at)


def _plans(delivered: DeliveredEvent[TicketEvent]) -> list[ConversationPlan]:
    assert delivered.client_id is not None
    with work(Scope.client(delivered.client_id)) as session:
        shown_in = select(Conversation).where(Conversation.ticket_id == delivered.subject_id).order_by(Conversation.id)
        conversations = session.scalars(shown_in).all()
        if not conversations:
            return []
        ticket = session.get_one(Ticket, delivered.subject_id)
        person = ticket.requester
        with reading_as(person.locale, person.timezone):
            view = View(delivered.event, delivered.actor_id, ticket, person, card_of(ticket))
            return [_plan(conversation, view) for conversation in conversations]


def _plan(conversation: Conversation, view: View) -> ConversationPlan:
    is_opening = isinstance(view.event, TicketOpened)
    card_post = opening_post(view.ticket, view.card, name=view.name)
    post = None if is_opening else post_of(view, conversation_id=conversation.id)
    link = find_link(conversation.platform, conversation.workspace)
    return ConversationPlan(
        client_id=conversation.client_id,
        conversation_id=conversation.id,
        link=link if link and link.client_id == conversation.client_id else None,
        place=place_of(conversation),
        direct_to=conversation.direct_to,
        posts=(card_post,) if is_opening else (post,) if post else (),
        card=view.card,
        card_post=card_post,
        card_id=conversation.card_id,
        opening_id=conversation.opening_id,
        is_card_new=card_post.digest != conversation.card_digest,
        question=_question_of(conversation),
        opening=conversation.opening_text or "",
    )


def _question_of(conversation: Conversation) -> OpenQuestion | None:
    if conversation.question_id is None:
        return None
    return OpenQuestion(conversation.question_id, conversation.question_text or "", conversation.question_reopens)


def _carry_out(transport: Transport, plan: ConversationPlan, delivered: DeliveredEvent[TicketEvent]) -> None:
    link = plan.link
    if link is None:
        raise Unreachable("not_connected")
    place = transport.direct(link, plan.direct_to) if plan.direct_to else plan.place
    key = f"{delivered.id.hex}.{plan.conversation_id.hex}"
    sent = post_all(transport, link, place, plan.posts, key=key, conversation_id=plan.conversation_id)
    if isinstance(delivered.event, TicketOpened):
        keep_opening(plan.client_id, plan.conversation_id, place, sent=sent, post=plan.card_post)
        return
    if sent:
        with changing(plan.client_id, plan.conversation_id) as conversation:
            note_reachable(conversation)
            if not transport.platform.capabilities.threads_in_chats and plan.posts[-1].buttons:
                make_current_ticket(conversation)
    _settle_question(transport, link, plan, place, asked=sent[-1] if sent else None)
    _refresh_card(transport, link, plan, place)


def _settle_question(
    transport: Transport, link: WorkspaceLink, plan: ConversationPlan, place: ThreadRef, *, asked: str | None
) -> None:
    """Remove the buttons of the last question once they have no effect."""
    question = next((post for post in plan.posts if post.buttons), None)
    lasts = FINISHED if plan.question and plan.question.reopens else {"resolved"}
    can_edit = transport.platform.capabilities.edits_out
    if plan.question and can_edit and (plan.card.status not in lasts or question):
        _replace(transport, link, place, plan.question.id, Post(plan.question.text))
    elif not question:
        return
    with changing(plan.client_id, plan.conversation_id) as conversation:
        is_new = question is not None and asked is not None
        conversation.question_id = asked if is_new else None
        conversation.question_text = question.text if question and is_new else None
        conversation.question_reopens = bool(question and is_new and question.buttons == sentences.reopen_buttons())


def _refresh_card(transport: Transport, link: WorkspaceLink, plan: ConversationPlan, place: ThreadRef) -> None:
    """Update the sentence and the card if their text has changed."""
    if not plan.is_card_new or plan.card_id is None or not transport.platform.capabilities.edits_out:
        return
    parts = parts_of(transport, plan.card_post)
    if len(parts) > 1 and plan.opening_id and plan.opening != plan.card_post.text:
        _replace(transport, link, place, plan.opening_id, parts[0])
    is_there = _replace(transport, link, place, plan.card_id, parts[-1])
    with changing(plan.client_id, plan.conversation_id) as conversation:
        if is_there:
            conversation.card_digest = plan.card_post.digest
            conversation.opening_text = plan.card_post.text
        else:
            conversation.card_id = None


def _replace(transport: Transport, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> bool:
    """Update one of our messages; returns False if it was removed."""
    leases.ensure_lease()  # another worker may have posted a later state since
    try:
        transport.update(link, place, message_id, post)
    except (Broken, Unreachable):
        raise
    except Permanent:
        return False
    return True

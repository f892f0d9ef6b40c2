"""What goes out: what happened to a ticket is told in the threads that show it, once, in order, to its requester.

Everything that is told is read in the client's own scope, where internal notes cannot be seen at all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select

from integrations.chat import sentences
from integrations.chat.cards import Card, card_of, written
from integrations.chat.links import find_link, note_broken
from integrations.chat.posting import in_parts, post_once
from integrations.chat.transport import Broken, Transport, Unreachable
from integrations.chat.transports import transport_of
from integrations.chat.values import Link, Place, Post
from msp.kernel import clock, leases
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import OutsideFailure, Permanent, Temporary
from msp.kernel.events import Fact, emit
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.tickets.models import Conversation, Message, Ticket
from msp.tickets.states import FINISHED

TOLD = {
    "ticket.opened",
    "ticket.replied",
    "ticket.assigned",
    "ticket.status_changed",
    "ticket.priority_changed",
    "ticket.tier_changed",
    "ticket.edited",
    "ticket.person_asked",
    "sla.recomputed",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one event means for one conversation, read before anything is sent."""

    client_id: UUID
    conversation_id: UUID
    link: Link | None
    place: Place
    direct_to: str | None
    posts: tuple[Post, ...]
    message_id: UUID | None
    card: Card
    card_post: Post
    card_id: str | None
    is_card_new: bool
    question: Json


@dataclass(frozen=True, slots=True)
class View:
    """A ticket and what is needed to speak of it, inside the client's scope and the requester's language."""

    fact: Fact
    ticket: Ticket
    requester: Person
    card: Card

    @property
    def name(self) -> str:
        """How we address the requester."""
        return self.requester.name.split()[0]

    @property
    def actor(self) -> Person | None:
        """Who did it."""
        return db.session.get(Person, self.fact.actor_id) if self.fact.actor_id else None

    @property
    def is_by_client(self) -> bool:
        """Whether somebody of the client did it."""
        return self.actor is not None and not self.actor.is_staff


def tell(fact: Fact) -> None:
    """Bring an event to every thread that shows its ticket; at least once, and each post once.

    A thread that fails does not keep the others from hearing it.
    """
    failures: list[OutsideFailure] = []
    for plan in _plans(fact):
        transport = transport_of(plan.place.platform)
        if transport is None:  # an integration that was switched off
            continue
        try:
            _carry_out(transport, plan, fact)
        except Permanent as refused:
            _give_up(plan, refused)
            failures.append(refused)
        except Temporary as later:
            failures.insert(0, later)
    if failures:
        raise failures[0]


def _plans(fact: Fact) -> list[Plan]:
    assert fact.client_id is not None
    with work(Scope.client(fact.client_id)) as session:
        shown_in = select(Conversation).where(Conversation.ticket_id == fact.subject_id).order_by(Conversation.id)
        conversations = session.scalars(shown_in).all()
        if not conversations:
            return []
        ticket = session.get_one(Ticket, fact.subject_id)
        person = ticket.requester
        with reading_as(person.locale, person.timezone):
            view = View(fact, ticket, person, card_of(ticket))
            return [_plan(conversation, view) for conversation in conversations]


def _plan(conversation: Conversation, view: View) -> Plan:
    posts, message_id = _posts(view)
    is_opening = view.fact.kind == "ticket.opened"
    opening = posts[0].text if is_opening else conversation.reference.get("opening", "")
    card_post = Post(opening, card=written(view.card, now=clock.now()), ticket_id=view.ticket.id)
    link = find_link(conversation.platform, conversation.workspace)
    return Plan(
        client_id=conversation.client_id,
        conversation_id=conversation.id,
        link=link if link and link.client_id == conversation.client_id else None,
        place=_place(conversation),
        direct_to=conversation.reference.get("direct_to"),
        posts=(card_post,) if is_opening else posts,
        message_id=message_id,
        card=view.card,
        card_post=card_post,
        card_id=conversation.card_id,
        is_card_new=view.card.digest != conversation.card_digest,
        question=conversation.reference.get("question") or {},
    )


def _place(conversation: Conversation) -> Place:
    return Place(
        platform=conversation.platform,
        workspace=conversation.workspace,
        channel=conversation.channel,
        thread=conversation.thread,
        is_personal=conversation.is_personal,
        reference=conversation.reference,
    )


# ------------------------------------------------------------------ what is said


def _posts(view: View) -> tuple[tuple[Post, ...], UUID | None]:
    if view.fact.kind == "ticket.replied":
        message = db.session.get(Message, UUID(view.fact.data["message_id"]))
        if message is None or message.deleted_at is not None:
            return (), None
        return (Post(message.body, author=message.author.name if message.author else None),), message.id
    say = _SAYINGS.get(view.fact.kind)
    post = say(view) if say else None
    return ((post,) if post else ()), None


def _say_opened(view: View) -> Post:
    return Post(sentences.opened(view.card, name=view.name, now=clock.now()))


def _say_status(view: View) -> Post | None:
    before, after = view.fact.data["before"], view.fact.data["after"]
    if after == "resolved" and not view.is_by_client:
        by = view.actor.name.split()[0] if view.actor else None
        text = sentences.resolved(kind=view.ticket.type, by=by)
        return Post(text, buttons=sentences.resolved_buttons(), ticket_id=view.ticket.id)
    if after in FINISHED and view.is_by_client:
        return Post(sentences.closed(view.card, name=_first_name(view)))
    if before in FINISHED and view.is_by_client:
        return Post(sentences.reopened(view.card, name=_first_name(view)))
    return None


def _say_priority(view: View) -> Post | None:
    return Post(sentences.raised(view.card, now=clock.now())) if view.is_by_client else None


def _say_person_asked(view: View) -> Post:
    return Post(sentences.person_asked(name=_first_name(view)))


def _first_name(view: View) -> str:
    return view.actor.name.split()[0] if view.actor else view.name


_SAYINGS: dict[str, Callable[[View], Post | None]] = {
    "ticket.opened": _say_opened,
    "ticket.status_changed": _say_status,
    "ticket.priority_changed": _say_priority,
    "ticket.person_asked": _say_person_asked,
}


# -------------------------------------------------------------------- how it goes


def _carry_out(transport: Transport, plan: Plan, fact: Fact) -> None:
    link = plan.link
    if link is None:
        raise Unreachable("not_connected")
    place = transport.direct(link, plan.direct_to) if plan.direct_to else plan.place
    sent: list[str] = []
    for post in plan.posts:
        for part in _parts(transport, post):
            key = f"{fact.delivery_id}.{plan.conversation_id.hex}.{len(sent)}"
            sent.append(post_once(transport, link, place, part, key=key))
            place = place if place.thread else replace(place, thread=sent[0])
    if fact.kind == "ticket.opened":
        _keep_opening(plan, place, card_id=sent[0])
        return
    if sent:
        _note_sent(plan)
    _settle_question(transport, link, plan, place, asked=sent[-1] if sent else None)
    _refresh_card(transport, link, plan, place)


def _parts(transport: Transport, post: Post) -> list[Post]:
    if post.card or post.buttons:
        return [post]
    parts = in_parts(post.text, transport.max_text)
    return [Post(text, author=post.author if number == 0 else None) for number, text in enumerate(parts)]


def _keep_opening(plan: Plan, place: Place, *, card_id: str) -> None:
    with _conversation(plan) as conversation:
        kept = {name: value for name, value in conversation.reference.items() if name != "direct_to"}
        conversation.reference = kept | place.reference | {"opening": plan.card_post.text}
        conversation.channel, conversation.thread = place.channel, place.thread
        conversation.card_id, conversation.card_digest = card_id, plan.card.digest
        conversation.unreachable_reason = None


def _settle_question(transport: Transport, link: Link, plan: Plan, place: Place, *, asked: str | None) -> None:
    """Keep the buttons under the last question only while it is open."""
    question = next((post for post in plan.posts if post.buttons), None)
    if plan.question and (plan.card.status != "resolved" or question):
        leases.hold()
        try:
            transport.update(link, place, plan.question["id"], Post(plan.question["text"]))
        except (Broken, Unreachable):
            raise
        except Permanent:  # somebody removed it
            pass
    elif not question:
        return
    with _conversation(plan) as conversation:
        asked_now = {"id": asked, "text": question.text} if question and asked else None
        conversation.reference = {**conversation.reference, "question": asked_now}


def _refresh_card(transport: Transport, link: Link, plan: Plan, place: Place) -> None:
    if not plan.is_card_new or plan.card_id is None:
        return
    leases.hold()  # another may have told a later state since
    try:
        transport.update(link, place, plan.card_id, plan.card_post)
    except (Broken, Unreachable):
        raise
    except Permanent:  # somebody removed it: there is nothing to keep up to date any more
        with _conversation(plan) as conversation:
            conversation.card_id = None
    else:
        with _conversation(plan) as conversation:
            conversation.card_digest = plan.card.digest


def _note_sent(plan: Plan) -> None:
    with _conversation(plan) as conversation:
        conversation.unreachable_reason = None
        if plan.message_id is not None:
            _mark(conversation, plan.message_id, state="sent", reason=None)


def _give_up(plan: Plan, refused: Permanent) -> None:
    if isinstance(refused, Broken):
        note_broken(plan.place.platform, plan.place.workspace, reason=refused.reason)
    with _conversation(plan) as conversation:
        if isinstance(refused, Unreachable) and conversation.unreachable_reason != refused.reason:
            conversation.unreachable_reason = refused.reason
            _emit(conversation, "ticket.unreachable", reason=refused.reason)
        if plan.message_id is not None:
            _mark(conversation, plan.message_id, state="failed", reason=refused.reason)


def _mark(conversation: Conversation, message_id: UUID, *, state: str, reason: str | None) -> None:
    message = db.session.get_one(Message, message_id)
    if message.delivery_state != "sent" and (message.delivery_state, message.delivery_reason) != (state, reason):
        message.delivery_state, message.delivery_reason = state, reason
        _emit(conversation, f"ticket.message_{state}", message_id=message_id, reason=reason)


def _emit(conversation: Conversation, kind: str, *, reason: str | None, message_id: UUID | None = None) -> None:
    about = {"message_id": str(message_id)} if message_id else {}
    emit(
        kind,
        conversation.ticket_id,
        client_id=conversation.client_id,
        visibility="internal",
        reason=reason,
        **about,  # type: ignore[arg-type]  # names of data, not of emit's own arguments
    )


@contextmanager
def _conversation(plan: Plan) -> Iterator[Conversation]:
    with work(Scope.client(plan.client_id)) as session:
        yield session.get_one(Conversation, plan.conversation_id, with_for_update=True)

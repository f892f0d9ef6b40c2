"""Receives inbound messages: each is added to its ticket once, whatever the order and number of its deliveries."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from integrations.channels import sentences
from integrations.channels.author_answers import answer_author
from integrations.channels.auto_replies import note_refused, request_auto_reply
from integrations.channels.conversations import (
    conversation_at,
    conversation_awaiting_answer,
    conversation_of,
    make_current_ticket,
    posted_in,
    show_another_ticket,
    thanked_conversation,
)
from integrations.channels.early_deletions import was_deleted
from integrations.channels.events import StrangerWrote, UnconnectedWrote
from integrations.channels.links import find_link, lock, unknown_link
from integrations.channels.reachability import note_channel_works, note_reachable
from integrations.channels.requesters import (
    Author,
    Refused,
    Stranger,
    check_opens,
    identify,
    known_author,
    link_staff_identity,
    names_of,
)
from integrations.channels.staff_messages import may_write_for
from integrations.channels.stored_messages import attach, body_of, message_id_of
from integrations.channels.transport import Transport
from integrations.channels.values import IncomingMessage, WorkspaceLink, external_id
from msp.clients.actions import note_unknown
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.ids import new_id
from msp.people.queries import access_person
from msp.richtext import Document, is_empty, to_json
from msp.richtext.tree import with_names
from msp.tickets.actions import edit
from msp.tickets.derived_subject import derived_subject, was_written_by_staff
from msp.tickets.follow_ups import write_on
from msp.tickets.grouping import grouping_window
from msp.tickets.messages import reply_from_chat
from msp.tickets.models import Conversation, Message
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from msp.tickets.small_talk import asks_for_answer, is_acknowledgement, is_small_talk, is_thanks, own_words
from msp.tickets.spam import count_if_blocked
from msp.tickets.states import FINISHED
from msp.tickets.subject import subject_of
from msp.tickets.survivors import access_surviving

log = logging.getLogger(__name__)

DIRECT = "direct:"  # prefix of the channel of a conversation whose direct message is not open yet


class Outcome(Enum):
    """What was done with a message."""

    KNOWN = "known"
    OPENED = "opened"
    ADDED = "added"
    GREETING = "greeting"
    THANKS = "thanks"
    BLOCKED = "blocked"


_SENTENCES: dict[Outcome, Callable[[], str]] = {
    Outcome.OPENED: sentences.in_private,
    Outcome.GREETING: sentences.nothing_said,
    Outcome.THANKS: sentences.welcome,
}


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What is known of a message before the platform is called; `author` is None if the platform must be called."""

    link: WorkspaceLink
    author: Author | None = None
    is_in_ticket_thread: bool = False
    quoted_in: UUID | None = None


def receive_message(transport: Transport, incoming: IncomingMessage) -> None:
    """Add a message to its ticket, or open a ticket if it was addressed to us; other messages are ignored.

    Idempotent. Raises Temporary if the chat system must be called and does not answer.
    """
    try:
        resolved = _resolve(incoming)
        if resolved is None:
            return
        link = resolved.link
        if link.client_id is None:
            _link_staff_identity(transport, link, incoming)
            return
        author = resolved.author or identify(transport, link, incoming.author, reference=incoming.place.reference)
        if not _may_answer(resolved, author):
            check_opens(author)
    except Refused as refused:
        note_refused(incoming, refused.reason, locale=refused.locale)
        return
    except Stranger:
        stranger_wrote(incoming)
        return
    if is_empty(incoming.content) and not incoming.files:
        answer_author(transport, link, incoming, author, _sentence_for(Outcome.GREETING, transport, incoming))
        return
    content = with_names(incoming.content, names_of(transport, link, incoming.mentions))
    with work(Scope.client(link.client_id, actor_id=author.person_id)):
        outcome = _add_to_ticket(incoming, link.client_id, author, content=content, quoted_in=resolved.quoted_in)
    sentence = _sentence_for(outcome, transport, incoming) if outcome in _SENTENCES else None
    if sentence and (outcome is not Outcome.OPENED or incoming.is_shared):
        answer_author(transport, link, incoming, author, sentence)


def _sentence_for(outcome: Outcome, transport: Transport, incoming: IncomingMessage) -> Callable[[], str]:
    """The sentence for an outcome. In a channel it differs, since we receive only messages that mention us there."""
    is_in_channel = transport.platform.capabilities.threads_in_chats and not (
        incoming.place.is_personal or incoming.is_private
    )
    if outcome is Outcome.GREETING and is_in_channel:
        return sentences.nothing_said_in_channel
    return _SENTENCES[outcome]


def stranger_wrote(incoming: IncomingMessage) -> None:
    """Request an automatic reply to a person of another company who addressed us in this client's channel."""
    if not incoming.is_addressed:
        return
    with work(Scope.system()):
        link = find_link(incoming.place.platform, incoming.place.workspace)
        if link is not None:
            request_auto_reply(StrangerWrote, incoming, client_id=link.client_id)


def _resolve(incoming: IncomingMessage) -> _Resolved | None:
    """The workspace, the author if known, and the place of a message; None if there is nothing to do."""
    place = incoming.place
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
        if link is None:
            _unconnected(incoming)
            return None
        if link.client_id is None:
            return _Resolved(link)
        if _is_known(link, incoming) or was_deleted(incoming.place, incoming.message):
            return None
        is_in_thread = _has_thread(link, incoming)
        if not (incoming.is_addressed or is_in_thread):
            return None
        return _Resolved(
            link,
            author=known_author(link, incoming.author, reference=place.reference),
            is_in_ticket_thread=is_in_thread,
            quoted_in=posted_in(place.platform, incoming.quoted) if incoming.quoted else None,
        )


def _may_answer(resolved: _Resolved, author: Author) -> bool:
    """Whether a member of staff wrote in the thread of a ticket that they may see."""
    client_id = resolved.link.client_id
    if client_id is None or not (author.is_staff and resolved.is_in_ticket_thread):
        return False
    with work(Scope.system()):
        return may_write_for(author.person_id, client_id)


def _link_staff_identity(transport: Transport, link: WorkspaceLink, incoming: IncomingMessage) -> None:
    """Link a member of staff who wrote in the provider's own workspace, so that they can be notified there."""
    if not incoming.is_addressed or not incoming.place.is_personal:
        return
    author = link_staff_identity(transport, link, incoming.author, reference=incoming.place.reference)
    if author is not None:
        answer_author(transport, link, incoming, author, sentences.met)


def _add_to_ticket(
    incoming: IncomingMessage, client_id: UUID, author: Author, *, content: Document, quoted_in: UUID | None
) -> Outcome:
    place, at, author_id = incoming.place, min(incoming.at, clock.now()), author.person_id
    if incoming.starts_thread:
        lock("author", place.platform, place.workspace, place.channel, incoming.author)
    lock("thread", place.platform, place.workspace, place.channel, place.thread)
    if message_id_of(client_id, place.platform, incoming.external_id) is not None:
        return Outcome.KNOWN
    if not author.is_staff and count_if_blocked(author_id, at=at):
        return Outcome.BLOCKED
    note_channel_works(place)
    body = body_of(incoming, content)
    conversation = conversation_of(incoming, author_id=author_id, within=grouping_window(), quoted_in=quoted_in)
    continues = conversation is not None  # thanks and calls for an answer do not bring a ticket back to the chat
    if conversation is None and asks_for_answer(body):
        conversation = conversation_awaiting_answer(incoming, author_id=author_id)
    own = own_words(body) if incoming.quoted else body
    if (incoming.starts_thread or conversation is None) and not incoming.files and is_small_talk(own):
        conversation, outcome = _small_talk(incoming, conversation, author_id, body=own)
        if conversation is None:
            return outcome
    if conversation is None:
        message = _open(incoming, client_id, author_id, body=body, content=content, at=at)
    else:
        message = _add(incoming, conversation, author, body=body, content=content, at=at, continues=continues)
    attach(incoming.place, incoming.files, message)
    return Outcome.OPENED if conversation is None else Outcome.ADDED


def _small_talk(
    incoming: IncomingMessage, conversation: Conversation | None, author_id: UUID, *, body: str
) -> tuple[Conversation | None, Outcome]:
    """Add thanks and acknowledgements to the answered ticket, and a greeting to the unfinished one.

    None of them opens a ticket.
    """
    if is_thanks(body) or is_acknowledgement(body):
        found = conversation or thanked_conversation(incoming, author_id=author_id)
        if found is not None or is_thanks(body):
            return found, Outcome.THANKS
    if conversation is not None and access_ticket(conversation.ticket_id).status in FINISHED:
        conversation = None
    return conversation, Outcome.GREETING


def _add(
    incoming: IncomingMessage,
    conversation: Conversation,
    author: Author,
    *,
    body: str,
    content: Document,
    at: datetime,
    continues: bool,
) -> Message:
    """Add a message to its ticket; `continues` if it makes the ticket the current one of a chat without threads."""
    ticket, author_id = access_surviving(conversation.ticket_id), author.person_id
    conversation.reference = {**conversation.reference, **incoming.place.reference}
    note_reachable(conversation)
    if continues and not incoming.place.thread:
        make_current_ticket(conversation)
    before = derived_subject(ticket)
    person = access_person(author_id)
    content_json, platform, external_id = to_json(content), incoming.place.platform, incoming.external_id
    if author.is_staff:
        message = reply_from_chat(
            ticket, author=person, body=body, content=content_json, channel=platform, at=at, external_id=external_id
        )
    else:
        now_on, message = write_on(
            ticket, author=person, body=body, content=content_json, channel=platform, at=at, external_id=external_id
        )
        if now_on is not ticket:
            show_another_ticket(conversation, now_on)
            return message
    is_without = not before and not was_written_by_staff(ticket)  # its opening message was deleted
    if is_without or (incoming.starts_thread and ticket.subject == before):
        edit(ticket, at=clock.now(), actor_id=author_id, subject=derived_subject(ticket) or ticket.subject)
    return message


def _open(
    incoming: IncomingMessage, client_id: UUID, author_id: UUID, *, body: str, content: Document, at: datetime
) -> Message:
    place = incoming.place
    request = Request(
        subject=subject_of(body),
        body=body,
        content=to_json(content),
        source=place.platform,
        external_id=incoming.external_id,
    )
    ticket, message = open_ticket(access_client(client_id), requester=access_person(author_id), request=request, at=at)
    conversation = Conversation(
        id=new_id(),
        client_id=client_id,
        ticket_id=ticket.id,
        platform=place.platform,
        workspace=place.workspace,
        channel=f"{DIRECT}{incoming.author}" if incoming.is_private else place.channel,
        thread=incoming.external_id if incoming.is_private else place.thread or incoming.message,
        is_personal=place.is_personal or incoming.is_private,
        reference=place.reference,
        direct_to=incoming.author if incoming.is_private else None,
        asked_in_channel=place.channel if incoming.is_private else None,
        created_at=at,
    )
    if not place.thread or incoming.is_private:
        make_current_ticket(conversation)
    db.session.add(conversation)
    return message


def _unconnected(incoming: IncomingMessage) -> None:
    place = incoming.place
    note_unknown(place.platform, place.workspace, at=clock.now(), messages=1)
    if incoming.is_addressed and not incoming.is_command and unknown_link(place.platform, place.workspace):
        request_auto_reply(UnconnectedWrote, incoming, client_id=None)


def _is_known(link: WorkspaceLink, incoming: IncomingMessage) -> bool:
    return link.client_id is not None and (
        message_id_of(link.client_id, link.platform, incoming.external_id) is not None
    )


def _has_thread(link: WorkspaceLink, incoming: IncomingMessage) -> bool:
    if incoming.starts_thread:
        return False
    conversation = conversation_at(incoming.place)
    if conversation is not None:
        return conversation.client_id == link.client_id
    root = external_id(incoming.place, incoming.place.thread)
    return link.client_id is not None and message_id_of(link.client_id, link.platform, root) is not None

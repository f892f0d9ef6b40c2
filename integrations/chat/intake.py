"""Inbound messages: each lands on its ticket once, whatever the order and number of its deliveries."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import select

from integrations.chat import sentences
from integrations.chat.answers import note_for_answer, note_refused
from integrations.chat.conversations import (
    conversation_at,
    conversation_of,
    make_current,
    posted_in,
    thanked_conversation,
)
from integrations.chat.links import find_link, lock, unknown_link
from integrations.chat.posting import once, post_once
from integrations.chat.reachability import note_channel_works, note_reachable
from integrations.chat.requesters import (
    Author,
    Refused,
    Stranger,
    check_opens,
    identify,
    known_author,
    meet_staff,
    names_of,
)
from integrations.chat.staff_messages import may_write_for
from integrations.chat.transport import Transport
from integrations.chat.values import Link, Place, Post, Said, external_id
from msp.clients.actions import note_unknown
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.events import emit
from msp.kernel.i18n import reading_as
from msp.kernel.ids import new_id
from msp.people.queries import access_person
from msp.richtext import Document, is_empty, mentions, to_json, with_names, write_text
from msp.tickets.actions import (
    MAX_BODY,
    Request,
    access_ticket,
    delete_message,
    edit,
    edit_message,
    open_ticket,
    receive,
    undelete_message,
)
from msp.tickets.chat_replies import reply_from_chat
from msp.tickets.derived_subject import derived_subject
from msp.tickets.grouping import grouping_window
from msp.tickets.models import Attachment, Conversation, Message
from msp.tickets.small_talk import is_small_talk, is_thanks
from msp.tickets.states import FINISHED
from msp.tickets.subject import subject_of

log = logging.getLogger(__name__)

DIRECT = "direct:"  # the channel of a conversation that will be held in the person's own chat with us, once it is open


class Outcome(Enum):
    """What became of a message."""

    KNOWN = "known"
    OPENED = "opened"
    ADDED = "added"
    GREETING = "greeting"
    THANKS = "thanks"


_SENTENCES: dict[Outcome, Callable[[], str]] = {
    Outcome.OPENED: sentences.in_private,
    Outcome.GREETING: sentences.nothing_said,
    Outcome.THANKS: sentences.welcome,
}


def hear(transport: Transport, said: Said) -> None:
    """Put a message onto its ticket, or open one where it was said to us; everything else is left alone.

    Idempotent. Raises Temporary where the chat system must be asked and does not answer.
    """
    try:
        known = _recognise(said)
        if known is None:
            return
        link, author = known
        if link.client_id is None:
            _meet(transport, link, said)
            return
        author = author or identify(transport, link, said.author, reference=said.place.reference)
        if author.is_staff and not _may_answer(link, said, author):
            check_opens(author)
    except Refused as refused:
        note_refused(said, refused.reason, locale=refused.locale)
        return
    except Stranger:
        stranger_wrote(said)
        return
    person_id = author.person_id
    if is_empty(said.content) and not said.files:
        _answer_author(transport, link, said, person_id, sentences.nothing_said)
        return
    content = with_names(said.content, names_of(transport, link, said.mentions))
    with work(Scope.system()):
        quoted_in = posted_in(said.place.platform, said.quoted) if said.quoted else None
    with work(Scope.client(link.client_id, actor_id=person_id)):
        outcome = _land(said, link.client_id, author, content=content, quoted_in=quoted_in)
    sentence = _SENTENCES.get(outcome)
    if sentence and (outcome is not Outcome.OPENED or said.is_shared):
        _answer_author(transport, link, said, person_id, sentence)


def edited(transport: Transport, place: Place, message_id: str, *, content: Document) -> None:
    """A message was edited in its chat; one that is on no ticket, or reads the same, changes nothing."""
    link = _client_link(place)
    if link is None or link.client_id is None:
        return
    content = with_names(content, names_of(transport, link, mentions(content)))
    with work(Scope.client(link.client_id)):
        message = _message(link, external_id(place, message_id))
        if message is not None and message.deleted_at is None:
            ticket = access_ticket(message.ticket_id, lock=True)
            edit_message(ticket, message, body=_text(content), content=to_json(content), at=clock.now())


def deleted(place: Place, message_id: str) -> None:
    """A message was deleted in its chat: its words disappear; one that is on no ticket changes nothing."""
    link = _client_link(place)
    if link is None or link.client_id is None:
        return
    with work(Scope.client(link.client_id)):
        message = _message(link, external_id(place, message_id))
        if message is not None:
            client = access_client(link.client_id)
            with reading_as(client.locale, client.timezone):
                placeholder = sentences.deleted_subject()
            ticket = access_ticket(message.ticket_id, lock=True)
            delete_message(ticket, message, at=clock.now(), placeholder_subject=placeholder)


def restored(transport: Transport, place: Place, message_id: str, *, content: Document) -> None:
    """A deleted message was brought back in its chat; one that is on no ticket changes nothing."""
    link = _client_link(place)
    if link is None or link.client_id is None:
        return
    content = with_names(content, names_of(transport, link, mentions(content)))
    with work(Scope.client(link.client_id)):
        message = _message(link, external_id(place, message_id))
        if message is not None:
            ticket = access_ticket(message.ticket_id, lock=True)
            undelete_message(ticket, message, body=_text(content), content=to_json(content), at=clock.now())


def stranger_wrote(said: Said) -> None:
    """Somebody of another company spoke to us in a channel of this client: a kind answer, and nothing of any ticket."""
    if not said.is_addressed:
        return
    with work(Scope.system()):
        link = find_link(said.place.platform, said.place.workspace)
        if link is not None:
            note_for_answer("chat.stranger_wrote", said, client_id=link.client_id)


def _recognise(said: Said) -> tuple[Link, Author | None] | None:
    """Whose workspace it is and who wrote, as far as we know them; None where there is nothing to do."""
    place = said.place
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
        if link is None:
            _unconnected(said)
            return None
        if link.client_id is None:
            return link, None
        if _is_known(link, said) or not (said.is_addressed or _has_thread(link, said)):
            return None
        return link, known_author(link, said.author, reference=place.reference)


def _may_answer(link: Link, said: Said, author: Author) -> bool:
    """Whether a member of staff wrote in the thread of a ticket that they may see."""
    assert link.client_id is not None
    with work(Scope.system()):
        return author.is_staff and _has_thread(link, said) and may_write_for(author.person_id, link.client_id)


def _meet(transport: Transport, link: Link, said: Said) -> None:
    """Somebody of the desk wrote in the provider's own workspace: from now on they can be reached there."""
    if not said.is_addressed or not said.place.is_personal:
        return
    person_id = meet_staff(transport, link, said.author, reference=said.place.reference)
    if person_id is not None:
        _answer_author(transport, link, said, person_id, sentences.met)


def _answer_author(transport: Transport, link: Link, said: Said, author_id: UUID, sentence: Callable[[], str]) -> None:
    """Say something to the author alone, once per message: as a message in their own chat, else seen by them only.

    A message that was posted outside of any thread is answered outside of any thread: Slack shows an ephemeral
    message in a thread only to people who have that thread open.
    """
    with work(Scope.system()):
        person = access_person(author_id)
    with reading_as(person.locale, person.timezone):
        text = sentence()
    place = replace(said.place, thread="") if said.starts_thread else said.place
    key = f"answer.{said.external_id}"
    try:
        if place.is_personal:
            post_once(transport, link, place, Post(text), key=key)
        else:
            once(transport.platform, key, lambda: transport.whisper(link, place, to=said.author, text=text))
    except OutsideFailure as failure:  # the message itself has been stored
        log.info("a private answer was not delivered", extra={"reason": failure.reason})


def _land(said: Said, client_id: UUID, author: Author, *, content: Document, quoted_in: UUID | None) -> Outcome:
    place, at, author_id = said.place, min(said.at, clock.now()), author.person_id
    if said.starts_thread:
        lock("author", place.platform, place.workspace, place.channel, said.author)
    lock("thread", place.platform, place.workspace, place.channel, place.thread)
    if _message_id(client_id, place.platform, said.external_id) is not None:
        return Outcome.KNOWN
    body = _text(content) or ", ".join(file.name for file in said.files)
    note_channel_works(place)
    conversation = conversation_of(said, author_id=author_id, within=grouping_window(), quoted_in=quoted_in)
    if said.starts_thread and not said.files and is_small_talk(body):
        conversation, outcome = _small_talk(said, conversation, author_id, body=body)
        if conversation is None:
            return outcome
    if conversation is None:
        message = _open(said, client_id, author_id, body=body, content=content, at=at)
    else:
        message = _add(said, conversation, author, body=body, content=content, at=at)
    _attach(said, message)
    return Outcome.OPENED if conversation is None else Outcome.ADDED


def _small_talk(
    said: Said, conversation: Conversation | None, author_id: UUID, *, body: str
) -> tuple[Conversation | None, Outcome]:
    """Thanks go onto the ticket that was answered, a greeting onto one that is being written; neither opens one."""
    if is_thanks(body):
        return conversation or thanked_conversation(said, author_id=author_id), Outcome.THANKS
    if conversation is not None and access_ticket(conversation.ticket_id).status in FINISHED:
        conversation = None
    return conversation, Outcome.GREETING


def _add(
    said: Said, conversation: Conversation, author: Author, *, body: str, content: Document, at: datetime
) -> Message:
    ticket, author_id = access_ticket(conversation.ticket_id, lock=True), author.person_id
    conversation.reference = {**conversation.reference, **said.place.reference}
    note_reachable(conversation)
    if not said.place.thread:
        make_current(conversation)
    before = derived_subject(ticket)
    message = (reply_from_chat if author.is_staff else receive)(
        ticket,
        author=access_person(author_id),
        body=body,
        content=to_json(content),
        channel=said.place.platform,
        at=at,
        external_id=said.external_id,
    )
    if said.starts_thread and ticket.subject == before:
        edit(ticket, at=clock.now(), actor_id=author_id, subject=derived_subject(ticket))
    return message


def _open(said: Said, client_id: UUID, author_id: UUID, *, body: str, content: Document, at: datetime) -> Message:
    place = said.place
    request = Request(
        subject=subject_of(body),
        body=body,
        content=to_json(content),
        source=place.platform,
        external_id=said.external_id,
    )
    ticket, message = open_ticket(access_client(client_id), requester=access_person(author_id), request=request, at=at)
    elsewhere = {"direct_to": said.author, "said_in": [place.channel, place.thread]} if said.is_private else {}
    conversation = Conversation(
        id=new_id(),
        client_id=client_id,
        ticket_id=ticket.id,
        platform=place.platform,
        workspace=place.workspace,
        channel=f"{DIRECT}{said.author}" if elsewhere else place.channel,
        thread=said.external_id if elsewhere else place.thread or said.message,
        is_personal=place.is_personal or bool(elsewhere),
        reference=place.reference | elsewhere,
        created_at=at,
    )
    if not place.thread or elsewhere:
        make_current(conversation)
    db.session.add(conversation)
    return message


def _attach(said: Said, message: Message) -> None:
    for file in said.files:
        attachment = Attachment(
            id=new_id(),
            client_id=message.client_id,
            message_id=message.id,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            state="refused" if file.refused else "remote",
            reason=file.refused,
            remote=file.remote,
            created_at=message.at,
        )
        db.session.add(attachment)
        if not file.refused:
            emit(
                "attachment.offered",
                attachment.id,
                client_id=message.client_id,
                visibility="internal",
                platform=said.place.platform,
                workspace=said.place.workspace,
            )


def _unconnected(said: Said) -> None:
    place = said.place
    note_unknown(place.platform, place.workspace, at=clock.now(), messages=1)
    if said.is_addressed and not said.is_command and unknown_link(place.platform, place.workspace):
        note_for_answer("chat.unconnected_wrote", said, client_id=None)


def _is_known(link: Link, said: Said) -> bool:
    return link.client_id is not None and (_message_id(link.client_id, link.platform, said.external_id) is not None)


def _has_thread(link: Link, said: Said) -> bool:
    if said.starts_thread:
        return False
    conversation = conversation_at(said.place)
    if conversation is not None:
        return conversation.client_id == link.client_id
    root = external_id(said.place, said.place.thread)
    return link.client_id is not None and _message_id(link.client_id, link.platform, root) is not None


def _client_link(place: Place) -> Link | None:
    with work(Scope.system()):
        return find_link(place.platform, place.workspace)


def _message_id(client_id: UUID, channel: str, external_id: str) -> UUID | None:
    query = select(Message.id).where(
        Message.client_id == client_id, Message.channel == channel, Message.external_id == external_id
    )
    return db.session.execute(query).scalar_one_or_none()


def _message(link: Link, external_id: str) -> Message | None:
    assert link.client_id is not None
    found = _message_id(link.client_id, link.platform, external_id)
    return db.session.get(Message, found) if found else None


def _text(content: Document) -> str:
    """Its plain text, cut to what a ticket holds: nobody would see a refusal in a chat."""
    text = write_text(content).strip()
    return text if len(text) <= MAX_BODY else f"{text[: MAX_BODY - 1]}…"

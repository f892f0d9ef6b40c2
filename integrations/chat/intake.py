"""What comes in: people's messages land on tickets, once, whatever the order and number of deliveries."""

import logging
import re
from collections.abc import Callable
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from integrations.chat import sentences
from integrations.chat.links import find_link, lock, unknown_link
from integrations.chat.requesters import Stranger, known_person, meet_staff, names_of, requester
from integrations.chat.transport import Transport
from integrations.chat.values import Link, Place, Said
from msp.clients.actions import note_unknown
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.events import Event, emit
from msp.kernel.i18n import reading_as
from msp.kernel.ids import new_id
from msp.people.queries import access_person
from msp.tickets.actions import (
    MAX_BODY,
    Request,
    access_ticket,
    delete_message,
    edit_message,
    open_ticket,
    receive,
)
from msp.tickets.models import Attachment, Conversation, Message, Ticket

log = logging.getLogger(__name__)

MAX_SUBJECT = 120
DIRECT = "direct:"  # the channel of a conversation that will be had in the person's own chat with us, once it is open

_GREETING = re.compile(
    r"^(hola|buenas(?: tardes| noches)?|buenos d[ií]as|saludos|hi|hello|hey|good (?:morning|afternoon|evening))"
    r"(?: a todos| a todas| equipo| team| all| there)?[\s,.:;!¡\-–]+",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def hear(transport: Transport, said: Said) -> None:
    """Somebody wrote: onto the ticket of that thread, or into a new ticket where they spoke to us; else nothing.

    Bears being called twice for one message. Raises Temporary where the chat system must be asked and does not answer.
    """
    try:
        known = _recognise(said)
        if known is None:
            return
        link, author_id = known
        if link.client_id is None:
            _meet(transport, link, said)
            return
        author_id = author_id or requester(transport, link, said.author, reference=said.place.reference)
    except Stranger:
        stranger_wrote(said)
        return
    if not said.text and not said.files:
        _aside(transport, link, said, author_id, sentences.nothing_said)
        return
    names = names_of(transport, link, said.mentions)
    with work(Scope.client(link.client_id, actor_id=author_id)):
        is_opened = _land(said, link.client_id, author_id, names)
    if is_opened and said.is_shared:
        _aside(transport, link, said, author_id, sentences.in_private)


def edited(transport: Transport, place: Place, message_id: str, *, text: str, mentions: tuple[str, ...] = ()) -> None:
    """A message was changed where it was said; what never landed, and what reads the same, changes nothing."""
    link = _client_link(place)
    if link is None or link.client_id is None:
        return
    names = names_of(transport, link, mentions)
    with work(Scope.client(link.client_id)):
        message = _message(link, f"{place.workspace}:{place.channel}:{message_id}")
        if message is not None:
            ticket = access_ticket(message.ticket_id, lock=True)
            edit_message(ticket, message, body=_bearable(_named(text, names)), at=clock.now())


def deleted(place: Place, message_id: str) -> None:
    """A message was taken back where it was said; what never landed changes nothing."""
    link = _client_link(place)
    if link is None or link.client_id is None:
        return
    with work(Scope.client(link.client_id)):
        message = _message(link, f"{place.workspace}:{place.channel}:{message_id}")
        if message is not None:
            delete_message(access_ticket(message.ticket_id, lock=True), message, at=clock.now())


def stranger_wrote(said: Said) -> None:
    """Somebody of another company spoke to us in a channel of this client: a kind answer, and nothing of any ticket."""
    if not said.is_addressed:
        return
    with work(Scope.system()):
        link = find_link(said.place.platform, said.place.workspace)
        if link is not None:
            _note_once("chat.stranger_wrote", said, client_id=link.client_id)


def subject_of(text: str) -> str:
    """A subject from a message: its first sentence without the greeting, at most 120 characters."""
    text = _GREETING.sub("", text.strip(), count=1).strip() or text
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    sentence = _SENTENCE_END.split(line, maxsplit=1)[0]
    sentence = " ".join(sentence.split())
    if sentence.endswith(".") and not sentence.endswith(".."):
        sentence = sentence[:-1]
    sentence = sentence[:1].upper() + sentence[1:]
    if len(sentence) <= MAX_SUBJECT:
        return sentence
    return sentence[: MAX_SUBJECT - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def conversation_at(place: Place) -> Conversation | None:
    """The conversation of a thread, as far as the scope in force may see it."""
    query = select(Conversation).where(
        Conversation.platform == place.platform,
        Conversation.workspace == place.workspace,
        Conversation.channel == place.channel,
        Conversation.thread == place.thread,
    )
    return db.session.scalars(query).one_or_none()


def _recognise(said: Said) -> tuple[Link, UUID | None] | None:
    """Whose workspace it is and who wrote, as far as we know them; None where there is nothing to do."""
    place = said.place
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
        if link is None:
            _unconnected(said)
            return None
        if link.client_id is None:
            return link, None
        if _is_known(link, said) or not (said.is_addressed or _has_thread(link, place)):
            return None
        return link, known_person(link, said.author, reference=place.reference)


def _meet(transport: Transport, link: Link, said: Said) -> None:
    """Somebody of the desk spoke to us in the desk's own workspace: from now on we can reach them there."""
    if not said.is_addressed or not said.place.is_personal:
        return
    person_id = meet_staff(transport, link, said.author, reference=said.place.reference)
    if person_id is not None:
        _aside(transport, link, said, person_id, sentences.met)


def _aside(transport: Transport, link: Link, said: Said, author_id: UUID, sentence: Callable[[], str]) -> None:
    with work(Scope.system()):
        person = access_person(author_id)
    with reading_as(person.locale, person.timezone):
        text = sentence()
    try:
        transport.whisper(link, said.place, to=said.author, text=text)
    except OutsideFailure as failure:  # a courtesy: what matters has been stored
        log.info("a whisper was not heard", extra={"reason": failure.reason})


def _land(said: Said, client_id: UUID, author_id: UUID, names: dict[str, str]) -> bool:
    """Returns whether it opened a ticket."""
    place, at = said.place, min(said.at, clock.now())
    lock("thread", place.platform, place.workspace, place.channel, place.thread)
    if _message_id(client_id, place.platform, said.external_id) is not None:
        return False
    body = _bearable(_named(said.text, names).strip()) or ", ".join(file.name for file in said.files)
    conversation = conversation_at(place)
    if conversation is not None:
        ticket = access_ticket(conversation.ticket_id, lock=True)
        conversation.reference = {**conversation.reference, **place.reference}
        message = receive(
            ticket,
            author=access_person(author_id),
            body=body,
            channel=place.platform,
            at=at,
            external_id=said.external_id,
        )
    else:
        ticket, message = _open(said, client_id, author_id, body=body, at=at)
    _attach(said, message)
    return conversation is None


def _open(said: Said, client_id: UUID, author_id: UUID, *, body: str, at: datetime) -> tuple[Ticket, Message]:
    place = said.place
    request = Request(
        subject=subject_of(body),
        body=body,
        source=place.platform,
        external_id=said.external_id,
    )
    ticket, message = open_ticket(access_client(client_id), requester=access_person(author_id), request=request, at=at)
    db.session.flush()
    elsewhere = {"direct_to": said.author, "said_in": [place.channel, place.thread]} if said.is_for_private else {}
    db.session.add(
        Conversation(
            id=new_id(),
            client_id=client_id,
            ticket_id=ticket.id,
            platform=place.platform,
            workspace=place.workspace,
            channel=f"{DIRECT}{said.author}" if elsewhere else place.channel,
            thread=said.external_id if elsewhere else place.thread,
            is_personal=place.is_personal or bool(elsewhere),
            reference=place.reference | elsewhere,
            created_at=at,
        )
    )
    return ticket, message


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
    if said.is_addressed and not said.is_aside and unknown_link(place.platform, place.workspace):
        _note_once("chat.unconnected_wrote", said, client_id=None)


def _note_once(kind: str, said: Said, *, client_id: UUID | None) -> None:
    subject = uuid5(NAMESPACE_URL, f"{said.place.platform}:{said.external_id}")
    lock(kind, subject)
    twin = select(Event.id).where(Event.kind == kind, Event.subject_id == subject)
    if db.session.execute(twin).one_or_none() is None:
        emit(
            kind,
            subject,
            client_id=client_id,
            visibility="internal",
            platform=said.place.platform,
            workspace=said.place.workspace,
            channel=said.place.channel,
            thread=said.place.thread,
            reference=said.place.reference,
            author=said.author,
        )


def _is_known(link: Link, said: Said) -> bool:
    return link.client_id is not None and (_message_id(link.client_id, link.platform, said.external_id) is not None)


def _has_thread(link: Link, place: Place) -> bool:
    conversation = conversation_at(place)
    return conversation is not None and conversation.client_id == link.client_id


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


def _bearable(text: str) -> str:
    """As much of a text as a ticket holds: cut and marked, which is better than refused where nobody would see it."""
    return text if len(text) <= MAX_BODY else f"{text[: MAX_BODY - 1]}…"


def _named(text: str, names: dict[str, str]) -> str:
    for external_id, name in names.items():
        text = text.replace(f"<@{external_id}>", f"@{name}")
    return text

"""Automatic replies to messages that open no ticket: unconnected companies, strangers, guests, staff, inactive ones."""

from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from integrations.channels import sentences
from integrations.channels.events import RefusedWrote, StrangerWrote, UnansweredMessage, UnconnectedWrote
from integrations.channels.links import find_link, lock, note_broken, unknown_link
from integrations.channels.posting import post_once
from integrations.channels.refusals import refusal_text
from integrations.channels.transport import Broken, Transport
from integrations.channels.transports import transport_of
from integrations.channels.values import IncomingMessage, Post, ThreadRef, WorkspaceLink
from msp.clients.queries import access_client
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Permanent
from msp.kernel.events import DeliveredEvent, StoredEvent, emit
from msp.kernel.i18n import LOCALES, reading_as

ANSWERED = {UnconnectedWrote, StrangerWrote, RefusedWrote}


def request_auto_reply(
    event: type[UnansweredMessage],
    incoming: IncomingMessage,
    *,
    client_id: UUID | None,
    in_private: bool = False,
    **more: str | None,
) -> None:
    """Emit an event once per message so that its author gets an automatic reply; the text of the message is not stored.

    The reply is posted in the thread of the message. With `in_private`, and after a command, it is sent as a direct
    message.
    """
    place = incoming.place
    subject = uuid5(NAMESPACE_URL, f"{place.platform}:{incoming.external_id}")
    lock(event.kind, subject)
    earlier = select(StoredEvent.id).where(StoredEvent.kind == event.kind, StoredEvent.subject_id == subject)
    if db.session.execute(earlier).one_or_none() is None:
        made = event(
            platform=place.platform,
            workspace=place.workspace,
            channel=place.channel,
            thread=place.thread,
            is_personal=place.is_personal,
            in_private=in_private or incoming.is_command,
            reference=place.reference,
            author=incoming.author,
            **more,  # the fields of RefusedWrote
        )
        emit(made, subject, client_id=client_id)


def note_refused(incoming: IncomingMessage, reason: str, *, locale: str | None) -> None:
    """Request an automatic reply to a person who may not open tickets, if the message was addressed to us."""
    if not incoming.is_addressed:
        return
    with work(Scope.system()):
        link = find_link(incoming.place.platform, incoming.place.workspace)
        if link is not None:
            in_private = incoming.is_shared and reason != "staff"
            request_auto_reply(
                RefusedWrote,
                incoming,
                client_id=link.client_id,
                in_private=in_private,
                reason=reason,
                locale=locale,
            )


def send_auto_reply(delivered: DeliveredEvent[UnansweredMessage]) -> None:
    """Send an automatic reply once, where the author wrote, in the author's language if it is known."""
    event = delivered.event
    transport = transport_of(event.platform)
    if transport is None:
        return
    with work(Scope.system()):
        find = unknown_link if isinstance(event, UnconnectedWrote) else find_link
        link = find(transport.platform.name, event.workspace)
    if link is None:  # connected or deleted in the meantime
        return
    try:
        of_person = event.locale if isinstance(event, RefusedWrote) else None
        language = language_of(transport, link, event.author, of_person, event.reference.get("locale"))
        text = _text(event, link, language)
        place = transport.direct(link, event.author) if event.in_private else _place(transport, event)
        post_once(transport, link, place, Post(text), key=str(delivered.delivery_id))
    except Broken as broken:
        note_broken(link.platform, link.workspace, reason=broken.reason)
        raise


def _text(event: UnansweredMessage, link: WorkspaceLink, language: str) -> str:
    if isinstance(event, RefusedWrote) and link.client_id is not None:
        return refusal_text(event.reason, link.client_id, locale=language)
    with reading_as(language, "Europe/Madrid"):
        return sentences.stranger() if isinstance(event, StrangerWrote) else sentences.unconnected()


def _place(transport: Transport, event: UnansweredMessage) -> ThreadRef:
    return ThreadRef(
        transport.platform.name,
        event.workspace,
        event.channel,
        event.thread,
        is_personal=event.is_personal,
        reference=event.reference,
    )


def language_of(transport: Transport, link: WorkspaceLink, author: str, *locales: str | None) -> str:
    """The first supported language among these locales (person, device), the author's profile and the company."""
    for named in locales:
        if language := _ours(named):
            return language
    return _ours(_profile_locale(transport, link, author)) or company_language(link)


def company_language(link: WorkspaceLink) -> str:
    """The language of a connection's client; Spanish if it has none."""
    return _company_locale(link) or "es"


def _profile_locale(transport: Transport, link: WorkspaceLink, author: str) -> str | None:
    try:
        return transport.profile(link, author).locale
    except Broken:
        raise
    except Permanent:  # a missing profile does not prevent the reply
        return None


def _company_locale(link: WorkspaceLink) -> str:
    if link.client_id is None:
        return ""
    with work(Scope.system()):
        return access_client(link.client_id).locale


def _ours(locale: object) -> str:
    language = str(locale or "")[:2].lower()
    return language if language in LOCALES else ""

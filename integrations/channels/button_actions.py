"""Buttons under our messages. Who may click depends on the person and the place, never on what the button carries."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integrations.channels import sentences
from integrations.channels.auto_replies import company_language, language_of
from integrations.channels.cards import ANOTHER, card_of
from integrations.channels.conversations import (
    conversation_at,
    conversation_of_ticket,
    leave_current_ticket,
    make_current_ticket,
)
from integrations.channels.interactions import (
    ANY,
    BUTTON,
    Interaction,
    InteractionAnswer,
    log_fields,
    register_interaction,
)
from integrations.channels.links import find_link
from integrations.channels.refusals import refusal_text
from integrations.channels.requesters import Refused, Stranger, check_opens, identify
from integrations.channels.transport import Transport
from integrations.channels.values import WorkspaceLink
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.people.names import first_name
from msp.people.queries import access_person, find_identity
from msp.tickets.by_requester import ask_for_person, confirm_solved, make_more_urgent, reopen
from msp.tickets.follow_ups import may_reopen
from msp.tickets.models import Conversation, Ticket
from msp.tickets.survivors import access_surviving, surviving_id

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a ticket's button by a person who may click it."""

    ticket: Ticket
    conversation: Conversation
    person: Person
    at: datetime
    has_threads: bool


def register_buttons() -> None:
    """Register the handlers of ticket buttons: in jobs for Slack, in the request for Teams, which shows its answer."""
    for code in (ANOTHER, *_ACTS):
        register_interaction(BUTTON, code, handle_click)
    register_interaction(BUTTON, ANY, answer_unknown_button)


def answer_unknown_button(transport: Transport, clicked: Interaction) -> InteractionAnswer | None:
    """Answer a button that no handler knows, such as one of an older version, in the person's language.

    Returns None in workspaces that are not connected, and outside of any conversation.
    """
    place = clicked.place
    log.info("unknown interaction", extra=log_fields(clicked))
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
        identity = find_identity(place.platform, place.workspace, clicked.author) if link else None
        person = access_person(identity.person_id) if identity else None
        locale = person.locale if person else None
    if link is None or not place.channel:
        return None
    return InteractionAnswer(_not_available(transport, link, clicked, locale))


def handle_click(transport: Transport, clicked: Interaction) -> InteractionAnswer | None:
    """Execute the action of a button, if the ticket has a conversation there and the person belongs to its client.

    Returns None in workspaces that are not connected. People of other companies get a refusal. Idempotent.
    """
    place = clicked.place
    with work(Scope.system()):
        link = find_link(place.platform, place.workspace)
    if link is None or link.client_id is None:
        return None
    try:
        author = identify(transport, link, clicked.author, reference={})
        check_opens(author)
    except Refused as refused:
        return InteractionAnswer(refusal_text(refused.reason, link.client_id, locale=refused.locale))
    except Stranger:
        return InteractionAnswer(_not_available(transport, link, clicked))
    with work(Scope.client(link.client_id, actor_id=author.person_id)):
        person = access_person(author.person_id)
        with reading_as(person.locale, person.timezone):
            return _act(clicked, person, at=clock.now())


def _not_available(transport: Transport, link: WorkspaceLink, clicked: Interaction, *locales: str | None) -> str:
    """The refusal in the person's language; in the company's if their profile cannot be read."""
    try:
        language = language_of(transport, link, clicked.author, *locales, clicked.place.reference.get("locale"))
    except OutsideFailure as failure:
        log.info("the profile of a person who clicked could not be read", extra={"reason": failure.reason})
        language = company_language(link)
    with reading_as(language, "Europe/Madrid"):
        return sentences.not_yours()


def _act(clicked: Interaction, person: Person, *, at: datetime) -> InteractionAnswer:
    place = clicked.place
    if clicked.name == ANOTHER:
        leave_current_ticket(place)
        return InteractionAnswer(sentences.something_else())
    ticket_id = _continuing(clicked.value)
    conversation = conversation_at(place) if place.thread else conversation_of_ticket(place, ticket_id)
    if conversation is None or str(conversation.ticket_id) != ticket_id:
        return InteractionAnswer(sentences.not_yours())
    ticket = access_surviving(conversation.ticket_id)
    return _ACTS[clicked.name](Click(ticket, conversation, person, at, has_threads=bool(place.thread)))


def _continuing(value: str) -> str:
    """The id of the ticket that continues the one of a button; it comes from outside and is only compared."""
    try:
        return str(surviving_id(UUID(value)))
    except ValueError:
        return value


def _add_detail(click: Click) -> InteractionAnswer:
    if not click.has_threads:
        make_current_ticket(click.conversation)
    return InteractionAnswer(sentences.add_detail(label=click.ticket.label, has_threads=click.has_threads))


def _more_urgent(click: Click) -> InteractionAnswer:
    if not make_more_urgent(click.ticket, click.person, at=click.at):
        return _already(click)
    return InteractionAnswer(sentences.raised(card_of(click.ticket), now=click.at), is_shown=True)


def _talk_to_person(click: Click) -> InteractionAnswer:
    if not ask_for_person(click.ticket, click.person, at=click.at):
        return InteractionAnswer(sentences.person_asked_already())
    return InteractionAnswer(sentences.person_asked(name=first_name(click.person.name)), is_shown=True)


def _solved(click: Click) -> InteractionAnswer:
    if not confirm_solved(click.ticket, click.person, at=click.at):
        return _already(click)
    return InteractionAnswer(sentences.closed(card_of(click.ticket), name=first_name(click.person.name)), is_shown=True)


def _reopen(click: Click) -> InteractionAnswer:
    if not may_reopen(click.ticket, at=click.at):
        return InteractionAnswer(sentences.closed_too_long(label=click.ticket.label))
    if not reopen(click.ticket, click.person, at=click.at):
        return _already(click)
    return InteractionAnswer(
        sentences.reopened(card_of(click.ticket), name=first_name(click.person.name)), is_shown=True
    )


def _already(click: Click) -> InteractionAnswer:
    return InteractionAnswer(sentences.already(label=click.ticket.label))


_ACTS: dict[str, Callable[[Click], InteractionAnswer]] = {
    "add_detail": _add_detail,
    "more_urgent": _more_urgent,
    "talk_to_person": _talk_to_person,
    "solved": _solved,
    "not_yet": _reopen,
    "reopen": _reopen,
}

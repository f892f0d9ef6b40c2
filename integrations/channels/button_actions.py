"""Buttons under our messages: who may click is decided by who they are and where, never by what the button carries."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from integrations.channels import sentences
from integrations.channels.auto_replies import language_of
from integrations.channels.cards import ANOTHER, card_of
from integrations.channels.conversations import conversation_at, conversation_of_ticket, leave_current, make_current
from integrations.channels.links import find_link
from integrations.channels.refusals import refusal_text
from integrations.channels.requesters import Refused, Stranger, check_opens, identify
from integrations.channels.transport import Transport
from integrations.channels.values import ButtonClick, WorkspaceLink
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.people.names import first_name
from msp.people.queries import access_person
from msp.tickets.by_requester import ask_for_person, confirm_solved, make_more_urgent, reopen
from msp.tickets.models import Conversation, Ticket
from msp.tickets.queries import access_ticket

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClickResult:
    """What became of a click, in the words of the person who clicked.

    `is_shown` where the conversation itself shows it; everything else is for that person alone.
    """

    text: str
    is_shown: bool = False


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a ticket's button by somebody who may."""

    ticket: Ticket
    conversation: Conversation
    person: Person
    at: datetime
    has_threads: bool


def handle_click(transport: Transport, pressed: ButtonClick) -> ClickResult | None:
    """Do what a button says, if the ticket's conversation is there and the person belongs to its client.

    Returns None for people who are nobody here. Idempotent.
    """
    with work(Scope.system()):
        link = find_link(pressed.place.platform, pressed.place.workspace)
    if link is None or link.client_id is None:
        return None
    try:
        author = identify(transport, link, pressed.author, reference={})
        check_opens(author)
    except Refused as refused:
        return ClickResult(refusal_text(refused.reason, link.client_id, locale=refused.locale))
    except Stranger:
        return None
    with work(Scope.client(link.client_id, actor_id=author.person_id)):
        person = access_person(author.person_id)
        with reading_as(person.locale, person.timezone):
            return _act(transport, pressed, person, at=clock.now())


def handle_click_and_answer(transport: Transport, pressed: ButtonClick) -> None:
    """Do what a button says where the click itself cannot be answered: the result goes to that person alone."""
    result = handle_click(transport, pressed)
    if result is not None and result.is_shown:
        return
    with work(Scope.system()):
        link = find_link(pressed.place.platform, pressed.place.workspace)
    if link is None or link.client_id is None:
        return
    try:
        text = result.text if result else _not_theirs(transport, link, pressed)
        place = replace(pressed.place, thread="") if pressed.is_outside_threads else pressed.place
        transport.post_ephemeral(link, place, to=pressed.author, text=text)
    except OutsideFailure as failure:  # what the click did has been stored
        log.info("the result of a click was not delivered", extra={"reason": failure.reason})


def _not_theirs(transport: Transport, link: WorkspaceLink, pressed: ButtonClick) -> str:
    """What people of other companies read, in their language."""
    data = {"author": pressed.author, "reference": pressed.place.reference}
    with reading_as(language_of(transport, link, data), "Europe/Madrid"):
        return sentences.not_yours()


def _act(transport: Transport, pressed: ButtonClick, person: Person, *, at: datetime) -> ClickResult:
    place = pressed.place
    if pressed.code == ANOTHER:
        leave_current(place)
        return ClickResult(sentences.something_else())
    conversation = conversation_at(place) if place.thread else conversation_of_ticket(place, pressed.ticket)
    act = _ACTS.get(pressed.code)
    if act is None or conversation is None or str(conversation.ticket_id) != pressed.ticket:
        return ClickResult(sentences.not_yours())
    ticket = access_ticket(conversation.ticket_id, lock=True)
    return act(Click(ticket, conversation, person, at, has_threads=bool(place.thread)))


def _add_detail(click: Click) -> ClickResult:
    if not click.has_threads:
        make_current(click.conversation)
    return ClickResult(sentences.add_detail(label=click.ticket.label, has_threads=click.has_threads))


def _more_urgent(click: Click) -> ClickResult:
    if not make_more_urgent(click.ticket, click.person, at=click.at):
        return _already(click)
    return ClickResult(sentences.raised(card_of(click.ticket), now=click.at), is_shown=True)


def _talk_to_person(click: Click) -> ClickResult:
    if not ask_for_person(click.ticket, click.person, at=click.at):
        return ClickResult(sentences.person_asked_already())
    return ClickResult(sentences.person_asked(name=first_name(click.person.name)), is_shown=True)


def _solved(click: Click) -> ClickResult:
    if not confirm_solved(click.ticket, click.person, at=click.at):
        return _already(click)
    return ClickResult(sentences.closed(card_of(click.ticket), name=first_name(click.person.name)), is_shown=True)


def _reopen(click: Click) -> ClickResult:
    if not reopen(click.ticket, click.person, at=click.at):
        return _already(click)
    return ClickResult(sentences.reopened(card_of(click.ticket), name=first_name(click.person.name)), is_shown=True)


def _already(click: Click) -> ClickResult:
    return ClickResult(sentences.already(label=click.ticket.label))


_ACTS: dict[str, Callable[[Click], ClickResult]] = {
    "add_detail": _add_detail,
    "more_urgent": _more_urgent,
    "talk_to_person": _talk_to_person,
    "solved": _solved,
    "not_yet": _reopen,
    "reopen": _reopen,
}

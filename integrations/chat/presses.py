"""Buttons under our messages: who may press is decided by who they are and where, never by what the button carries."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from integrations.chat import sentences
from integrations.chat.cards import was_raised_by_client
from integrations.chat.intake import conversation_at
from integrations.chat.links import find_link
from integrations.chat.requesters import Stranger, requester
from integrations.chat.transport import Transport
from integrations.chat.values import Link, Press
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import Event, emit
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets.actions import access_ticket, change_priority, change_status
from msp.tickets.models import Ticket
from msp.tickets.states import PRIORITIES

PATIENCE = timedelta(minutes=15)  # asking for a person again within this time tells nobody anything new


def press(transport: Transport, pressed: Press) -> None:
    """Do what a button says, if the ticket lives in that thread and the person belongs to its client.

    What has no answer in the thread itself is answered to the person alone. Bears being called twice.
    """
    with work(Scope.system()):
        link = find_link(pressed.place.platform, pressed.place.workspace)
    if link is None or link.client_id is None:
        return
    try:
        person_id = requester(transport, link, pressed.author, reference={})
    except Stranger:  # nothing to press for them, and nothing to tell
        return
    with work(Scope.client(link.client_id, actor_id=person_id)):
        person = access_person(person_id)
        with reading_as(person.locale, person.timezone):
            aside = _do(pressed, link, person, at=clock.now())
    if aside:
        transport.whisper(link, pressed.place, to=pressed.author, text=aside)


def _do(pressed: Press, link: Link, person: Person, *, at: datetime) -> str | None:
    conversation = conversation_at(pressed.place)
    act = _ACTS.get(pressed.code)
    if act is None or conversation is None or str(conversation.ticket_id) != pressed.ticket:
        return sentences.not_yours()
    return act(access_ticket(conversation.ticket_id, lock=True), person, at)


def _add_detail(ticket: Ticket, _person: Person, _at: datetime) -> str | None:
    return sentences.add_detail(label=ticket.label)


def _more_urgent(ticket: Ticket, person: Person, at: datetime) -> str | None:
    if ticket.priority == PRIORITIES[0] or was_raised_by_client(ticket.id):
        return sentences.already(label=ticket.label)
    higher = PRIORITIES[PRIORITIES.index(ticket.priority) - 1]
    change_priority(ticket, higher, at=at, actor_id=person.id)
    return None


def _talk_to_person(ticket: Ticket, person: Person, at: datetime) -> str | None:
    asked = select(Event.id).where(
        Event.subject_id == ticket.id, Event.kind == "ticket.person_asked", Event.at > at - PATIENCE
    )
    if db.session.execute(asked.limit(1)).one_or_none():
        return sentences.already(label=ticket.label)
    emit("ticket.person_asked", ticket.id, client_id=ticket.client_id, actor_id=person.id, at=at)
    return None


def _solved(ticket: Ticket, person: Person, at: datetime) -> str | None:
    if ticket.status != "resolved":
        return sentences.already(label=ticket.label)
    change_status(ticket, "closed", at=at, actor_id=person.id)
    return None


def _not_yet(ticket: Ticket, person: Person, at: datetime) -> str | None:
    if ticket.status not in ("resolved", "closed"):
        return sentences.already(label=ticket.label)
    change_status(ticket, "open", at=at, actor_id=person.id)
    return None


_ACTS: dict[str, Callable[[Ticket, Person, datetime], str | None]] = {
    "add_detail": _add_detail,
    "more_urgent": _more_urgent,
    "talk_to_person": _talk_to_person,
    "solved": _solved,
    "not_yet": _not_yet,
}

"""Recipients of an event, by which media, and whether it is urgent: those it names, else its type's audience."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.event_types import Event
from msp.kernel.events import DeliveredEvent
from msp.oncall.queries import first_on_call, on_call
from msp.people.models import Person
from msp.people.queries import client_ids_of, people_of, staff
from msp.tickets.events import Recipients, ReplyFailed, SlaStepEvent, StaffMentioned, TicketWoken
from msp.tickets.following import followers_of
from msp.tickets.models import Ticket

MEDIA = ("console", "chat", "mail")


def recipients_of(event: Event, *, priority: str) -> Recipients:
    """The recipients that the event names, else the audience of its type; SLA events of an urgent ticket are urgent.

    Roles: assignee, lead, follower (of staff), client_manager, person:<id>; on_call is the person of the first layer,
    on_call:2 of the second layer, on_call:all everyone on call.
    """
    named = event.recipients if isinstance(event, TicketWoken | ReplyFailed | StaffMentioned | SlaStepEvent) else None
    if named is not None:
        return replace(named, by=tuple(each for each in named.by or MEDIA if each in MEDIA))
    if event.audience is None:
        return Recipients(())
    return Recipients(event.audience.who, event.audience.by, isinstance(event, SlaStepEvent) and priority == "urgent")


def people_to_notify(
    delivered: DeliveredEvent[Event], ticket: Ticket, named: Recipients, *, at: datetime
) -> list[Person]:
    """The people of these roles who may see the ticket, by id.

    If no member of staff is found, the team leads, if the event's audience includes them. Empty if no role is named.
    """
    if not named.who:
        return []
    event = delivered.event
    found = {person.id: person for role in named.who for person in _of_role(role, event, ticket, at)}
    people = {id: person for id, person in found.items() if may_receive(person, ticket)}
    is_for_staff = any(role.partition(":")[0] in ("assignee", "lead", "on_call") for role in named.who)
    is_nobody = not any(person.is_staff for person in people.values()) if is_for_staff else not people
    if is_nobody and event.audience is not None and "lead" in event.audience.who:
        people |= {lead.id: lead for lead in _leads() if may_receive(lead, ticket)}
    return [people[id] for id in sorted(people) if id != delivered.actor_id]


def may_receive(person: Person, ticket: Ticket) -> bool:
    """Whether a person may be notified of a ticket: staff of that client, its requester, or the client's managers."""
    if not person.active:
        return False
    if person.is_staff:
        return not person.is_restricted or ticket.client_id in client_ids_of(person.id)
    is_theirs = person.role == "client_manager" or person.id == ticket.requester_id
    return person.client_id == ticket.client_id and is_theirs


def _of_role(role: str, event: Event, ticket: Ticket, at: datetime) -> Iterable[Person]:
    if role == "assignee":
        return _people(_assignees(event, ticket))
    if role == "lead":
        return _leads()
    if role == "follower":
        return [each for each in _people(row.id for row in followers_of(ticket.id)) if each.is_staff]
    if role == "client_manager":
        return [person for person in people_of(ticket.client_id) if person.role == "client_manager"]
    if role.partition(":")[0] == "on_call":
        return _on_call(role.partition(":")[2], at)
    if role.startswith("person:"):
        return _people([_identity(role.removeprefix("person:"))])
    return ()


def _on_call(which: str, at: datetime) -> list[Person]:
    if not which:
        first = first_on_call(at)
        return [first] if first else []
    found = on_call(at)
    if which.isdecimal():
        found = found[int(which) - 1 : int(which)]
    return [each.person for each in found if each.person is not None]


def _assignees(event: Event, ticket: Ticket) -> list[UUID | None]:
    """The current assignee, and the assignee at the time of the event."""
    return [ticket.assignee_id, event.assignee_id if isinstance(event, SlaStepEvent) else None]


def _leads() -> list[Person]:
    return staff(roles=["team_lead"])


def _people(ids: Iterable[UUID | None]) -> list[Person]:
    return [person for id in ids if id and (person := db.session.get(Person, id)) is not None]


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""Who hears of an event, by which media, and whether it is urgent: what the event asks for, else the desk's habit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.events import DeliveredEvent
from msp.oncall.queries import first_on_call, on_call
from msp.people.models import Person
from msp.people.queries import client_ids_of, people_of, staff
from msp.tickets.models import Ticket

TO_LEADS_TOO = (
    "sla.warned",
    "sla.breached",
    "sla.escalated",
    "ticket.person_asked",
    "ticket.reply_failed",
    "ticket.woken",
)
OUTSIDE_CONSOLE = {*TO_LEADS_TOO, "ticket.assigned"}
MEDIA = ("console", "chat", "mail")


@dataclass(frozen=True, slots=True)
class Audience:
    """Roles, media, and whether it is urgent.

    Roles: assignee, lead, client_manager, person:<id>; on_call is whoever is called first, on_call:2 the person of the
    second layer, on_call:all everybody who is on.
    """

    who: tuple[str, ...]
    by: tuple[str, ...]
    is_urgent: bool


def audience_of(fact: DeliveredEvent[Any], *, priority: str) -> Audience:
    """What the event says in `hear`; without it assignee and leads, in the console and in chat."""
    said = fact.data.get("hear")
    if isinstance(said, dict):
        by = tuple(each for each in said.get("by") or MEDIA if each in MEDIA)
        return Audience(tuple(map(str, said.get("who") or ())), by, bool(said.get("is_urgent")))
    who = ("assignee", "lead") if fact.kind in TO_LEADS_TOO else ("assignee",)
    by = ("console", "chat") if fact.kind in OUTSIDE_CONSOLE else ("console",)
    return Audience(who, by, fact.kind.startswith("sla.") and priority == "urgent")


def recipients(fact: DeliveredEvent[Any], ticket: Ticket, hear: Audience, *, at: datetime) -> list[Person]:
    """The people behind the roles who may see the ticket, by id; where there is nobody, the team leads.

    An event that names no role is for the record: nobody hears of it.
    """
    if not hear.who:
        return []
    found = {person.id: person for role in hear.who for person in _of_role(role, fact, ticket, at)}
    heard = {id: person for id, person in found.items() if may_receive(person, ticket)}
    is_asked_of_staff = any(role.partition(":")[0] in ("assignee", "lead", "on_call") for role in hear.who)
    is_unheard = not any(person.is_staff for person in heard.values()) if is_asked_of_staff else not heard
    if is_unheard and fact.kind in TO_LEADS_TOO:
        heard |= {lead.id: lead for lead in _leads() if may_receive(lead, ticket)}
    return [heard[id] for id in sorted(heard) if id != fact.actor_id]


def may_receive(person: Person, ticket: Ticket) -> bool:
    """Whether a person may know of a ticket: staff of that client, its requester, or the client's managers."""
    if not person.active:
        return False
    if person.is_staff:
        return not person.is_restricted or ticket.client_id in client_ids_of(person.id)
    is_theirs = person.role == "client_manager" or person.id == ticket.requester_id
    return person.client_id == ticket.client_id and is_theirs


def _of_role(role: str, fact: DeliveredEvent[Any], ticket: Ticket, at: datetime) -> Iterable[Person]:
    if role == "assignee":
        return _people(_assignees(fact, ticket))
    if role == "lead":
        return _leads()
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


def _assignees(fact: DeliveredEvent[Any], ticket: Ticket) -> list[UUID | None]:
    """Whose ticket it is, and whose it was when it happened."""
    before = fact.data.get("assignee_id") if fact.kind in TO_LEADS_TOO else None
    return [ticket.assignee_id, _identity(str(before)) if before else None]


def _leads() -> list[Person]:
    return staff(roles=["team_lead"])


def _people(ids: Iterable[UUID | None]) -> list[Person]:
    return [person for id in ids if id and (person := db.session.get(Person, id)) is not None]


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

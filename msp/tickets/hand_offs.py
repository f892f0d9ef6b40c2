"""Hand-offs between tiers: escalate to a higher one, return to a lower one, with a form for the next technician.

The form is stored in `hand_off`. From the console it can be undone for some seconds (msp/tickets/undoable.py): it is
then written without `handed_at`, and stays as the text of the form if it was undone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets.accepting import accept_hand_offs
from msp.tickets.actions import MAX_TIER, assign, change_tier, take
from msp.tickets.detail import THIS
from msp.tickets.hand_off_models import HandOff
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED

LONGEST = 4000  # characters of each answer
SHOWN = 20  # hand-offs of one ticket


@dataclass(frozen=True, slots=True)
class HandOffForm:
    """The answers of the form; only `needed` is required."""

    tried: str
    found: str
    needed: str


class HandOffRow(NamedTuple):
    """A hand-off, as pages and the API show it."""

    id: UUID
    from_tier: int
    to_tier: int
    tried: str
    found: str
    needed: str
    person_id: UUID
    person_name: str
    handed_at: datetime | None
    accepted_at: datetime | None
    accepted_by_name: str | None


def _hand_offs(ticket_id: Any) -> Select[*tuple[Any, ...]]:
    accepted_by = aliased(Person)
    return (
        select(
            HandOff.id, HandOff.from_tier, HandOff.to_tier, HandOff.tried, HandOff.found, HandOff.needed,
            HandOff.person_id, Person.name.label("person_name"), HandOff.handed_at, HandOff.accepted_at,
            accepted_by.name.label("accepted_by_name"),
        )
        .select_from(HandOff)
        .join(Person, Person.id == HandOff.person_id)
        .outerjoin(accepted_by, accepted_by.id == HandOff.accepted_by_id)
        .where(HandOff.ticket_id == ticket_id)
        .order_by(HandOff.id.desc())
        .limit(SHOWN)
    )  # fmt: skip


HAND_OFFS = RowQuery(HandOffRow, _hand_offs(THIS))  # latest first, with one that is still to be handed off


def hand_offs_of(ticket_id: UUID) -> list[HandOffRow]:
    """The latest hand-offs of a ticket, latest first, without one that can still be undone."""
    rows = [HandOffRow(*row) for row in db.session.execute(_hand_offs(ticket_id))]
    return [each for each in rows if each.handed_at is not None]


def hand_off(ticket: Ticket, tier: int, form: HandOffForm, *, person: Person, at: datetime) -> HandOff:
    """Hand a locked ticket off to another tier at once; emits `ticket.tier_changed`.

    A ticket that returns to the tier it came from is assigned to who handed it off, if they still work here. Raises
    Invalid for a tier or answers that are not valid, Conflict for a finished ticket.
    """
    row = prepare(ticket, tier, form, person=person, at=at)
    perform(ticket, person=person, at=at)
    return row


def prepare(ticket: Ticket, tier: int, form: HandOffForm, *, person: Person, at: datetime) -> HandOff:
    """Write a hand-off that `perform` carries out; replaces one that was not. Raises as `hand_off` does."""
    _check(ticket, tier, form)
    row = _pending(ticket)
    if row is None:
        row = HandOff(id=new_id(), client_id=ticket.client_id, ticket_id=ticket.id)
        db.session.add(row)
    row.from_tier, row.to_tier, row.person_id, row.written_at = ticket.tier, tier, person.id, at
    row.tried, row.found, row.needed = form.tried.strip(), form.found.strip(), form.needed.strip()
    db.session.flush()
    return row


def perform(ticket: Ticket, *, person: Person, at: datetime) -> None:
    """Carry out the prepared hand-off of a locked ticket; raises Conflict if there is none for its tier."""
    row = _pending(ticket)
    if row is None or row.from_tier != ticket.tier:
        raise Conflict("not_possible")
    accept_hand_offs(ticket, person.id, at=at)
    row.handed_at = at
    change_tier(ticket, row.to_tier, at=at, actor_id=person.id, hand_off_id=row.id)
    if row.to_tier < row.from_tier and (before := _sender(ticket, to_tier=row.from_tier, from_tier=row.to_tier)):
        assign(ticket, before, at=at, actor_id=person.id)
    db.session.flush()


def accept(ticket: Ticket, *, person: Person, at: datetime) -> None:
    """Take a ticket with its hand-off; raises Conflict `ticket_taken` if it is assigned to another person."""
    take(ticket, person, at=at)
    accept_hand_offs(ticket, person.id, at=at)


def _pending(ticket: Ticket) -> HandOff | None:
    query = select(HandOff).where(HandOff.ticket_id == ticket.id, HandOff.handed_at.is_(None))
    return db.session.scalars(query).one_or_none()


def _sender(ticket: Ticket, *, to_tier: int, from_tier: int) -> Person | None:
    """Who last handed the ticket off from one tier to another, unless they have left."""
    query = (
        select(Person)
        .join(HandOff, HandOff.person_id == Person.id)
        .where(HandOff.ticket_id == ticket.id, HandOff.from_tier == from_tier, HandOff.to_tier == to_tier)
        .where(HandOff.handed_at.is_not(None))
        .order_by(HandOff.handed_at.desc(), HandOff.id.desc())
        .limit(1)
    )
    person = db.session.scalars(query).first()
    return person if person is not None and person.active and person.is_staff else None


def _check(ticket: Ticket, tier: int, form: HandOffForm) -> None:
    if ticket.status in FINISHED:
        raise Conflict("not_possible")
    wrong: dict[str, list[str]] = {}
    if not 1 <= tier <= MAX_TIER or tier == ticket.tier:
        wrong["tier"] = ["unknown"]
    if not form.needed.strip():
        wrong["needed"] = ["required"]
    for name in ("tried", "found", "needed"):
        if len(getattr(form, name)) > LONGEST:
            wrong[name] = ["too_long"]
    if wrong:
        raise Invalid(fields=wrong)

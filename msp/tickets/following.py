"""Followers of a ticket: staff who watch it are notified; people of its client in CC see it and get its replies."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.events import StoredEvent, emit
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import client_ids_of
from msp.tickets.detail import THIS
from msp.tickets.events import FollowerAdded, FollowerRemoved, ReplyCopied
from msp.tickets.follower_models import TicketFollower
from msp.tickets.models import Message, Ticket

MAX_FOLLOWERS = 50  # of one ticket


class FollowerRow(NamedTuple):
    """A follower, as a page and the API show them."""

    id: UUID
    name: str
    client_id: UUID | None
    email: str | None
    is_active: bool
    added_at: datetime

    @property
    def is_staff(self) -> bool:
        """Whether they are staff; the others are in CC."""
        return self.client_id is None


def _followers(ticket_id: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Person.id, Person.name, Person.client_id, Person.email, Person.active.label("is_active"),
            TicketFollower.added_at,
        )
        .select_from(TicketFollower)
        .join(Person, Person.id == TicketFollower.person_id)
        .where(TicketFollower.ticket_id == ticket_id)
        .order_by(TicketFollower.added_at, Person.id)
    )  # fmt: skip


FOLLOWERS = RowQuery(FollowerRow, _followers(THIS))


def followers_of(ticket_id: UUID) -> list[FollowerRow]:
    """The followers of a ticket, in the order in which they were added."""
    return [FollowerRow(*row) for row in db.session.execute(_followers(ticket_id))]


def follow(ticket: Ticket, person: Person, *, at: datetime, actor_id: UUID | None = None) -> bool:
    """Add a follower; emits `ticket.follower_added`, and returns False if they follow it already.

    Raises Invalid for a person who is not active, of another client, or staff who may not see the client; Conflict for
    the requester, and for more than MAX_FOLLOWERS.
    """
    _check(ticket, person)
    count = select(func.count()).where(TicketFollower.ticket_id == ticket.id)
    if db.session.execute(count).scalar_one() >= MAX_FOLLOWERS:
        raise Conflict("too_many_followers")
    row = insert(TicketFollower).values(
        ticket_id=ticket.id, person_id=person.id, client_id=ticket.client_id, added_at=at, added_by_id=actor_id
    )
    made = db.session.execute(row.on_conflict_do_nothing().returning(TicketFollower.person_id)).first()
    if made is None:
        return False
    _emit(FollowerAdded, ticket, person, at=at, actor_id=actor_id)
    return True


def unfollow(ticket: Ticket, person_id: UUID, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Remove a follower; emits `ticket.follower_removed`. Raises NotFound if they do not follow it."""
    row = db.session.get(TicketFollower, (ticket.id, person_id))
    if row is None:
        raise NotFound("follower")
    db.session.delete(row)
    _emit(FollowerRemoved, ticket, db.session.get_one(Person, person_id), at=at, actor_id=actor_id)
    db.session.flush()


def is_follower(ticket_id: UUID, person_id: UUID) -> bool:
    """Whether a person follows a ticket."""
    return db.session.get(TicketFollower, (ticket_id, person_id)) is not None


def may_see(ticket: Ticket, person: Person) -> bool:
    """Whether a client's person may see a ticket of their company: their own, one that they are in CC of, or all."""
    if person.client_id != ticket.client_id:
        return False
    return ticket.requester_id == person.id or may(person, "see_company") or is_follower(ticket.id, person.id)


def in_copy(ticket_id: UUID) -> list[UUID]:
    """The active people of the client who are in CC."""
    query = (
        select(TicketFollower.person_id)
        .join(Person, Person.id == TicketFollower.person_id)
        .where(TicketFollower.ticket_id == ticket_id, Person.client_id.is_not(None), Person.active)
    )
    return list(db.session.scalars(query.order_by(TicketFollower.added_at, Person.id)))


def request_copies(ticket: Ticket, message: Message, *, recipient_id: UUID, at: datetime) -> None:
    """Request a copy for each person in CC besides the recipient; emits `ticket.reply_copied`. Idempotent."""
    people = [each for each in in_copy(ticket.id) if each not in (message.author_id, recipient_id)]
    if not people:
        return
    made = select(StoredEvent.id).where(
        StoredEvent.subject_id == ticket.id,
        StoredEvent.kind == ReplyCopied.kind,
        StoredEvent.data["message_id"].astext == str(message.id),
    )
    if db.session.scalar(made.limit(1)) is None:
        for person_id in people:
            emit(ReplyCopied(message_id=message.id, person_id=person_id), ticket.id, client_id=ticket.client_id, at=at)


def colleagues(ticket: Ticket, typed: str, *, limit: int = 8) -> list[Person]:
    """Active people of the ticket's client whose name or address contains what was typed; not its requester."""
    query = select(Person).where(Person.client_id == ticket.client_id, Person.active, Person.id != ticket.requester_id)
    if words := typed.strip():
        found = Person.name.icontains(words, autoescape=True) | Person.email.icontains(words, autoescape=True)
        query = query.where(found)
    return list(db.session.scalars(query.order_by(Person.name, Person.id).limit(limit)))


def _check(ticket: Ticket, person: Person) -> None:
    if not person.active:
        raise Invalid(fields={"person_id": ["not_active"]})
    if person.id == ticket.requester_id:
        raise Conflict("is_requester")
    if person.client_id not in (None, ticket.client_id):
        raise Invalid(fields={"person_id": ["not_of_client"]})
    if person.is_staff and person.is_restricted and ticket.client_id not in client_ids_of(person.id):
        raise Invalid(fields={"person_id": ["not_staff"]})


def _emit(
    event: type[FollowerAdded] | type[FollowerRemoved],
    ticket: Ticket,
    person: Person,
    *,
    at: datetime,
    actor_id: UUID | None,
) -> None:
    made = event(person_id=person.id, name=person.name, in_copy=not person.is_staff)
    visibility = "internal" if person.is_staff else "public"
    emit(made, ticket.id, client_id=ticket.client_id, actor_id=actor_id, at=at, visibility=visibility)

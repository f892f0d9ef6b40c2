"""Links between tickets: added, removed, listed; the children of a ticket resolved with it.

Both tickets of a link get an event; their version stays, so that open forms of the other ticket still work.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, case, exists, or_, select
from sqlalchemy.orm import aliased

from msp.clients.models import Client
from msp.kernel.batch_read import RowQuery
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.tickets.actions import assign, change_status
from msp.tickets.detail import THIS
from msp.tickets.events import TicketLinked, TicketUnlinked
from msp.tickets.label import Label
from msp.tickets.link_models import TicketLink
from msp.tickets.link_rules import OFFERED, kind_of, opposite, relation_of
from msp.tickets.locking import lock_tickets
from msp.tickets.models import Ticket
from msp.tickets.states import FINISHED, may_move
from msp.tickets.ticket_rows import IS_UNFINISHED

MAX_LINKS = 200  # of one ticket


class LinkRow(NamedTuple):
    """A linked ticket, as a page and the API show it."""

    id: UUID
    kind: str
    is_from: bool
    ticket_id: UUID
    code: str
    number: int
    subject: str
    status: str
    created_at: datetime

    @property
    def label(self) -> str:
        """The number of the other ticket: LOZ-412."""
        return str(Label(self.code, self.number))

    @property
    def relation(self) -> str:
        """What the other ticket is to this one."""
        return relation_of(self.kind, is_from=self.is_from)

    @property
    def is_open_child(self) -> bool:
        """Whether it is a child of this ticket that is not finished."""
        return self.relation == "parent_of" and self.status not in FINISHED


def _links(ticket_id: Any) -> Select[*tuple[Any, ...]]:
    is_from = TicketLink.from_id == ticket_id
    return (
        select(
            TicketLink.id, TicketLink.kind, is_from.label("is_from"), Ticket.id.label("ticket_id"), Client.code,
            Ticket.number, Ticket.subject, Ticket.status, TicketLink.created_at,
        )
        .select_from(TicketLink)
        .join(Ticket, Ticket.id == case((is_from, TicketLink.to_id), else_=TicketLink.from_id))
        .join(Client, Client.id == Ticket.client_id)
        .where(or_(TicketLink.from_id == ticket_id, TicketLink.to_id == ticket_id))
        .order_by(TicketLink.created_at, TicketLink.id)
    )  # fmt: skip


LINKS = RowQuery(LinkRow, _links(THIS))


def links_of(ticket_id: UUID) -> list[LinkRow]:
    """A ticket's links, oldest first."""
    return [LinkRow(*row) for row in db.session.execute(_links(ticket_id))]


def link_tickets(
    ticket_id: UUID, other_id: UUID, relation: str, *, at: datetime, actor_id: UUID | None = None
) -> TicketLink:
    """Link a ticket to another one of its client; locks both and emits `ticket.linked` on both.

    `relation` is one of OFFERED, as the first ticket names it. Raises Invalid for another client's ticket, the ticket
    itself or an unknown relation, and Conflict if they are linked already, or if a child would get a second parent or
    children of its own.
    """
    if relation not in OFFERED:
        raise Invalid(fields={"relation": ["unknown"]})
    if ticket_id == other_id:
        raise Invalid(fields={"ticket": ["same_ticket"]})
    found = lock_tickets((ticket_id, other_id))
    ticket, other = found[ticket_id], found[other_id]
    return add_link(ticket, other, relation, at=at, actor_id=actor_id)


def add_link(ticket: Ticket, other: Ticket, relation: str, *, at: datetime, actor_id: UUID | None = None) -> TicketLink:
    """Link two locked tickets, by any relation; otherwise as `link_tickets`."""
    if ticket.client_id != other.client_id:
        raise Invalid(fields={"ticket": ["other_client"]})
    kind, is_from = kind_of(relation)
    source, target = (ticket, other) if is_from else (other, ticket)
    _check(source, target, kind)
    link = TicketLink(
        id=new_id(),
        client_id=ticket.client_id,
        kind=kind,
        from_id=source.id,
        to_id=target.id,
        created_at=at,
        created_by_id=actor_id,
    )
    db.session.add(link)
    for this, that, name in ((ticket, other, relation), (other, ticket, opposite(relation))):
        event = TicketLinked(other_id=that.id, label=that.label, relation=name)
        emit(event, this.id, client_id=this.client_id, actor_id=actor_id, at=at)
    db.session.flush()
    return link


def unlink(ticket_id: UUID, link_id: UUID, *, at: datetime, actor_id: UUID | None = None) -> None:
    """Remove a link of a ticket; emits `ticket.unlinked` on both. Raises NotFound if it is none of this ticket's."""
    link = db.session.get(TicketLink, link_id, with_for_update=True)
    if link is None or ticket_id not in (link.from_id, link.to_id):
        raise NotFound("link")
    pairs = ((link.from_id, link.to_id, True), (link.to_id, link.from_id, False))
    for this_id, that_id, is_from in pairs:
        that = db.session.get_one(Ticket, that_id)
        event = TicketUnlinked(other_id=that.id, label=that.label, relation=relation_of(link.kind, is_from=is_from))
        emit(event, this_id, client_id=link.client_id, actor_id=actor_id, at=at)
    db.session.delete(link)
    db.session.flush()


def open_children(ticket_id: UUID) -> list[UUID]:
    """The children of a ticket that are not finished."""
    child = select(TicketLink.from_id).where(TicketLink.to_id == ticket_id, TicketLink.kind == "child")
    return list(db.session.scalars(select(Ticket.id).where(Ticket.id.in_(child), IS_UNFINISHED).order_by(Ticket.id)))


def resolve_children(ticket: Ticket, person: Person, *, at: datetime) -> int:
    """Resolve the children of a ticket that are not finished; returns how many. Those without assignee get `person`."""
    children = [each for each in lock_tickets(open_children(ticket.id)).values() if may_move(each.status, "resolved")]
    for child in children:
        if child.assignee_id is None:
            assign(child, person, at=at, actor_id=person.id)
        change_status(child, "resolved", at=at, actor_id=person.id)
    return len(children)


def _check(source: Ticket, target: Ticket, kind: str) -> None:
    pair = {source.id, target.id}
    known = select(TicketLink.id).where(TicketLink.from_id.in_(pair), TicketLink.to_id.in_(pair))
    if db.session.scalar(known) is not None:
        raise Conflict("already_linked")
    of_one = select(TicketLink.id).where(or_(TicketLink.from_id == source.id, TicketLink.to_id == source.id))
    if len(db.session.scalars(of_one.limit(MAX_LINKS)).all()) == MAX_LINKS:
        raise Conflict("too_many_links")
    if kind == "child":
        _check_child(source, target)


def _check_child(child: Ticket, parent: Ticket) -> None:
    """One level only: a parent has no parent, a child has one parent and no children."""
    link = aliased(TicketLink)
    is_child = exists().where(link.kind == "child", link.from_id.in_({child.id, parent.id}))
    has_children = exists().where(link.kind == "child", link.to_id == child.id)
    if db.session.scalar(select(or_(is_child, has_children))):
        raise Conflict("one_level_of_children")

"""From what happened to who hears it. One notification for each person and event, however often it is delivered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from msp.kernel.db import Json, Scope, db, work
from msp.kernel.events import Fact, emit, subscribe
from msp.kernel.ids import new_id
from msp.notify.channels import Nudge, channels
from msp.notify.models import Notification
from msp.people.queries import staff
from msp.tickets.models import Ticket

HEARD = {"ticket.assigned", "ticket.received", "ticket.person_asked", "sla.warned", "sla.breached"}
URGENT = {"sla.warned", "sla.breached", "ticket.assigned", "ticket.person_asked"}


def register() -> None:
    """Listen to what people should hear about."""
    subscribe("notify", to=HEARD, handler=_notify)
    subscribe("nudge", to={"notification.made"}, handler=_nudge)


def unread_of(person_id: UUID, *, limit: int = 20) -> list[Notification]:
    """A person's unread notifications, newest first."""
    query = select(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return list(db.session.scalars(query.order_by(Notification.at.desc()).limit(limit)))


def count_unread(person_id: UUID) -> int:
    """How many notifications a person has not read."""
    query = select(func.count()).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return db.session.execute(query).scalar_one()


def mark_read(person_id: UUID, *, at: datetime, ticket_id: UUID | None = None) -> None:
    """Mark a person's notifications read: all, or those of one ticket."""
    statement = update(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    if ticket_id is not None:
        statement = statement.where(Notification.ticket_id == ticket_id)
    db.session.execute(statement.values(read_at=at))


def _notify(fact: Fact) -> None:
    with work(Scope.system()) as session:
        ticket = session.get(Ticket, fact.subject_id)
        if ticket is None:
            return
        for person_id in _listeners(fact, ticket):
            if person_id != fact.actor_id:
                _make(fact, ticket, person_id)


def _listeners(fact: Fact, ticket: Ticket) -> set[UUID]:
    people = {ticket.assignee_id} if ticket.assignee_id else set()
    if fact.kind.startswith("sla.") or fact.kind == "ticket.person_asked":
        people |= {lead.id for lead in staff(roles=["team_lead"])}
        before = fact.data.get("assignee_id")
        people |= {UUID(before)} if before else set()
    return people


def _make(fact: Fact, ticket: Ticket, person_id: UUID) -> None:
    data: Json = {**fact.data, "label": ticket.label, "subject": ticket.subject, "client": ticket.client.name}
    notification_id = new_id()
    statement = insert(Notification).values(
        id=notification_id,
        client_id=ticket.client_id,
        person_id=person_id,
        ticket_id=ticket.id,
        kind=fact.kind,
        key=f"{fact.id}",
        data=data,
        at=fact.at,
    )
    made = db.session.execute(statement.on_conflict_do_nothing().returning(Notification.id)).one_or_none()
    if made and fact.kind in URGENT:
        emit(
            "notification.made",
            notification_id,
            client_id=ticket.client_id,
            visibility="internal",
            at=fact.at,
        )


def _nudge(fact: Fact) -> None:
    with work(Scope.system()) as session:
        made = session.get_one(Notification, fact.subject_id)
        nudge = Nudge(made.id, made.person_id, made.client_id, made.ticket_id, made.kind, made.data)
    for send in channels().values():
        send(nudge)

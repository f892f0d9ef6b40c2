"""From what happened to who hears it. One notification for each person and event, however often it is delivered."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from msp.kernel import clock
from msp.kernel.batch_read import RowQuery
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.destinations import CHAT
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.kernel.ids import new_id
from msp.notify.dispatch import OUT, schedule, send_bundle
from msp.notify.models import Notification
from msp.notify.recipients import Audience, audience_of, recipients
from msp.people.models import Person
from msp.tickets.models import Ticket

NOTIFIED = {
    "ticket.assigned",
    "ticket.received",
    "ticket.person_asked",
    "ticket.reply_failed",
    "ticket.woken",
    "sla.warned",
    "sla.breached",
    "sla.escalated",
}
PUBLIC_FACTS = ("clock", "due_at")  # what the people of a client may know of an event besides the ticket itself


class Unread(NamedTuple):
    """How many notifications a person has not read: of one ticket, and of all."""

    here: int
    of_all: int


def register() -> None:
    """Listen to what people should hear about."""
    subscribe("notify", to=NOTIFIED, handler=_notify)
    subscribe("nudge", to={"notification.made"}, handler=schedule)
    subscribe(OUT, to=set(), handler=send_bundle, destination=CHAT)


def unread_of(person_id: UUID, *, limit: int = 20) -> list[Notification]:
    """A person's unread notifications, newest first."""
    query = select(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return list(db.session.scalars(query.order_by(Notification.at.desc()).limit(limit)))


def count_unread(person_id: UUID) -> int:
    """How many notifications a person has not read."""
    query = select(func.count()).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return db.session.execute(query).scalar_one()


def unread_read(person_id: Any, ticket_id: Any) -> RowQuery[Unread]:
    """A person's unread notifications; person and ticket are given by expressions for their ids."""
    here = func.count().filter(Notification.ticket_id == ticket_id)
    query = select(here.label("here"), func.count().label("of_all"))
    query = query.where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return RowQuery(Unread, query)


def mark_read(person_id: UUID, *, at: datetime, ticket_id: UUID | None = None) -> None:
    """Mark a person's notifications read: all, or those of one ticket."""
    statement = update(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    if ticket_id is not None:
        statement = statement.where(Notification.ticket_id == ticket_id)
    db.session.execute(statement.values(read_at=at))


def _notify(fact: DeliveredEvent[Any]) -> None:
    with work(Scope.system()) as session:
        ticket = session.get(Ticket, fact.subject_id)
        if ticket is None:
            return
        hear = audience_of(fact, priority=ticket.priority)
        for person in recipients(fact, ticket, hear, at=clock.now()):
            _make(fact, ticket, person, hear)


def _make(fact: DeliveredEvent[Any], ticket: Ticket, person: Person, hear: Audience) -> None:
    notification_id = new_id()
    statement = insert(Notification).values(
        id=notification_id,
        client_id=ticket.client_id,
        person_id=person.id,
        ticket_id=ticket.id,
        kind=fact.kind,
        key=f"{fact.id}",
        data=_data(fact, person, hear),
        at=fact.at,
    )
    made = db.session.execute(statement.on_conflict_do_nothing().returning(Notification.id)).one_or_none()
    if made and {"chat", "mail"} & set(hear.by):
        emit(
            "notification.made",
            notification_id,
            client_id=ticket.client_id,
            visibility="internal",
            at=fact.at,
            is_urgent=hear.is_urgent,
        )


def _data(fact: DeliveredEvent[Any], person: Person, hear: Audience) -> Json:
    """Codes and instants of the event; label and subject are read from the ticket when they are shown."""
    facts = fact.data if person.is_staff else {name: fact.data[name] for name in PUBLIC_FACTS if name in fact.data}
    said = {"by": list(hear.by), "is_urgent": hear.is_urgent, "is_late": bool(fact.data.get("is_late"))}
    return {**facts, "hear": said}

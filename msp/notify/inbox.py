"""Create notifications from events: one for each recipient, however often the event is delivered."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from msp.kernel import clock
from msp.kernel.batch_read import RowQuery
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.destinations import CHAT
from msp.kernel.event_types import Event, event_types
from msp.kernel.events import DeliveredEvent, emit, subscribe
from msp.kernel.ids import new_id
from msp.notify.dispatch import SCHEDULE, SEND, schedule, send_bundle
from msp.notify.events import NotificationCreated
from msp.notify.models import Notification
from msp.notify.recipients import people_to_notify, recipients_of
from msp.people.models import Person
from msp.tickets.events import Recipients
from msp.tickets.models import Ticket

PUBLIC_FIELDS = ("clock", "due_at")  # data of an event that a client's people may see besides the ticket


class Unread(NamedTuple):
    """How many notifications a person has not read: of one ticket, and of all."""

    here: int
    of_all: int


def register() -> None:
    """Subscribe to every event that has an audience, and to the events of notifications."""
    subscribe("notify", to=[each for each in event_types() if each.audience], handler=_notify)
    subscribe(SCHEDULE, to={NotificationCreated}, handler=schedule)
    subscribe(SEND, to=set(), handler=send_bundle, destination=CHAT)


def unread_of(person_id: UUID, *, limit: int = 20) -> list[Notification]:
    """A person's unread notifications, newest first."""
    query = select(Notification).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return list(db.session.scalars(query.order_by(Notification.at.desc()).limit(limit)))


def count_unread(person_id: UUID) -> int:
    """How many notifications a person has not read."""
    query = select(func.count()).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return db.session.execute(query).scalar_one()


def unread_read(person_id: Any, ticket_id: Any) -> RowQuery[Unread]:
    """A person's unread notifications, for a combined statement; person and ticket are expressions for their ids."""
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


def _notify(delivered: DeliveredEvent[Event]) -> None:
    with work(Scope.system()) as session:
        ticket = session.get(Ticket, delivered.subject_id)
        if ticket is None:
            return
        named = recipients_of(delivered.event, priority=ticket.priority)
        for person in people_to_notify(delivered, ticket, named, at=clock.now()):
            _make(delivered, ticket, person, named)


def _make(delivered: DeliveredEvent[Event], ticket: Ticket, person: Person, named: Recipients) -> None:
    notification_id = new_id()
    statement = insert(Notification).values(
        id=notification_id,
        client_id=ticket.client_id,
        person_id=person.id,
        ticket_id=ticket.id,
        kind=delivered.event.kind,
        key=f"{delivered.id}",
        data=_data(delivered.event, person, named),
        at=delivered.at,
    )
    made = db.session.execute(statement.on_conflict_do_nothing().returning(Notification.id)).one_or_none()
    if made and {"chat", "mail"} & set(named.by):
        event = NotificationCreated()
        emit(event, notification_id, client_id=ticket.client_id, at=delivered.at, is_urgent=named.is_urgent)


def _data(event: Event, person: Person, named: Recipients) -> Json:
    """Codes and instants of the event; label and subject are read from the ticket when shown."""
    data = {name: value for name, value in event.data().items() if name != "recipients"}
    shown = data if person.is_staff else {name: data[name] for name in PUBLIC_FIELDS if name in data}
    how = {"by": list(named.by), "is_urgent": named.is_urgent, "is_late": bool(data.get("is_late"))}
    return {**shown, "delivery": how}

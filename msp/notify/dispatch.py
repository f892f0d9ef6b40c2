"""Send notifications by chat or mail: by which channel, at which time, and several as one digest.

A queued notification has its own delivery, due when its person may be notified. The first one that is due includes what
else is due to the same person by the same channel, so that quiet hours or a downtime end in one digest.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.events import DeliveredEvent, Delivery, StoredEvent, deliver_at
from msp.notify.about import about, with_ticket
from msp.notify.channels import Bundle, Channel, Notice, channel_named, channel_to
from msp.notify.events import NotificationCreated
from msp.notify.models import Notification, QueuedNotification
from msp.notify.preferences import NotificationPreferences, preferences_of
from msp.notify.quiet_hours import next_allowed_at
from msp.oncall.queries import on_call
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets.events import StaffMentioned

SCHEDULE, SEND = "notify_schedule", "notify_send"  # subscribers
LATE_AFTER = timedelta(minutes=2)
GATHER = timedelta(seconds=30)  # how long overdue notifications wait for each other after a downtime


def schedule(created: DeliveredEvent[NotificationCreated]) -> None:
    """Decide which channels send a notification to its person, and from which time on."""
    with work(Scope.system()) as session:
        made = session.get_one(Notification, created.subject_id)
        person, event = access_person(made.person_id), session.get_one(StoredEvent, created.id)
        preferences, how = preferences_of(person.id), made.data.get("delivery") or {"by": ["console", "chat"]}
        passes = bool(how.get("is_urgent")) and (preferences.allow_urgent or _is_on_call(person))
        due_at = _due(person, preferences, made, passes=passes, at=clock.now())
        is_unwanted = made.kind == StaffMentioned.kind and not preferences.by_mention
        for channel in () if is_unwanted else _channels(person, preferences, how["by"]):
            _queue(made, event, channel, passes=passes, due_at=due_at)


def send_bundle(created: DeliveredEvent[NotificationCreated]) -> None:
    """Send a queued notification with what else is due to its person by the same channel; Temporary in quiet hours.

    What a chat refuses permanently is sent by mail; what mail refuses permanently is dead, for a person to see.
    """
    queued, bundle = _bundle(created.delivery_id)
    channel = channel_named(queued.channel) if queued else None
    if queued is None or bundle is None or channel is None:  # sent within another bundle, already read, or switched off
        return
    try:
        channel.send(bundle)
    except Permanent:
        if channel.medium == "mail":
            raise
        _by_mail_instead(created.delivery_id)
    _note_sent(created.delivery_id)


def _channels(person: Person, preferences: NotificationPreferences, by: Iterable[str]) -> list[Channel]:
    """The requested media that the person wants and that reach them; else all that reach them."""
    asked = [medium for medium in by if medium != "console"]
    reached = {
        medium: channel
        for medium, is_wanted in (("chat", preferences.by_chat), ("mail", preferences.by_mail))
        if is_wanted and (channel := channel_to(person.id, "chat" if medium == "chat" else "mail"))
    }
    chosen = [reached[medium] for medium in asked if medium in reached]
    return chosen or ([*reached.values()][:1] if asked else [])


def _is_on_call(person: Person) -> bool:
    return any(each.person is not None and each.person.id == person.id for each in on_call(clock.now()))


def _due(
    person: Person, preferences: NotificationPreferences, made: Notification, *, passes: bool, at: datetime
) -> datetime:
    is_late = made.data.get("delivery", {}).get("is_late") or at - made.at > LATE_AFTER
    ready = at + GATHER if is_late else at
    return ready if passes else next_allowed_at(preferences.quiet, ready, timezone=person.timezone)


def _queue(made: Notification, event: StoredEvent, channel: Channel, *, passes: bool, due_at: datetime) -> None:
    known = select(QueuedNotification.delivery_id).where(
        QueuedNotification.notification_id == made.id, QueuedNotification.channel == channel.name
    )
    if db.session.execute(known).first() is not None:
        return
    queue = f"{SEND}:{made.person_id}:{channel.name}{':urgent' if passes else ''}"
    delivery_id = deliver_at(event, subscriber=SEND, key=queue, due_at=due_at, at=clock.now(), is_urgent=passes)
    db.session.add(
        QueuedNotification(
            delivery_id=delivery_id,
            client_id=made.client_id,
            notification_id=made.id,
            person_id=made.person_id,
            channel=channel.name,
            queue=queue,
            ignores_quiet_hours=passes,
        )
    )


def _bundle(delivery_id: int) -> tuple[QueuedNotification | None, Bundle | None]:
    with work(Scope.system()) as session:
        queued = session.get(QueuedNotification, delivery_id)
        if queued is None or queued.bundle not in (None, delivery_id):
            return None, None
        _refuse_in_quiet(queued)
        if queued.bundle is None:
            _take_along(queued)
        notices = _notices(delivery_id)
        event_id = session.get_one(Delivery, delivery_id).event_id
        bundle = Bundle(str(delivery_id), event_id, queued.person_id, notices) if notices else None
        return queued, bundle


def _refuse_in_quiet(queued: QueuedNotification) -> None:
    """Postpone what was retried until quiet hours, or was due before the person set quiet hours."""
    if queued.ignores_quiet_hours:
        return
    person, at = access_person(queued.person_id), clock.now()
    allowed_at = next_allowed_at(preferences_of(person.id).quiet, at, timezone=person.timezone)
    if allowed_at > at:
        raise Temporary("quiet_hours", retry_after=(allowed_at - at).total_seconds())


def _take_along(queued: QueuedNotification) -> None:
    due = select(Delivery.id).where(
        Delivery.key == queued.queue, Delivery.state == "pending", Delivery.due_at <= clock.now()
    )
    waiting = update(QueuedNotification).where(
        QueuedNotification.queue == queued.queue,
        QueuedNotification.bundle.is_(None),
        QueuedNotification.delivery_id.in_(due),
    )
    db.session.execute(waiting.values(bundle=queued.delivery_id))


def _notices(delivery_id: int) -> tuple[Notice, ...]:
    """The notifications of the bundle, without those read in the console meanwhile."""
    query = with_ticket(select(Notification)).join(
        QueuedNotification, QueuedNotification.notification_id == Notification.id
    )
    query = query.where(
        QueuedNotification.bundle == delivery_id, QueuedNotification.sent_at.is_(None), Notification.read_at.is_(None)
    )
    rows = db.session.execute(query.order_by(Notification.at, Notification.id))
    return tuple(
        Notice(each.client_id, each.ticket_id, each.kind, each.data | about(*ticket), each.at) for each, *ticket in rows
    )


def _by_mail_instead(delivery_id: int) -> None:
    with work(Scope.system()) as session:
        bundled = session.scalars(
            select(QueuedNotification).where(
                QueuedNotification.bundle == delivery_id, QueuedNotification.sent_at.is_(None)
            )
        ).all()
        mail = channel_to(bundled[0].person_id, "mail") if bundled else None
        if mail is None or not preferences_of(bundled[0].person_id).by_mail:
            return
        for queued in bundled:
            made = session.get_one(Notification, queued.notification_id)
            event = session.get_one(Delivery, queued.delivery_id).event
            _queue(made, event, mail, passes=queued.ignores_quiet_hours, due_at=clock.now())


def _note_sent(delivery_id: int) -> None:
    with work(Scope.system()) as session:
        session.execute(
            update(QueuedNotification).where(QueuedNotification.bundle == delivery_id).values(sent_at=clock.now())
        )

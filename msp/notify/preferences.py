"""Notification preferences of a person: by chat, by mail, and quiet hours."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.notify.models import StoredPreferences
from msp.notify.quiet_hours import MINUTES_A_DAY, QuietHours
from msp.people.events import NotificationPreferencesChanged
from msp.people.models import Person

NIGHT = (20 * 60, 8 * 60)  # quiet at night by default, so that no one is woken without asking for it


@dataclass(frozen=True, slots=True)
class NotificationPreferences:
    """A person's notification preferences; `allow_urgent`: urgent notifications are sent in quiet hours too.

    Without `by_mention`, mentions are shown in the console only.
    """

    by_chat: bool = True
    by_mail: bool = True
    allow_urgent: bool = False
    quiet: QuietHours = field(default_factory=lambda: QuietHours(NIGHT))
    by_mention: bool = True


def preferences_of(person_id: UUID) -> NotificationPreferences:
    """A person's preferences; the default is chat and mail, and quiet hours from 20:00 to 8:00."""
    row = db.session.get(StoredPreferences, person_id)
    if row is None:
        return NotificationPreferences()
    night = None
    if row.quiet_from is not None and row.quiet_until is not None:
        night = (row.quiet_from, row.quiet_until)
    return NotificationPreferences(
        row.by_chat, row.by_mail, row.allow_urgent, QuietHours(night, frozenset(row.quiet_days)), row.by_mention
    )


def set_preferences(
    person: Person,
    *,
    by_chat: bool,
    by_mail: bool,
    allow_urgent: bool,
    night: tuple[int, int] | None,
    days: Collection[int],
    at: datetime,
    by_mention: bool = True,
) -> None:
    """Store a person's preferences (minutes of their local day, weekdays from 0 for Monday).

    Emits `person.notification_preferences_changed`. Refuses quiet hours on all seven days, and minutes or days out of
    range.
    """
    faults = {
        "quiet_days": ["all_days"] if len(set(days)) >= 7 else ["unknown"] if set(days) - set(range(7)) else [],
        "quiet_from": ["invalid"] if night and not all(0 <= minute < MINUTES_A_DAY for minute in night) else [],
    }
    if any(faults.values()):
        raise Invalid(fields={name: codes for name, codes in faults.items() if codes})
    row = db.session.get(StoredPreferences, person.id) or StoredPreferences(
        person_id=person.id, client_id=person.client_id
    )
    row.by_chat, row.by_mail, row.allow_urgent = by_chat, by_mail, allow_urgent
    row.by_mention = by_mention
    row.quiet_from, row.quiet_until = night or (None, None)
    row.quiet_days, row.updated_at = sorted(set(days)), at
    db.session.add(row)
    emit(NotificationPreferencesChanged(), person.id, client_id=person.client_id, at=at)

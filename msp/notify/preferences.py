"""How a person wishes to hear: by chat, by mail, and when not."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.errors import Invalid
from msp.kernel.events import emit
from msp.notify.models import StoredPreferences
from msp.notify.quiet_hours import MINUTES_A_DAY, QuietHours
from msp.people.models import Person

NIGHT = (20 * 60, 8 * 60)  # quiet until somebody says otherwise: nobody is woken by default


@dataclass(frozen=True, slots=True)
class NotificationPreferences:
    """A person's wishes; `lets_urgent_through` is for what is urgent, in quiet hours too."""

    by_chat: bool = True
    by_mail: bool = True
    lets_urgent_through: bool = False
    quiet: QuietHours = field(default_factory=lambda: QuietHours(NIGHT))


def preferences_of(person_id: UUID) -> NotificationPreferences:
    """What a person said, or the wishes of whoever said nothing: chat and mail, and quiet from 20:00 to 8:00."""
    row = db.session.get(StoredPreferences, person_id)
    if row is None:
        return NotificationPreferences()
    night = None
    if row.quiet_from is not None and row.quiet_until is not None:
        night = (row.quiet_from, row.quiet_until)
    return NotificationPreferences(
        row.by_chat, row.by_mail, row.lets_urgent_through, QuietHours(night, frozenset(row.quiet_days))
    )


def set_preferences(
    person: Person,
    *,
    by_chat: bool,
    by_mail: bool,
    lets_urgent_through: bool,
    night: tuple[int, int] | None,
    days: Collection[int],
    at: datetime,
) -> None:
    """Keep a person's wishes (minutes of their local day, weekdays from 0); emits `person.hearing_changed`.

    Refuses a week that is quiet on all its days, and minutes or days that there are none of.
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
    row.by_chat, row.by_mail, row.lets_urgent_through = by_chat, by_mail, lets_urgent_through
    row.quiet_from, row.quiet_until = night or (None, None)
    row.quiet_days, row.updated_at = sorted(set(days)), at
    db.session.add(row)
    emit("person.hearing_changed", person.id, client_id=person.client_id, visibility="internal", at=at)

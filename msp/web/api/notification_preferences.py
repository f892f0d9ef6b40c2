"""Notification preferences of a person: read and changed by themselves or an administrator."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid, NotFound
from msp.notify.preferences import NotificationPreferences, preferences_of, set_preferences
from msp.people.models import Person
from msp.people.queries import access_person
from msp.web.api.access import caller, is_allowed
from msp.web.api.fields import Schema, Shown, TextField, Whole
from msp.web.api.resource import Answer, resource
from msp.web.notification_preferences_form import minute_of, wall

blueprint = resource("notification_preferences", tag="People")

TIME = {"example": "20:00", "description": "HH:MM in the person's time zone"}


class NotificationPreferencesIn(Schema):
    """Changes. Quiet hours need both ends or none; at least one weekday (0 is Monday) must not be quiet."""

    by_chat = fields.Boolean()
    by_mail = fields.Boolean()
    allow_urgent = fields.Boolean()
    by_mention = fields.Boolean(metadata={"description": "Whether mentions in notes are sent, not only shown"})
    quiet_from = TextField(longest=5, allow_none=True, metadata=TIME)
    quiet_until = TextField(longest=5, allow_none=True, metadata=TIME)
    quiet_days = fields.List(Whole(least=0, most=6), validate=validate.Length(max=7, error="too_long"))


class NotificationPreferencesOut(Shown):
    """The notification preferences of a person."""

    person_id = fields.UUID()
    by_chat = fields.Boolean()
    by_mail = fields.Boolean()
    allow_urgent = fields.Boolean()
    by_mention = fields.Boolean(metadata={"description": "Whether mentions in notes are sent, not only shown"})
    quiet_from = fields.String(allow_none=True)
    quiet_until = fields.String(allow_none=True)
    quiet_days = fields.List(fields.Integer())


@blueprint.get("/people/<uuid:person_id>/notification-preferences")
@blueprint.output(NotificationPreferencesOut)
def get_notification_preferences(person_id: UUID) -> Answer:
    """Notification preferences: your own; administrators, anyone's."""
    person = _whose(person_id)
    return _shown(person, preferences_of(person.id))


@blueprint.patch("/people/<uuid:person_id>/notification-preferences")
@blueprint.input(NotificationPreferencesIn(partial=True))
@blueprint.output(NotificationPreferencesOut)
def change_notification_preferences(person_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change notification preferences: your own; administrators, anyone's."""
    person = _whose(person_id)
    changed = _shown(person, preferences_of(person.id)) | json_data
    with work(Scope("msp_system", actor_id=caller().id)):
        set_preferences(
            access_person(person.id),
            by_chat=changed["by_chat"],
            by_mail=changed["by_mail"],
            allow_urgent=changed["allow_urgent"],
            by_mention=changed["by_mention"],
            night=_night(changed),
            days=changed["quiet_days"],
            at=clock.now(),
        )
        return _shown(person, preferences_of(person.id))


def _whose(person_id: UUID) -> Person:
    if person_id != caller().id and (not is_allowed("administer") or caller().is_restricted):
        raise NotFound("person")
    return access_person(person_id)


def _night(changed: dict[str, Any]) -> tuple[int, int] | None:
    start, end = changed["quiet_from"], changed["quiet_until"]
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Invalid(fields={"quiet_from" if start is None else "quiet_until": ["required"]})
    try:
        return minute_of(start), minute_of(end)
    except ValueError as wrong:
        raise Invalid(fields={"quiet_from": ["invalid"]}) from wrong


def _shown(person: Person, preferences: NotificationPreferences) -> dict[str, Any]:
    night = preferences.quiet.night
    return {
        "person_id": person.id,
        "by_chat": preferences.by_chat,
        "by_mail": preferences.by_mail,
        "allow_urgent": preferences.allow_urgent,
        "by_mention": preferences.by_mention,
        "quiet_from": wall(night[0]) if night else None,
        "quiet_until": wall(night[1]) if night else None,
        "quiet_days": sorted(preferences.quiet.days),
    }

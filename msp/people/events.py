"""Events of people, their accounts and their API tokens."""

from uuid import UUID

from msp.kernel.event_types import Event


class PersonAdded(Event, kind="person.added", icon="user-plus"):
    """A contact or a member of staff was added."""

    name: str
    role: str


class PersonEdited(Event, kind="person.edited", icon="file-pen-line"):
    """Details of a person changed; `changed` has their names."""

    changed: tuple[str, ...]


class NotificationPreferencesChanged(Event, kind="person.notification_preferences_changed", icon="bell"):
    """A person changed how they are notified."""


class AccountMailRequested(Event, kind="account.mail_asked", icon="mail"):
    """A mail to an account was requested; `what` names it."""

    what: str


class SessionsEnded(Event, kind="account.sessions_ended", icon="log-out"):
    """Open sessions of a person were ended; the subject is the person."""

    count: int


class TokenAdded(Event, kind="token.added", icon="key-round"):
    """An API token was issued for a person."""

    person_id: UUID


class TokenRevoked(Event, kind="token.revoked", icon="key-round"):
    """An API token was revoked."""

    person_id: UUID

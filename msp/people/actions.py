"""Add people, their accounts and chat identities."""

from datetime import datetime
from uuid import UUID

from flask_security.utils import hash_password
from sqlalchemy import func, select

from msp.kernel import timezones
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id, new_token
from msp.people.events import PersonAdded
from msp.people.models import (
    CLIENT_ROLES,
    STAFF_ROLES,
    Account,
    ChatIdentity,
    Person,
)
from msp.people.names import tidy_name
from msp.people.queries import find_by_email, find_identity

LOCALES = ("es", "en")


def add_person(
    *,
    client_id: UUID | None,
    name: str,
    email: str | None,
    role: str,
    locale: str,
    timezone: str,
    at: datetime,
    title: str | None = None,
    tier: int | None = None,
    is_guest: bool = False,
) -> Person:
    """Add somebody; emits `person.added`. Refuses unknown roles, languages and zones, an address used twice,
    and a guest of nobody.
    """
    roles = STAFF_ROLES if client_id is None else CLIENT_ROLES
    fields = {
        "name": ["required"] if not tidy_name(name) else [],
        "role": ["unknown"] if role not in roles else [],
        "locale": ["unknown"] if locale not in LOCALES else [],
        "timezone": ["unknown"] if not timezones.is_known(timezone) else [],
        "tier": ["unknown"] if tier not in (None, 1, 2, 3) else [],
        "is_guest": ["not_of_staff"] if is_guest and client_id is None else [],
    }
    if any(fields.values()):
        raise Invalid(fields={name: codes for name, codes in fields.items() if codes})
    if email and find_by_email(email, client_id=client_id):
        raise Conflict("email_in_use")
    person = Person(
        id=new_id(),
        client_id=client_id,
        name=tidy_name(name),
        email=email.strip() if email else None,
        role=role,
        title=title,
        locale=locale,
        timezone=timezone,
        tier=tier,
        is_guest=is_guest,
        active=True,
        created_at=at,
    )
    db.session.add(person)
    emit(PersonAdded(name=person.name, role=role), person.id, client_id=client_id, at=at)
    return person


def add_account(person: Person, *, password: str | None, at: datetime) -> Account:
    """Add an account with the person's address (system scope); without a password they set one by mail."""
    if not person.email:
        raise Invalid(fields={"email": ["required"]})
    taken = select(Account.id).where(func.lower(Account.email) == person.email.lower())
    if db.session.execute(taken).one_or_none():
        raise Conflict("email_in_use")
    account = Account(
        id=new_id(),
        person_id=person.id,
        email=person.email,
        password=hash_password(password) if password else None,
        active=True,
        fs_uniquifier=new_token("fs"),
        created_at=at,
    )
    db.session.add(account)
    return account


def link_identity(
    person: Person,
    *,
    platform: str,
    workspace: str,
    external_id: str,
    reference: Json,
    at: datetime,
) -> ChatIdentity:
    """Store a chat identity; an existing one gets the newer reference."""
    identity = find_identity(platform, workspace, external_id)
    if identity is None:
        identity = ChatIdentity(
            id=new_id(),
            client_id=person.client_id,
            person_id=person.id,
            platform=platform,
            workspace=workspace,
            external_id=external_id,
            reference=reference,
            created_at=at,
        )
        db.session.add(identity)
    elif reference and identity.reference != reference:
        identity.reference = {**identity.reference, **reference}
    return identity


def move_identity(identity: ChatIdentity, person: Person) -> None:
    """Assign a chat identity to another person, possibly of another client or staff (system scope)."""
    identity.person_id, identity.client_id = person.id, person.client_id

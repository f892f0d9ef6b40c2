"""Change people and their accounts. Functions that touch accounts need the system scope."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from flask_security.utils import hash_password
from sqlalchemy import delete, func, select

from msp.kernel import timezones
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_token
from msp.people.actions import LOCALES, add_account
from msp.people.events import AccountMailRequested, PersonEdited
from msp.people.models import CLIENT_ROLES, STAFF_ROLES, Account, Person, StaffClient
from msp.people.names import tidy_name
from msp.people.queries import client_ids_of, find_by_email
from msp.people.sessions import end_sessions
from msp.people.tokens import revoke_tokens

EDITABLE = frozenset(
    (
        "name",
        "email",
        "role",
        "title",
        "phone",
        "locale",
        "timezone",
        "tier",
        "is_vip",
        "is_guest",
        "is_restricted",
        "active",
    )
)


def edit_person(person: Person, *, at: datetime, **changes: object) -> None:
    """Change a person and update their account (system scope); emits `person.edited`.

    Raises Invalid for unknown roles, languages and zones, Conflict for a used address. Deactivation ends sessions,
    tokens and links at once; a change of role or clients signs the person out.
    """
    _check(person, changes)
    if "name" in changes:
        changes["name"] = tidy_name(str(changes["name"]))
    changed = sorted(name for name, value in changes.items() if getattr(person, name) != value)
    for name in changed:
        setattr(person, name, changes[name])
    account = account_of(person.id)
    if account is not None:
        _follow(account, person, changed, at=at)
    if "active" in changed and not person.active:
        revoke_tokens(person.id, at=at)
    if changed:
        emit(PersonEdited(changed=tuple(changed)), person.id, client_id=person.client_id, at=at)


def work_only_for(person: Person, client_ids: Collection[UUID]) -> None:
    """Set the clients of a restricted member of staff (system scope)."""
    if set(client_ids) == set(client_ids_of(person.id)):
        return
    db.session.execute(delete(StaffClient).where(StaffClient.person_id == person.id))
    db.session.add_all(StaffClient(client_id=client_id, person_id=person.id) for client_id in set(client_ids))


def account_of(person_id: UUID) -> Account | None:
    """A person's account, or None (system scope)."""
    return db.session.scalars(select(Account).where(Account.person_id == person_id)).one_or_none()


def set_password(person: Person, password: str, *, at: datetime) -> Account:
    """Set a password and end all sessions (system scope)."""
    account = account_of(person.id)
    if account is None:
        return add_account(person, password=password, at=at)
    account.password = hash_password(password)
    account.active = person.active
    end_links(account)
    end_sessions(account.id, at=at)
    return account


def welcome(person: Person, *, at: datetime) -> Account:
    """Send a person the mail with a link to choose a password.

    System scope; emits `account.mail_asked`. Refuses people who are not active, have no address or have a password.
    """
    account = account_of(person.id)
    if not person.active:
        raise Conflict("person_not_active")
    if account is None:
        account = add_account(person, password=None, at=at)
    if account.password is not None:
        raise Conflict("has_password")
    account.active = True
    emit(AccountMailRequested(what="welcome"), account.id, client_id=person.client_id, at=at)
    return account


def end_links(account: Account) -> None:
    """Invalidate all password links: they contain this value, which changes."""
    account.fs_uniquifier = new_token("fs")


def _check(person: Person, changes: dict[str, object]) -> None:
    if unknown := changes.keys() - EDITABLE:
        raise Invalid(fields={name: ["unknown_field"] for name in unknown})
    roles = STAFF_ROLES if person.is_staff else CLIENT_ROLES
    wrong = {
        "name": ["required"] if not tidy_name(str(changes.get("name", "-"))) else [],
        "role": ["unknown"] if changes.get("role", person.role) not in roles else [],
        "locale": ["unknown"] if changes.get("locale", "es") not in LOCALES else [],
        "timezone": ["unknown"] if not timezones.is_known(changes.get("timezone", "UTC")) else [],
        "tier": ["unknown"] if changes.get("tier") not in (None, 1, 2, 3) else [],
        "is_guest": ["not_of_staff"] if changes.get("is_guest") and person.is_staff else [],
    }
    if any(wrong.values()):
        raise Invalid(fields={name: codes for name, codes in wrong.items() if codes})
    email = changes.get("email")
    if isinstance(email, str):
        same_address = find_by_email(email, client_id=person.client_id)
        if same_address is not None and same_address.id != person.id:
            raise Conflict("email_in_use")


def _follow(account: Account, person: Person, changed: list[str], *, at: datetime) -> None:
    if "email" in changed:
        if not person.email:
            raise Invalid(fields={"email": ["required"]})
        taken = select(Account.id).where(func.lower(Account.email) == person.email.lower(), Account.id != account.id)
        if db.session.execute(taken).one_or_none():
            raise Conflict("email_in_use")
        account.email = person.email
    if "active" in changed:
        account.active = person.active
        end_links(account)
    if {"active", "role", "is_restricted"} & set(changed):
        end_sessions(account.id, at=at)

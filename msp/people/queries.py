"""Queries for people. `access_…` raise NotFound outside of the scope."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, column, exists, func, or_, select, table

from msp.kernel.collation import by_name
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.events import StoredEvent
from msp.kernel.paging import page_by_id
from msp.people.events import PersonAdded, PersonEdited
from msp.people.models import Account, ChatIdentity, Person, StaffClient


def access_person(person_id: UUID) -> Person:
    """The person; raises NotFound."""
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound("person")
    return person


def staff(*, roles: Iterable[str] = (), tier: int | None = None) -> list[Person]:
    """Active members of staff by name; of some roles or one tier only."""
    query = select(Person).where(Person.client_id.is_(None), Person.active).order_by(by_name(Person.name))
    if roles := tuple(roles):
        query = query.where(Person.role.in_(roles))
    if tier is not None:
        query = query.where(Person.tier == tier)
    return list(db.session.scalars(query))


def people_of(client_id: UUID) -> list[Person]:
    """Active people of a client company by name."""
    query = select(Person).where(Person.client_id == client_id, Person.active).order_by(by_name(Person.name))
    return list(db.session.scalars(query))


def people_page(
    *,
    client_id: UUID | None = None,
    is_staff: bool | None = None,
    role: str | None = None,
    email: str | None = None,
    after: UUID | None,
    limit: int,
) -> list[Person]:
    """People, oldest first, in pages; filtered by client, staff, role or address."""
    query = select(Person)
    if client_id is not None:
        query = query.where(Person.client_id == client_id)
    if is_staff is not None:
        query = query.where(Person.client_id.is_(None) if is_staff else Person.client_id.is_not(None))
    if role is not None:
        query = query.where(Person.role == role)
    if email is not None:
        query = query.where(func.lower(Person.email) == email.strip().lower())
    return page_by_id(query, Person.id, after=after, limit=limit)


def find_by_email(email: str, *, client_id: UUID | None) -> Person | None:
    """The person with this address in a client (or among staff), ignoring case."""
    query = select(Person).where(func.lower(Person.email) == email.strip().lower())
    query = query.where(Person.client_id.is_(None) if client_id is None else Person.client_id == client_id)
    return db.session.scalars(query).one_or_none()


def find_identity(platform: str, workspace: str, external_id: str) -> ChatIdentity | None:
    """The chat identity of an account of a platform."""
    query = select(ChatIdentity).where(
        ChatIdentity.platform == platform,
        ChatIdentity.workspace == workspace,
        ChatIdentity.external_id == external_id,
    )
    return db.session.scalars(query).one_or_none()


def identities_of(person_id: UUID) -> list[ChatIdentity]:
    """A person's chat identities, oldest first."""
    query = select(ChatIdentity).where(ChatIdentity.person_id == person_id).order_by(ChatIdentity.created_at)
    return list(db.session.scalars(query))


def can_sign_in(person: Person) -> bool:
    """Whether a person is active and has an active account (system scope)."""
    query = select(Account.id).where(Account.person_id == person.id, Account.active)
    return person.active and db.session.execute(query).first() is not None


def account_by_email(email: str) -> Account | None:
    """The account with this address, ignoring case; also inactive ones (system scope)."""
    query = select(Account).where(func.lower(Account.email) == func.lower(email))
    return db.session.scalars(query).one_or_none()


def can_use_account(account: Account) -> bool:
    """Whether account, person and the person's client are active (system scope)."""
    return account.active and account.person.active and client_is_active(account.person)


def is_of_active_client() -> ColumnElement[bool]:
    """SQL condition: the statement's person is staff, or of an active client."""
    client = table("client", column("id"), column("active"))  # its model is in a package that depends on this one
    return or_(Person.client_id.is_(None), exists().where(client.c.id == Person.client_id, client.c.active))


def client_is_active(person: Person) -> bool:
    """Whether a person is staff, or of an active client."""
    query = select(Person.id).where(Person.id == person.id, is_of_active_client())
    return person.is_staff or db.session.execute(query).first() is not None


def client_ids_of(person_id: UUID) -> tuple[UUID, ...]:
    """The clients of a restricted member of staff."""
    return tuple(db.session.scalars(select(StaffClient.client_id).where(StaffClient.person_id == person_id)))


def works_for(person: Person, client_id: UUID) -> bool:
    """Whether a member of staff may see a client: all except those restricted to other clients."""
    return not person.is_restricted or client_id in client_ids_of(person.id)


def was_added_by_hand(person_id: UUID) -> bool:
    """Whether a person, and not the system, added this one (system scope)."""
    return _is_noted(
        StoredEvent.subject_id == person_id, StoredEvent.kind == PersonAdded.kind, StoredEvent.actor_id.is_not(None)
    )


def was_edited_by_hand(person_id: UUID, field: str) -> bool:
    """Whether a person, and not the system, has changed this field (system scope)."""
    return _is_noted(
        StoredEvent.subject_id == person_id,
        StoredEvent.kind == PersonEdited.kind,
        StoredEvent.actor_id.is_not(None),
        StoredEvent.data["changed"].contains([field]),
    )


def _is_noted(*conditions: ColumnElement[bool]) -> bool:
    return db.session.execute(select(exists().where(*conditions))).scalar_one()

"""Tokens of the REST API: made once, read by their hash, revoked. All of it in the system's scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

from msp.kernel import recent
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Denied, Invalid, NotFound
from msp.kernel.ids import token_hash
from msp.people.actions import add_person, add_token
from msp.people.models import ApiToken, Person
from msp.people.queries import client_ids_of, client_is_active

NOTED_EVERY = timedelta(minutes=1)
READ = "token"  # under this name requests keep for a second what they read (msp.kernel.recent)
FIRST_ROLES = {"admin": "administrator", "staff": "technician"}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever came with a token: the person it acts as, the token's role, and a restricted person's clients."""

    person: Person
    role: str
    client_ids: tuple[UUID, ...]


def read_token(token: str, *, at: datetime) -> Bearer | None:
    """Whose token this is; None for one that is unknown, revoked, or of somebody who left. Notes its use by minutes.

    Raises Denied (`client_not_active`) for a token of a client that is switched off.
    """
    query = select(ApiToken).where(ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None))
    found = db.session.scalars(query).one_or_none()
    if found is None or not found.person.active:
        return None
    if not client_is_active(found.person):
        raise Denied("client_not_active")
    if found.last_used_at is None or found.last_used_at <= at - NOTED_EVERY:
        _note_use(found.id, at=at)
    person = found.person
    return Bearer(person, found.role, client_ids_of(person.id) if person.is_restricted else ())


def create_token(email: str, role: str, name: str, *, at: datetime) -> str:
    """Make a token for the person with this address and return it: it is shown this once.

    Where nobody has the address, an admin or staff token makes the member of staff (administrator, technician), so that
    an empty installation can be set up through the API; a client token needs a person, who tells its company. Refuses
    roles beyond the person's own, and an address that people of several companies have.
    """
    if not name.strip():
        raise Invalid(fields={"name": ["required"]})
    person = _holder(email, role) or _first_of_staff(email, role, at=at)
    db.session.flush()
    return add_token(person, role=role, name=name.strip(), at=at)


def revoke_token(token_id: UUID, *, at: datetime) -> None:
    """Let a token open nothing from now on; raises NotFound."""
    token = db.session.get(ApiToken, token_id)
    if token is None:
        raise NotFound("token")
    token.revoked_at = token.revoked_at or at
    recent.forget(READ)


def revoke_tokens(person_id: UUID, *, at: datetime) -> None:
    """Let no token of a person open anything from now on."""
    which = (ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    statement = update(ApiToken).where(*which).values(revoked_at=at)
    db.session.execute(statement, execution_options={"synchronize_session": False})
    recent.forget(READ)


def all_tokens() -> list[ApiToken]:
    """Every token that works, newest first, with its person; never the token itself."""
    query = select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.id.desc())
    return list(db.session.scalars(query))


def _note_use(token_id: UUID, *, at: datetime) -> None:
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= at - NOTED_EVERY)
    statement = update(ApiToken).where(ApiToken.id == token_id, stale).values(last_used_at=at)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _holder(email: str, role: str) -> Person | None:
    query = select(Person).where(func.lower(Person.email) == email.strip().lower(), Person.active)
    wants_client = role == "client"
    people = [each for each in db.session.scalars(query) if each.is_staff is not wants_client]
    if len(people) > 1:
        raise Conflict("email_of_several")
    return people[0] if people else None


def _first_of_staff(email: str, role: str, *, at: datetime) -> Person:
    if role not in FIRST_ROLES:
        raise NotFound("person") if role == "client" else Invalid(fields={"role": ["unknown"]})
    local, at_sign, domain = email.strip().partition("@")
    if not (local and at_sign and domain):
        raise Invalid(fields={"email": ["invalid"]})
    return add_person(
        client_id=None,
        name=local.replace(".", " ").title(),
        email=email,
        role=FIRST_ROLES[role],
        locale="es",
        timezone="Europe/Madrid",
        at=at,
    )

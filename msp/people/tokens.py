"""API tokens: create, read by hash, revoke. System scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

from msp.kernel.db import db
from msp.kernel.errors import Conflict, Denied, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id, new_token, token_hash
from msp.kernel.paging import page_by_id
from msp.kernel.shared_clear import clear_everywhere
from msp.people.actions import add_person
from msp.people.events import TokenAdded, TokenRevoked
from msp.people.models import ApiToken, Person
from msp.people.queries import client_ids_of, client_is_active

NOTED_EVERY = timedelta(minutes=1)
READ = "token"  # cache name for the tokens that requests read (msp.kernel.ttl_cache)
LONGEST_NAME = 100
TOKEN_ROLES = {
    "admin": {"administrator"},
    "staff": {"administrator", "team_lead", "technician", "account_manager"},
    "client": {"client_manager", "client_employee"},
}
FIRST_ROLES = {"admin": "administrator", "staff": "technician"}


@dataclass(frozen=True, slots=True)
class Bearer:
    """The holder of a token: the person it acts as, the token's role, and a restricted person's clients."""

    person: Person
    role: str
    client_ids: tuple[UUID, ...]


def read_token(token: str, *, at: datetime) -> Bearer | None:
    """Whose token this is; None for one that is unknown, revoked, expired, or of
    somebody who left. Notes its use by minutes.

    Raises Denied (`client_not_active`) for a token of a client that is switched off.
    """
    query = select(ApiToken).where(ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None))
    found = db.session.scalars(query).one_or_none()
    if found is None or not found.person.active or (found.expires_at is not None and found.expires_at <= at):
        return None
    if not client_is_active(found.person):
        raise Denied("client_not_active")
    if found.last_used_at is None or found.last_used_at <= at - NOTED_EVERY:
        _note_use(found.id, at=at)
    person = found.person
    return Bearer(person, found.role, client_ids_of(person.id) if person.is_restricted else ())


def add_token(person: Person, *, role: str, name: str, at: datetime, expires_at: datetime | None = None) -> str:
    """As `issue_token`; returns only the secret."""
    return issue_token(person, role=role, name=name, at=at, expires_at=expires_at)[1]


def issue_token(
    person: Person, *, role: str, name: str, at: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Create an API token that acts as the person (system scope); returns it with its secret, which is shown once.

    `role` is its scope: what it may do at most. Raises Invalid for scopes beyond the person's role, names that are
    empty or over LONGEST_NAME characters, and an expiry that is not in the future. Emits `token.added`.
    """
    faults = {
        "role": [] if person.role in TOKEN_ROLES.get(role, set()) else ["beyond_person"],
        "name": ["required"] if not name.strip() else ["too_long"] if len(name.strip()) > LONGEST_NAME else [],
        "expires_at": ["in_past"] if expires_at is not None and expires_at <= at else [],
    }
    if any(faults.values()):
        code = "token_role_beyond_person" if faults["role"] else "invalid"
        raise Invalid(code, fields={field: codes for field, codes in faults.items() if codes})
    secret = new_token("msp")
    values = {"name": name.strip(), "role": role, "person_id": person.id, "created_at": at, "expires_at": expires_at}
    token = ApiToken(id=new_id(), token_hash=token_hash(secret), **values)
    db.session.add(token)
    emit(TokenAdded(person_id=person.id), token.id, client_id=person.client_id, at=at)
    return token, secret


def create_token(email: str, role: str, name: str, *, at: datetime, expires_at: datetime | None = None) -> str:
    """Create a token for the person with this address and return it: it is shown once.

    If nobody has the address, an admin or staff token creates the member of staff (administrator, technician), so that
    an empty installation can be set up through the API; a client token needs a person, who determines its client.
    Refuses roles beyond the person's own, and an address that people of several clients have.
    """
    if not name.strip():
        raise Invalid(fields={"name": ["required"]})
    person = token_holder(email, role) or _first_of_staff(email, role, at=at)
    db.session.flush()
    return add_token(person, role=role, name=name, at=at, expires_at=expires_at)


def token_holder(email: str, role: str) -> Person | None:
    """The active person with this address for whom a token of this scope can be created.

    Raises Conflict (`email_of_several`) if people of several clients have it.
    """
    query = select(Person).where(func.lower(Person.email) == email.strip().lower(), Person.active)
    wants_client = role == "client"
    people = [each for each in db.session.scalars(query) if each.is_staff is not wants_client]
    if len(people) > 1:
        raise Conflict("email_of_several")
    return people[0] if people else None


def access_token(token_id: UUID, *, person_id: UUID | None = None) -> ApiToken:
    """The token; raises NotFound, also for another person's if one is given."""
    token = db.session.get(ApiToken, token_id)
    if token is None or person_id not in (None, token.person_id):
        raise NotFound("token")
    return token


def revoke_token(token_id: UUID, *, at: datetime, person_id: UUID | None = None) -> None:
    """Revoke a token; emits `token.revoked`. Raises NotFound as `access_token` does."""
    token = access_token(token_id, person_id=person_id)
    if token.revoked_at is None:
        token.revoked_at = at
        emit(TokenRevoked(person_id=token.person_id), token.id, client_id=token.person.client_id, at=at)
    clear_everywhere(READ)


def revoke_tokens(person_id: UUID, *, at: datetime) -> None:
    """Revoke all tokens of a person."""
    which = (ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    statement = update(ApiToken).where(*which).values(revoked_at=at)
    db.session.execute(statement, execution_options={"synchronize_session": False})
    clear_everywhere(READ)


def all_tokens() -> list[ApiToken]:
    """Every token that is not revoked, newest first, with its person; without secrets."""
    query = select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.id.desc())
    return list(db.session.scalars(query))


def tokens_page(*, person_id: UUID | None = None, after: UUID | None = None, limit: int) -> list[ApiToken]:
    """Tokens with their persons, revoked ones too, newest first, in pages; optionally of one person."""
    query = select(ApiToken) if person_id is None else select(ApiToken).where(ApiToken.person_id == person_id)
    return page_by_id(query, ApiToken.id, after=after, limit=limit, newest_first=True)


def _note_use(token_id: UUID, *, at: datetime) -> None:
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= at - NOTED_EVERY)
    statement = update(ApiToken).where(ApiToken.id == token_id, stale).values(last_used_at=at)
    db.session.execute(statement, execution_options={"synchronize_session": False})


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

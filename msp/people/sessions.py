"""Sessions of signed-in people: start, read, list, end. System scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import contains_eager

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id, new_token, token_hash
from msp.kernel.settings import Setting
from msp.kernel.shared_clear import clear_everywhere
from msp.people.events import SessionsEnded
from msp.people.models import Account, AccountSession, Person, StaffClient
from msp.people.queries import is_of_active_client
from msp.people.session_limits import SETTING, SessionLimits, limits_of, read_session_limits

NOTED_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)  # ended sessions are deleted at a later sign-in of their person
LONGEST_USER_AGENT = 300
READ = "session"  # cache name for the accounts that requests read (msp.kernel.ttl_cache)

_CLIENT_IDS = select(func.array_agg(StaffClient.client_id)).where(StaffClient.person_id == Person.id).scalar_subquery()
_LIMITS = select(Setting.value).where(Setting.name == SETTING).scalar_subquery()
_READING = (
    select(AccountSession, Account, _CLIENT_IDS.label("client_ids"), _LIMITS.label("limits"))
    .join(Account, Account.id == AccountSession.account_id)
    .join(Account.person)
    .options(contains_eager(Account.person))
    .where(AccountSession.ended_at.is_(None), Account.active, Person.active, is_of_active_client())
)


@dataclass(frozen=True, slots=True)
class Browser:
    """Browser and origin of a request."""

    user_agent: str
    ip: str


def begin_session(account: Account, browser: Browser, *, is_kept: bool, at: datetime) -> str:
    """Start a session, make it the account's `session_id` and return the token for its cookie.

    Deletes old ended sessions of the account.
    """
    old = AccountSession.last_used_at < at - KEPT
    db.session.execute(delete(AccountSession).where(AccountSession.account_id == account.id, old))
    token = new_token("session")
    account.session_id = new_id()  # type: ignore[misc]
    db.session.add(
        AccountSession(
            id=account.session_id,
            account_id=account.id,
            token_hash=token_hash(token),
            user_agent=browser.user_agent[:LONGEST_USER_AGENT],
            ip=browser.ip,
            is_kept=is_kept,
            created_at=at,
            last_used_at=at,
        )
    )
    db.session.flush()
    return token


def read_session(token: str, browser: Browser, *, at: datetime, is_use: bool = True) -> Account | None:
    """The account of a session token, with its person, `client_ids` and `session_id`, in one statement.

    None for a session that is unknown, ended or past its limits, and for people or clients that are not active. Updates
    the last use once a minute, except for background requests (`is_use`).
    """
    row = db.session.execute(_READING.where(AccountSession.token_hash == token_hash(token))).one_or_none()
    if row is None:
        return None
    found, account, client_ids, limits = row
    if not _is_within(found, limits_of(limits), at=at):
        _end(AccountSession.id == found.id, at=at)
        return None
    if is_use and found.last_used_at <= at - NOTED_EVERY:
        _note_use(found.id, browser, at=at)
    account.session_id = found.id
    account.client_ids = tuple(client_ids or ()) if account.person.is_restricted else ()
    return account


def open_sessions(person_id: UUID, *, at: datetime) -> list[AccountSession]:
    """A person's open sessions, last used first."""
    query = (
        select(AccountSession)
        .join(Account, Account.id == AccountSession.account_id)
        .where(Account.person_id == person_id, AccountSession.ended_at.is_(None))
        .order_by(AccountSession.last_used_at.desc(), AccountSession.id.desc())
    )
    limits = read_session_limits()
    return [each for each in db.session.scalars(query) if _is_within(each, limits, at=at)]


def end_session(session_id: UUID, *, person_id: UUID, at: datetime) -> None:
    """End a session of a person; emits `account.sessions_ended`. Raises NotFound for another person's."""
    found = next((each for each in open_sessions(person_id, at=at) if each.id == session_id), None)
    if found is None:
        raise NotFound("session")
    end_sessions(found.account_id, at=at, only=session_id)


def end_sessions(account_id: UUID, *, at: datetime, only: UUID | None = None, besides: UUID | None = None) -> int:
    """End all sessions of an account, `only` one of them, or all `besides` one; returns how many were open.

    Emits `account.sessions_ended` if there were any.
    """
    which = [AccountSession.account_id == account_id]
    which += [AccountSession.id == only] if only else []
    which += [AccountSession.id != besides] if besides else []
    ended = _end(*which, at=at)
    if ended:
        account = db.session.get_one(Account, account_id)
        client_id = account.person.client_id
        emit(SessionsEnded(count=len(ended)), account.person_id, client_id=client_id, at=at)
    return len(ended)


def sign_out(session_id: UUID, *, at: datetime) -> None:
    """End the current session."""
    _end(AccountSession.id == session_id, at=at)


def end_client_sessions(client_id: UUID, *, at: datetime) -> None:
    """End the sessions of a client's people that began until `at`."""
    of_client = select(Account.id).join(Account.person).where(Person.client_id == client_id)
    _end(AccountSession.account_id.in_(of_client), AccountSession.created_at <= at, at=at)


def _is_within(found: AccountSession, limits: SessionLimits, *, at: datetime) -> bool:
    return at - found.last_used_at <= limits.idle and at - found.created_at <= limits.absolute


def _end(*which: ColumnElement[bool], at: datetime) -> Sequence[UUID]:
    statement = update(AccountSession).where(AccountSession.ended_at.is_(None), *which).values(ended_at=at)
    ended = db.session.scalars(
        statement.returning(AccountSession.id), execution_options={"synchronize_session": False}
    ).all()
    if ended:
        clear_everywhere(READ)
    return ended


def _note_use(session_id: UUID, browser: Browser, *, at: datetime) -> None:
    stale = AccountSession.last_used_at <= at - NOTED_EVERY
    values = {"last_used_at": at, "ip": browser.ip, "user_agent": browser.user_agent[:LONGEST_USER_AGENT]}
    statement = update(AccountSession).where(AccountSession.id == session_id, stale).values(values)
    db.session.execute(statement, execution_options={"synchronize_session": False})

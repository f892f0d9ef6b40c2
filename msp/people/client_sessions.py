"""Sessions of client people for a process whose database login has the client role only.

It cannot read accounts: two database functions (migration 0029) map a token to its session.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm.attributes import set_committed_value

from msp.kernel.db import Scope, work
from msp.kernel.ids import token_hash
from msp.people.models import Account, Person
from msp.people.session_limits import limits_of
from msp.people.sessions import LONGEST_USER_AGENT, NOTED_EVERY, Browser

_READ = text("select * from client_session(:hash)")
_USE = text("select use_client_session(:hash, :at, :agent, :ip)")


def read_client_session(token: str, browser: Browser, *, at: datetime, is_use: bool = True) -> Account | None:
    """As `msp.people.sessions.read_session`, for client people only; enters scopes of its own.

    The returned account is not the stored one: it has its id, its person and the session, and no password.
    """
    hashed = token_hash(token)
    with work(Scope("msp_client")) as session:
        row = session.execute(_READ, {"hash": hashed}).one_or_none()
        if row is None:
            return None
        limits = limits_of(row.limits)
        if at - row.last_used_at > limits.idle or at - row.created_at > limits.absolute:
            return None
        if is_use and row.last_used_at <= at - NOTED_EVERY:
            agent = browser.user_agent[:LONGEST_USER_AGENT]
            session.execute(_USE, {"hash": hashed, "at": at, "agent": agent, "ip": browser.ip})
    with work(Scope.client(row.client_id)) as session:
        person = session.get_one(Person, row.person_id)
    account = Account(id=row.account_id, person_id=person.id, active=True, fs_uniquifier="")
    set_committed_value(account, "person", person)
    account.session_id = row.session_id  # type: ignore[misc]
    return account

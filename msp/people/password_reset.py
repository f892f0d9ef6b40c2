"""Password reset links: requested by anybody for any address, handled by a worker.

The response and its steps are the same whether the address has an account or not.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, select

from msp.kernel import clock, inbox
from msp.kernel.db import Scope, db, work
from msp.kernel.events import StoredEvent, emit
from msp.kernel.ids import new_id
from msp.people.events import AccountMailRequested
from msp.people.models import Account
from msp.people.queries import account_by_email, can_use_account

SOURCE = "password_reset"
MOST_MAILS = 5  # per account and hour, so that our sign-in page cannot flood a mailbox


def register() -> None:
    """Register the handler of `ask_for_reset`."""
    inbox.register_source(SOURCE, _take)


def ask_for_reset(email: str) -> None:
    """Store a request for a link to this address; a worker checks whether it has an account."""
    key = hashlib.sha256(email.casefold().encode()).hexdigest()
    inbox.store(SOURCE, new_id().hex, {"email": email}, key=key)


def ask_for_mail(account: Account, what: str, *, at: datetime) -> None:
    """Request a mail to an account; emits `account.mail_asked`, at most MOST_MAILS per hour and account."""
    asked = select(func.count()).where(
        StoredEvent.subject_id == account.id, StoredEvent.kind == AccountMailRequested.kind
    )
    if db.session.execute(asked.where(StoredEvent.at > at - timedelta(hours=1))).scalar_one() < MOST_MAILS:
        emit(AccountMailRequested(what=what), account.id, client_id=account.person.client_id, at=at)


def _take(received: inbox.Received) -> None:
    with work(Scope.system()):
        account = account_by_email(str(received.payload["email"]))
        if account is not None and can_use_account(account):
            ask_for_mail(account, "reset_instructions", at=clock.now())
